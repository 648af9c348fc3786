"""Who calls: HTTP Basic with a generated secret, checked against its digest.

A right credential is kept in this process for settings.API_CREDENTIAL_CACHE_SECONDS, so that a queue at a till does
not pay for a look-up on every call. A wrong one costs the same work whether its log-in exists or not: one look-up, one
digest, one comparison. Wrong credentials are counted per surface, log-in and address together: a right secret always
passes, and nobody can lock a till out from another address.
"""

import base64
import binascii
import time
from dataclasses import dataclass
from typing import ClassVar, NoReturn

import structlog
from django.conf import settings
from django.core.cache import cache
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from loyalty.core import actors
from loyalty.core.actors import Actor
from loyalty.core.addresses import address_of
from loyalty.models import ApiClient, Surface
from loyalty.services import api_clients

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated API client: what views see as `request.user`."""

    client_id: int
    login: str
    role: str
    actor: Actor
    is_authenticated: ClassVar[bool] = True


# By surface, log-in and digest of the secret: only what was right is kept, so an answer's time tells no log-in.
_known: dict[tuple[str, str, str], tuple[float, ApiClient]] = {}

_NOBODY = ApiClient(secret_digest=api_clients.digest(""))


def forget_credentials() -> None:
    """Drop what this process remembers of credentials."""
    _known.clear()


class ClientAuthentication(BaseAuthentication):
    """HTTP Basic for one surface; subclasses name it."""

    surface: ClassVar[Surface]

    def authenticate(self, request: Request) -> tuple[Caller, ApiClient]:
        """Return the caller. Raises AuthenticationFailed, or Throttled after too many wrong credentials."""
        login, secret = read_basic(request.META.get("HTTP_AUTHORIZATION", ""))
        client = _find(self.surface, login, secret)
        if client is None:
            _refuse(self.surface, login, address_of(request))
        actor = actors.client(client.login, client.role, self.surface.value, address_of(request))
        return Caller(client.pk, client.login, client.role, actor), client

    def authenticate_header(self, request: Request) -> str:
        """Return what WWW-Authenticate says."""
        return 'Basic realm="loyalty", charset="UTF-8"'


def read_basic(header: str) -> tuple[str, str]:
    """Return log-in and secret of an Authorization header (RFC 7617); raises AuthenticationFailed."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        raise AuthenticationFailed("Send HTTP Basic credentials.")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise AuthenticationFailed("The Authorization header cannot be read.") from None
    login, _, secret = text.partition(":")
    return login, secret


def _find(surface: Surface, login: str, secret: str) -> ApiClient | None:
    """Return the active client with this log-in and secret, None when there is none."""
    key = (surface, login, api_clients.digest(secret))
    kept = _known.get(key)
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    # No log-in holds a NUL, and the database takes none.
    found = ApiClient.objects.filter(surface=surface, login=login).first() if "\x00" not in login else None
    right = api_clients.matches(found or _NOBODY, secret)
    if found is None or not right or not found.active:
        return None
    if settings.API_CREDENTIAL_CACHE_SECONDS:
        _known[key] = (time.monotonic() + settings.API_CREDENTIAL_CACHE_SECONDS, found)
    return found


def _refuse(surface: Surface, login: str, address: str) -> NoReturn:
    key = f"api-failures:{surface}:{login[:40].encode().hex()}:{address}"
    try:
        cache.add(key, 0, settings.API_LOCKOUT_SECONDS)
        failures = cache.incr(key)
    except Exception as error:
        # Without the cache nothing can be counted; the credential is still refused.
        log.warning("failures_not_counted", error=type(error).__name__)
        failures = 0
    if failures > settings.API_FAILURE_LIMIT:
        raise Throttled(wait=settings.API_LOCKOUT_SECONDS)
    raise AuthenticationFailed("Wrong login or secret.")
