"""From the body of a till to a sale (specs/cash_desk.md, Purchases)."""

from decimal import Decimal
from typing import Any

from customers import identifiers
from loyalty.api.cash_desk.moments import read_moment
from loyalty.api.cash_desk.parameters import Parameters, refuse_missing
from loyalty.core.errors import InvalidParameter
from loyalty.models import Purchase, PurchaseLine, Store
from loyalty.services.purchases import Sale
from promos import basket
from promos.basket import Line

MOST_LINES = 1000


def _longest(model: Any, field: str) -> int:
    return int(model._meta.get_field(field).max_length)


LONGEST = {
    "PurchaseId": _longest(Purchase, "purchase_id"),
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
    lines = _lines_of(parameters)
    _require(parameters, lines)
    phone = parameters.identifier("MobileNumber")
    sale = Sale(
        purchase_id=_text(parameters, "PurchaseId"),
        number=parameters.identifier("Number"),
        phone=identifiers.read_phone(phone) if phone else "",
        purchased_at=_moment(parameters),
        store=_text(parameters, "Store"),
        amount=parameters.amount("Amount"),
        lines=tuple(_line(line) for line in lines),
        till=_text(parameters, "Till"),
        cashier=_text(parameters, "Cashier"),
        bonuses_to_pay=parameters.amount("BonusesToPay"),
        offline=parameters.flag("Offline"),
    )
    _refuse_wrong_sum(sale.amount, sale.lines)
    return sale


def _lines_of(parameters: Parameters) -> list[Parameters]:
    value = parameters.get("Lines")
    if value is None:
        return []
    if not isinstance(value, list):
        raise parameters.invalid("Lines", "It must be a list.")
    if len(value) > MOST_LINES:
        raise parameters.invalid("Lines", f"It may have at most {MOST_LINES} lines.")
    if not all(isinstance(line, dict) for line in value):
        raise parameters.invalid("Lines", "Each line must be an object.")
    return [Parameters(line.items(), f"Lines[{index}].") for index, line in enumerate(value)]


def _require(parameters: Parameters, lines: list[Parameters]) -> None:
    names = parameters.missing("PurchaseId")
    if parameters.get("MobileNumber") is None:
        names += parameters.missing("Number")
    names += parameters.missing("Date", "Store", "Amount")
    for line in lines:
        names += line.missing("Amount")
    refuse_missing(names)


def _line(parameters: Parameters) -> Line:
    return Line(
        amount=parameters.amount("Amount"),
        sku=_text(parameters, "Sku"),
        name=_text(parameters, "Name"),
        category=_text(parameters, "Category"),
        quantity=parameters.quantity("Quantity"),
        price=parameters.amount("Price"),
    )


def _text(parameters: Parameters, name: str) -> str:
    return parameters.text(name, LONGEST[name])


def _moment(parameters: Parameters) -> Any:
    try:
        return read_moment(_text(parameters, "Date"))
    except ValueError:
        raise parameters.invalid("Date", "Write it like 2026-03-02T12:30:00+03:00.") from None


def _refuse_wrong_sum(amount: Decimal, lines: tuple[Line, ...]) -> None:
    if lines and basket.total(list(lines)) != amount:
        raise InvalidParameter("It must be the sum of the lines.", name="Amount")
