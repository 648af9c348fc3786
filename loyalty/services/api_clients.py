"""API credentials: made here, shown once, checked here."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.models import ApiClient, Surface
from loyalty.services import journal
from loyalty.services.unit_of_work import unit_of_work

PREFIX_LENGTH = 4
LONGEST_FULL_LOG_HOURS = 720


def create(actor: Actor, *, surface: str, login: str, role: str = "") -> tuple[ApiClient, str]:
    """Make a credential; return it with its secret, which is nowhere stored and cannot be shown again.

    A cash-desk credential needs a role, the others take none. Raises InvalidParameter.
    """
    secret = secrets.token_urlsafe(32)
    client = ApiClient(
        surface=surface,
        login=login,
        role=role,
        secret_prefix=secret[:PREFIX_LENGTH],
        secret_digest=digest(secret),
        created_at=clock.now(),
    )
    _refuse_wrong_role(client)
    with unit_of_work():
        _require_valid(client)
        client.save(force_insert=True)
        journal.record(actor, "api_client.create", str(client), role_given=role)
    return client, secret


def renew_secret(actor: Actor, client_id: int) -> tuple[ApiClient, str]:
    """Replace the secret of a credential; the old one stops working. Return it with the new secret."""
    secret = secrets.token_urlsafe(32)
    with unit_of_work():
        client = ApiClient.objects.select_for_update().get(pk=client_id)
        client.secret_prefix, client.secret_digest = secret[:PREFIX_LENGTH], digest(secret)
        client.save(update_fields=["secret_prefix", "secret_digest"])
        journal.record(actor, "api_client.renew_secret", str(client))
    return client, secret


def switch(actor: Actor, client_id: int, *, active: bool) -> ApiClient:
    """Switch a credential on or off."""
    with unit_of_work():
        client = ApiClient.objects.select_for_update().get(pk=client_id)
        client.active = active
        client.save(update_fields=["active"])
        journal.record(actor, "api_client.switch", str(client), active=active)
    return client


def log_in_full(actor: Actor, client_id: int, *, hours: int) -> ApiClient:
    """Keep whole requests and answers of a client, masked, for some hours; 0 stops it. Raises InvalidParameter."""
    if not 0 <= hours <= LONGEST_FULL_LOG_HOURS:
        raise InvalidParameter(f"Write 0 to {LONGEST_FULL_LOG_HOURS} hours.", name="hours")
    with unit_of_work():
        client = ApiClient.objects.select_for_update().get(pk=client_id)
        client.log_in_full = hours > 0
        client.log_full_until = clock.now() + timedelta(hours=hours) if hours else None
        client.save(update_fields=["log_in_full", "log_full_until"])
        journal.record(actor, "api_client.log_in_full", str(client), hours=hours)
    return client


def digest(secret: str) -> str:
    """Return the digest kept of a secret. The secret has 256 random bits, so a plain hash cannot be reversed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(client: ApiClient, secret: str) -> bool:
    """Compare a secret with the kept digest in constant time."""
    return hmac.compare_digest(client.secret_digest, digest(secret))


def _refuse_wrong_role(client: ApiClient) -> None:
    if client.surface == Surface.CASH_DESK and not client.role:
        raise InvalidParameter("A cash_desk credential needs a role.", name="role")
    if client.surface != Surface.CASH_DESK and client.role:
        raise InvalidParameter(f"A {client.surface} credential takes no role.", name="role")


def _require_valid(client: ApiClient) -> None:
    from django.core.exceptions import ValidationError

    try:
        client.full_clean(exclude=["secret_prefix", "secret_digest", "created_at"])
    except ValidationError as error:
        name, texts = next(iter(error.message_dict.items()))
        raise InvalidParameter(texts[0], name=name) from error
