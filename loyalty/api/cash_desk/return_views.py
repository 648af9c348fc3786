"""Goods that come back (specs/cash_desk.md, Purchases)."""

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.cash_desk import errors, return_answers, return_input, return_schema
from loyalty.api.cash_desk.base import SELLERS, CashDeskView
from loyalty.api.cash_desk.parameters import Parameters
from loyalty.services import refunds


class CancelPurchase(CashDeskView):
    """A sale that did not happen."""

    roles = SELLERS
    keys = errors.PURCHASE_KEYS

    @return_schema.cancel_purchase
    def post(self, request: Request) -> Response:
        """Take everything back that has not come back yet. A repeat answers the first answer again."""
        purchase_id = return_input.read_cancel(Parameters.of_body(request))
        return self.answer(return_answers.returned(refunds.cancel(self.actor, purchase_id)))


class RefundPurchase(CashDeskView):
    """A part of a purchase that comes back."""

    roles = SELLERS
    keys = errors.PURCHASE_KEYS

    @return_schema.refund_purchase
    def post(self, request: Request) -> Response:
        """Take goods back by line or by amount. A repeat answers the first answer again."""
        refund = return_input.read_refund(Parameters.of_body(request))
        return self.answer(return_answers.returned(refunds.refund(self.actor, refund)))
