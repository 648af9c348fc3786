"""Two-phase payment with bonuses (specs/cash_desk.md, Settled points)."""

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.cash_desk import errors, return_answers, return_input, return_schema
from loyalty.api.cash_desk.base import SELLERS, CashDeskView
from loyalty.api.cash_desk.parameters import Parameters
from loyalty.services import holding


class HoldBonuses(CashDeskView):
    """Bonuses set aside for a purchase that is being rung up."""

    roles = SELLERS
    keys = errors.PURCHASE_KEYS

    @return_schema.hold_bonuses
    def post(self, request: Request) -> Response:
        """Set bonuses aside: they count against the balance at once, and are free again at ExpiresAt."""
        call = return_input.read_hold(Parameters.of_body(request))
        return self.answer(return_answers.held(holding.hold(self.actor, call)))


class CaptureHold(CashDeskView):
    """Held bonuses that pay."""

    roles = SELLERS
    keys = errors.PURCHASE_KEYS

    @return_schema.capture_hold
    def post(self, request: Request) -> Response:
        """Spend a hold, whole or in part; the rest is free again."""
        hold_id, amount = return_input.read_capture(Parameters.of_body(request))
        return self.answer(return_answers.captured(holding.capture(self.actor, hold_id, amount)))


class VoidHold(CashDeskView):
    """Held bonuses that do not pay."""

    roles = SELLERS
    keys = errors.PURCHASE_KEYS

    @return_schema.void_hold
    def post(self, request: Request) -> Response:
        """Give a hold back."""
        hold_id = return_input.read_void(Parameters.of_body(request))
        return self.answer(return_answers.voided(holding.void(self.actor, hold_id)))
