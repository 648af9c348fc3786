"""From the body of a till to a refund, a hold, a capture (specs/cash_desk.md, Purchases, Settled points)."""

from decimal import Decimal
from uuid import UUID

from loyalty.api.cash_desk.parameters import Parameters, refuse_missing
from loyalty.api.cash_desk.purchase_input import MOST_LINES, missing, read_phone, text
from loyalty.ledger import rounding
from loyalty.services.holding import HoldCall
from loyalty.services.refunds import RefundRequest
from loyalty.services.returned_goods import Goods


def read_refund(parameters: Parameters) -> RefundRequest:
    """Return the request of `POST /purchase/refund`.

    Raises RequiredParameterMissing, InvalidParameter, MalformedJson.
    """
    lines = parameters.objects("Lines", MOST_LINES)
    names = parameters.missing("PurchaseId", "RefundId")
    if not lines and parameters.get("Amount") is None:
        names.append("Lines")
    for line in lines:
        names += line.missing("Sku")
        names += line.missing("Quantity") if line.get("Amount") is None else []
    refuse_missing(names)
    return RefundRequest(
        purchase_id=text(parameters, "PurchaseId"),
        refund_id=text(parameters, "RefundId"),
        goods=tuple(_goods(line) for line in lines),
        amount=_worth(parameters) if lines else parameters.positive_amount("Amount"),
    )


def _goods(line: Parameters) -> Goods:
    if line.get("Quantity") is None:
        return Goods(text(line, "Sku"), None, line.positive_amount("Amount"))
    return Goods(text(line, "Sku"), line.quantity("Quantity"), _worth(line))


def _worth(parameters: Parameters) -> Decimal | None:
    """Return Amount, None when it is missing. Goods that were given away come back for nothing, and a till says so."""
    return None if parameters.get("Amount") is None else parameters.amount("Amount")


def read_cancel(parameters: Parameters) -> str:
    """Return the PurchaseId of `POST /purchase/cancel`."""
    parameters.require("PurchaseId")
    return text(parameters, "PurchaseId")


def read_hold(parameters: Parameters) -> HoldCall:
    """Return the call of `POST /purchase/hold`. Raises RequiredParameterMissing, InvalidParameter, PhoneInvalid."""
    refuse_missing(missing(parameters, "PurchaseId", "BonusesToPay", "Amount"))
    return HoldCall(
        purchase_id=text(parameters, "PurchaseId"),
        number=parameters.identifier("Number"),
        phone=read_phone(parameters),
        amount=parameters.amount("Amount"),
        bonuses_to_pay=parameters.positive_amount("BonusesToPay") or rounding.ZERO,
    )


def read_capture(parameters: Parameters) -> tuple[UUID, Decimal | None]:
    """Return HoldId and Amount of `POST /purchase/capture`; None means the whole hold."""
    return read_void(parameters), parameters.positive_amount("Amount")


def read_void(parameters: Parameters) -> UUID:
    """Return the HoldId of `POST /purchase/void`."""
    parameters.require("HoldId")
    hold_id = parameters.identity("HoldId")
    if hold_id is None:
        raise parameters.invalid("HoldId", "It is missing.")
    return hold_id
