"""The base of every API view: authenticate, read strictly, call one use case, present."""

import time
from typing import Any, ClassVar

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from loyalty.api import interaction_log
from loyalty.api.json_body import JsonRenderer
from loyalty.core.errors import Busy, LoyaltyError

log = structlog.get_logger(__name__)


class OneRepresentation(BaseContentNegotiation):
    """Answer JSON whatever the Accept header asks for: an error page helps no till."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class RoleAllowed(BasePermission):
    """Let in the roles that the view names; `roles = None` lets in every client of the surface."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller: Any = request.user
        return view.roles is None or caller.role in view.roles


class SurfaceView(APIView):
    """A view of one surface. Subclasses set the surface's authentication and turn errors into its words.

    A view that does not set `roles` is closed to everyone.
    """

    permission_classes = [RoleAllowed]
    renderer_classes = [JsonRenderer]
    content_negotiation_class = OneRepresentation
    roles: ClassVar[frozenset[str] | None] = frozenset()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer the call; the interaction log takes note beside it."""
        started = time.perf_counter()
        try:
            response = super().dispatch(request, *args, **kwargs)
        except Exception as fault:
            interaction_log.note_fault(self, request, started, fault)
            raise
        interaction_log.note(self, request, response, started)
        return response

    def present_error(self, error: LoyaltyError) -> Response:
        """Return the surface's answer to a refusal by a rule."""
        raise NotImplementedError

    def present_failure(self, status: int, code: str, text: str, headers: dict[str, str]) -> Response:
        """Return the surface's answer to a call that never reached a rule: 400, 401, 403, 404, 405, 413, 429, 503."""
        raise NotImplementedError

    def handle_exception(self, exc: Exception) -> Response:
        """Turn what was raised into the surface's words; what nobody foresaw is re-raised and logged."""
        if isinstance(exc, Busy):
            return self.present_failure(503, "Busy", exc.text, {"Retry-After": "1"})
        if isinstance(exc, LoyaltyError):
            return self.present_error(exc)
        if isinstance(exc, RequestDataTooBig):
            return self.present_failure(413, "TooLarge", "The body is too large.", {})
        if isinstance(exc, Http404):
            return self.present_failure(404, "NotFound", "There is nothing at this address.", {})
        if isinstance(exc, InterfaceError | DatabaseError) and _connection_lost(exc):
            log.error("database_lost", error=type(exc).__name__)
            return self.present_failure(
                503,
                "Busy",
                "The database cannot be reached; please repeat in a few seconds.",
                {"Retry-After": "5"},
            )
        if isinstance(exc, exceptions.APIException):
            return self._present_http(exc)
        return super().handle_exception(exc)

    def _present_http(self, exc: exceptions.APIException) -> Response:
        headers: dict[str, str] = {}
        if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            headers["WWW-Authenticate"] = str(self.get_authenticate_header(self.request))
            return self.present_failure(401, "Unauthorized", str(exc.detail), headers)
        if isinstance(exc, exceptions.Throttled):
            headers["Retry-After"] = str(int(getattr(exc, "wait", None) or 1))
            return self.present_failure(
                429, "TooManyRequests", "Too many wrong credentials; wait before the next try.", headers
            )
        if isinstance(exc, exceptions.MethodNotAllowed):
            headers["Allow"] = ", ".join(self.allowed_methods)
            return self.present_failure(405, "MethodNotAllowed", "This address takes another method.", headers)
        if isinstance(exc, exceptions.PermissionDenied):
            return self.present_failure(403, "Forbidden", "This credential's role may not call this.", headers)
        return self.present_failure(exc.status_code, "InvalidRequest", "The request cannot be read.", headers)


def _connection_lost(exc: Exception) -> bool:
    from django.db import OperationalError

    return isinstance(exc, InterfaceError | OperationalError)
