"""Purchases at the till (specs/cash_desk.md, Purchases)."""

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.cash_desk import errors, purchase_answers, purchase_schema
from loyalty.api.cash_desk.base import SELLERS, CashDeskView
from loyalty.api.cash_desk.parameters import Parameters
from loyalty.api.cash_desk.purchase_input import read_quote, read_sale
from loyalty.selectors import purchases
from loyalty.services import purchases as use_cases


class QuotePurchase(CashDeskView):
    """What a receipt would do."""

    roles = SELLERS
    keys = errors.PURCHASE_KEYS

    @purchase_schema.quote_purchase
    def post(self, request: Request) -> Response:
        """Return what `add` would accrue for the same basket now, and what may pay it; nothing is written."""
        sale = read_quote(Parameters.of_body(request))
        return self.answer(purchase_answers.quoted(use_cases.quote_purchase(sale)))


class AddPurchase(CashDeskView):
    """A receipt."""

    roles = SELLERS
    keys = errors.PURCHASE_KEYS

    @purchase_schema.add_purchase
    def post(self, request: Request) -> Response:
        """Record a purchase: spend bonuses, accrue points. A repeat answers the first answer again."""
        sale = read_sale(Parameters.of_body(request))
        return self.answer(purchase_answers.credited(use_cases.add_purchase(self.actor, sale)))


class ShowPurchase(CashDeskView):
    """A purchase as it stands."""

    roles = SELLERS
    keys = errors.PURCHASE_KEYS

    @purchase_schema.show_purchase
    def get(self, request: Request, purchase_id: str) -> Response:
        """Return the purchase as stored, with its accruals and returns."""
        return self.answer(purchase_answers.stored(purchases.by_id(purchase_id)))

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuse. A POST here names an act that does not exist, and that is a missing address."""
        if request.method == "POST":
            raise Http404
        return super().http_method_not_allowed(request, *args, **kwargs)
