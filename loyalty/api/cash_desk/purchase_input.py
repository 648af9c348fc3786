"""From the body of a till to a sale (specs/cash_desk.md, Purchases)."""

from decimal import Decimal
from typing import Any

from customers import identifiers
from loyalty.api.cash_desk.moments import read_moment
from loyalty.api.cash_desk.parameters import Parameters, refuse_missing
from loyalty.core.errors import InvalidParameter
from loyalty.ledger import rounding
from loyalty.models import Purchase, PurchaseLine, PurchaseReturn, Store
from loyalty.services.purchases import Sale
from promos import basket
from promos.basket import Line

MOST_LINES = 1000


def _longest(model: Any, field: str) -> int:
    return int(model._meta.get_field(field).max_length)


LONGEST = {
    "PurchaseId": _longest(Purchase, "purchase_id"),
    "RefundId": _longest(PurchaseReturn, "return_id"),
    "Store": _longest(Store, "code"),
    "Till": _longest(Purchase, "till"),
    "Cashier": _longest(Purchase, "cashier"),
    "Date": 40,
    "Sku": _longest(PurchaseLine, "sku"),
    "Name": _longest(PurchaseLine, "name"),
    "Category": _longest(PurchaseLine, "category"),
}
"""How many characters each text may have."""


def read_sale(parameters: Parameters) -> Sale:
    """Return the sale of `POST /purchase/add`.

    Raises RequiredParameterMissing (every missing name), InvalidParameter, PhoneInvalid, MalformedJson.
    """
    lines = parameters.objects("Lines", MOST_LINES)
    _require(parameters, lines, "PurchaseId", "Date", "Store", "Amount")
    return _sale(parameters, lines)


def read_quote(parameters: Parameters) -> Sale:
    """Return the sale that `POST /purchase/quote` asks about: without an id, the amount given or that of the lines.

    Raises what `read_sale` does.
    """
    lines = parameters.objects("Lines", MOST_LINES)
    if lines or parameters.get("Amount") is not None:
        _require(parameters, lines, "Date", "Store")
    else:
        refuse_missing([*missing(parameters, "Date", "Store"), "Lines"])
    return _sale(parameters, lines)


def read_phone(parameters: Parameters) -> str:
    """Return MobileNumber in E.164, empty when it is missing. Raises PhoneInvalid."""
    phone = parameters.identifier("MobileNumber")
    return identifiers.read_phone(phone) if phone else ""


def missing(parameters: Parameters, *names: str) -> list[str]:
    """Return the names that are missing, after Number when the card is named in neither way."""
    card = parameters.missing("Number") if parameters.get("MobileNumber") is None else []
    own = parameters.missing(*names)
    return [name for name in own if name == "PurchaseId"] + card + [name for name in own if name != "PurchaseId"]


def _sale(parameters: Parameters, lines: list[Parameters]) -> Sale:
    phone = read_phone(parameters)
    goods = tuple(_line(line) for line in lines)
    return Sale(
        purchase_id=text(parameters, "PurchaseId"),
        number=parameters.identifier("Number"),
        phone=phone,
        purchased_at=_moment(parameters),
        store=text(parameters, "Store"),
        amount=_amount(parameters, goods),
        lines=goods,
        till=text(parameters, "Till"),
        cashier=text(parameters, "Cashier"),
        bonuses_to_pay=parameters.amount("BonusesToPay"),
        offline=parameters.flag("Offline"),
        hold_id=parameters.identity("HoldId"),
    )


def _amount(parameters: Parameters, goods: tuple[Line, ...]) -> Decimal:
    """Return the amount of the receipt, which is the sum of its lines when there are any."""
    whole = basket.total(list(goods))
    if parameters.get("Amount") is None:
        if whole > rounding.LARGEST:
            raise parameters.invalid("Lines", f"Together they may be at most {rounding.LARGEST}.")
        return whole
    amount = parameters.amount("Amount")
    if goods and whole != amount:
        raise InvalidParameter("It must be the sum of the lines.", name="Amount")
    return amount


def _require(parameters: Parameters, lines: list[Parameters], *names: str) -> None:
    absent = missing(parameters, *names)
    for line in lines:
        absent += line.missing("Amount")
    refuse_missing(absent)


def _line(parameters: Parameters) -> Line:
    return Line(
        amount=parameters.amount("Amount"),
        sku=text(parameters, "Sku"),
        name=text(parameters, "Name"),
        category=text(parameters, "Category"),
        quantity=parameters.quantity("Quantity"),
        price=parameters.amount("Price"),
    )


def text(parameters: Parameters, name: str) -> str:
    """Return a text, bounded as its column is."""
    return parameters.text(name, LONGEST[name])


def _moment(parameters: Parameters) -> Any:
    try:
        return read_moment(text(parameters, "Date"))
    except ValueError:
        raise parameters.invalid("Date", "Write it like 2026-03-02T12:30:00+03:00.") from None
