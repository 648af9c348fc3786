"""Purchases of a till that was offline, many at once (specs/cash_desk.md, Settled points)."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.cash_desk import errors, return_schema
from loyalty.api.cash_desk.base import SELLERS, CashDeskView
from loyalty.api.cash_desk.parameters import Parameters
from loyalty.api.cash_desk.purchase_input import read_sale
from loyalty.api.json_body import amount
from loyalty.core.errors import InvalidParameter, LoyaltyError
from loyalty.ledger import rounding
from loyalty.services import batches
from loyalty.services.batches import Outcome
from loyalty.services.purchases import Sale


class AddBatch(CashDeskView):
    """Many receipts."""

    roles = SELLERS
    keys = errors.PURCHASE_KEYS

    @return_schema.add_batch
    def post(self, request: Request) -> Response:
        """Record each purchase by itself, in the order given. The whole batch may be sent again."""
        parameters = Parameters.of_body(request, largest=settings.BATCH_MAX_MEMORY_SIZE)
        parameters.require("Purchases")
        items = [_item(item) for item in parameters.items("Purchases", batches.LARGEST_BATCH)]
        return self.answer({"Results": [_result(each, self.keys) for each in batches.add_batch(self.actor, items)]})


def _item(item: Any) -> tuple[str, Sale | LoyaltyError]:
    """Return an item's PurchaseId, as far as it can be read, and the sale or what is wrong with it."""
    if not isinstance(item, dict):
        return "", InvalidParameter("Each purchase must be an object.", name="Purchases")
    try:
        parameters = Parameters(item.items())
    except LoyaltyError as error:
        return "", error
    try:
        sale = read_sale(parameters)
    except LoyaltyError as error:
        return parameters.words("PurchaseId", 200) or "", error
    return sale.purchase_id, sale


def _result(outcome: Outcome, keys: errors.Keys) -> Mapping[str, Any]:
    key, value = ("OK", "") if outcome.error is None else errors.key_and_value(outcome.error, keys)
    credited = outcome.credited
    return {
        "PurchaseId": outcome.purchase_id,
        "Status": outcome.error is None,
        "Key": key,
        "Value": value,
        "Accrued": amount(credited.accrued if credited else rounding.ZERO),
        "Paid": amount(credited.paid if credited else rounding.ZERO),
    }
