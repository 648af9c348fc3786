"""The base of the cash desk's views: its credential, its envelope, its headers (specs/cash_desk.md)."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.cash_desk import errors
from loyalty.api.cash_desk.authentication import CashDeskAuthentication
from loyalty.api.json_body import MalformedJson
from loyalty.api.views import SurfaceView
from loyalty.core.actors import Actor
from loyalty.core.errors import LoyaltyError
from loyalty.models import CashDeskRole

ALL_BUT_CLIENT = frozenset(CashDeskRole.values) - {CashDeskRole.CLIENT.value}
"""Roles that issue, bind and activate (Settled points)."""

SELLERS = frozenset(
    role.value
    for role in (
        CashDeskRole.TILL,
        CashDeskRole.SENIOR_EMPLOYEE,
        CashDeskRole.DIRECTOR,
        CashDeskRole.ADMINISTRATOR,
    )
)
"""Roles that record purchases (Settled points)."""


class CashDeskView(SurfaceView):
    """A view of the cash desk: every answer is `Status`, `Key`, `Value`, then the call's own fields."""

    authentication_classes = [CashDeskAuthentication]
    # HEAD would run a GET that changes a card; OPTIONS has nothing to say.
    http_method_names = ["get", "post"]
    keys: errors.Keys = errors.KEYS

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Return the headers of every answer: some GETs change a card, so no answer may be kept on the way."""
        return {"Cache-Control": "no-store"}

    @property
    def actor(self) -> Actor:
        """Return who acts."""
        caller: Any = self.request.user
        return caller.actor

    def answer(self, fields: Mapping[str, Any] | None = None) -> Response:
        """Return a success."""
        return Response({"Status": True, "Key": "OK", "Value": "", **(fields or {})})

    def present_error(self, error: LoyaltyError) -> Response:
        """Return a refusal by a rule: HTTP 200, except for a request that cannot be read."""
        if isinstance(error, MalformedJson):
            return self.present_failure(400, "InvalidRequest", error.text, {})
        key, value = errors.key_and_value(error, self.keys)
        return Response({"Status": False, "Key": key, "Value": value})

    def present_failure(self, status: int, code: str, text: str, headers: dict[str, str]) -> Response:
        """Return the answer to a call that never reached a rule."""
        return Response({"Status": False, "Key": code, "Value": text}, status=status, headers=headers)


class UnknownAddress(CashDeskView):
    """Whatever else stands under /api/card and /api/purchase: 404 in the envelope, for whoever may call at all."""

    roles = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse before the method is looked at: a missing address has no methods."""
        super().initial(request, *args, **kwargs)
        raise Http404
