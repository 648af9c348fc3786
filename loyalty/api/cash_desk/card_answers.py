"""A card's balance in the words of the cash desk (specs/cash_desk.md, Code tables and Balance answer)."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from cards.models import CardCategory, CardStatus, CardType
from loyalty.api.json_body import amount
from loyalty.ledger import expiry
from loyalty.ledger.rounding import ZERO
from loyalty.selectors.card_balances import CardBalance


class Coded(NamedTuple):
    """A code and its name in a code table."""

    code: str
    name: str


# Bonus type: cash is spendable, status is tier-qualifying.
CASH = Coded("0", "cash")
STATUS = Coded("1", "status")

# Bonus status.
ACTIVE = Coded("0", "active")
INACTIVE = Coded("1", "inactive")
BURNED = Coded("2", "burned")
FROZEN = Coded("3", "frozen")
NEAREST_EXPIRY = Coded("4", "with the nearest expiry date")

_STATUS_NAMES = {code: str(name) for code, name in CardStatus.choices}
_CATEGORY_NAMES = {code: str(name) for code, name in CardCategory.choices}
_TYPE_NAMES = {code: str(name) for code, name in CardType.choices}


def balance(found: CardBalance) -> dict[str, Any]:
    """Return the fields of a balance answer; a card that belongs to nobody has empty names and no bonuses."""
    return {
        "Number": found.number,
        "MobileNumber": found.phone,
        "Code": found.code,
        "StatusCode": str(found.status),
        "StatusName": _STATUS_NAMES[found.status],
        "Name": found.name,
        "CategoryCode": str(found.category),
        "CategoryName": _CATEGORY_NAMES[found.category],
        "TypeCode": str(found.card_type),
        "TypeName": _TYPE_NAMES[found.card_type],
        "Bonuses": _bonuses(found),
    }


def _bonuses(found: CardBalance) -> list[dict[str, Any]]:
    """List every pair that applies in the order of TypeCode, then StatusCode.

    A debt shows as 0.00 active: nothing can be spent. While the card is blocked nothing is active, so no
    part of it expires next either.
    """
    held, frozen = found.points, found.frozen
    available = held.available if held else ZERO
    listed = [
        _bonus(CASH, ACTIVE, ZERO if frozen else available),
        _bonus(CASH, INACTIVE, held.spendable_escrow if held else ZERO),
        _bonus(CASH, BURNED, held.burned if held else ZERO),
        _bonus(CASH, FROZEN, available if frozen else ZERO),
    ]
    if held and held.expiring and not frozen:
        last_day = expiry.last_day(held.expiring.expires_at, found.zone)
        listed.append(_bonus(CASH, NEAREST_EXPIRY, held.expiring.amount, last_day))
    return [
        *listed,
        _bonus(STATUS, ACTIVE, held.qualifying if held else ZERO),
        _bonus(STATUS, INACTIVE, held.qualifying_escrow if held else ZERO),
        # Tier-qualifying points do not expire as lots do; the turn of the year closes them.
        _bonus(STATUS, BURNED, ZERO),
    ]


def _bonus(kind: Coded, status: Coded, points: Decimal, expire_date: date | None = None) -> dict[str, Any]:
    bonus: dict[str, Any] = {"Amount": amount(points), "StatusCode": status.code, "StatusName": status.name}
    if expire_date is not None:
        bonus["ExpireDate"] = expire_date.isoformat()
    bonus["TypeCode"], bonus["TypeName"] = kind.code, kind.name
    return bonus
