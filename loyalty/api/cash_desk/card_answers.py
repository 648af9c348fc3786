"""A card's balance in the words of the cash desk (specs/cash_desk.md, Code tables and Balance answer)."""

from decimal import Decimal
from enum import Enum
from typing import Any

from cards.models import CardCategory, CardStatus, CardType
from loyalty.api.json_body import amount
from loyalty.ledger import expiry
from loyalty.ledger.balances import Balance, Expiring
from loyalty.ledger.rounding import ZERO
from loyalty.selectors.cards import CardBalance
from loyalty.services import program


class BonusStatus(Enum):
    """Code and name of each bonus status."""

    ACTIVE = ("0", "active")
    INACTIVE = ("1", "inactive")
    BURNED = ("2", "burned")
    FROZEN = ("3", "frozen")
    NEAREST_EXPIRY = ("4", "with the nearest expiry date")


class BonusType(Enum):
    """Code and name of each bonus type: cash is spendable, status is tier-qualifying."""

    CASH = ("0", "cash")
    STATUS = ("1", "status")


def balance(found: CardBalance) -> dict[str, Any]:
    """Return the fields of a balance answer; a card that belongs to nobody has empty names and no bonuses."""
    card, contact = found.card, found.contact
    return {
        "Number": card.number,
        "MobileNumber": (contact.phone or "") if contact else "",
        "Code": contact.code if contact else "",
        "StatusCode": str(card.status),
        "StatusName": CardStatus(card.status).label,
        "Name": contact.full_name if contact else "",
        "CategoryCode": str(card.category),
        "CategoryName": CardCategory(card.category).label,
        "TypeCode": str(card.card_type),
        "TypeName": CardType(card.card_type).label,
        "Bonuses": _bonuses(found.balance, frozen=found.frozen),
    }


def _bonuses(held: Balance | None, *, frozen: bool) -> list[dict[str, Any]]:
    """List every pair that applies in the order of TypeCode, then StatusCode.

    A debt shows as 0.00 active: nothing can be spent. While the card is blocked nothing is active, so no
    part of it expires next either.
    """
    available = held.available if held else ZERO
    cash = BonusType.CASH
    listed = [
        _bonus(cash, BonusStatus.ACTIVE, ZERO if frozen else available),
        _bonus(cash, BonusStatus.INACTIVE, held.spendable_escrow if held else ZERO),
        _bonus(cash, BonusStatus.BURNED, held.burned if held else ZERO),
        _bonus(cash, BonusStatus.FROZEN, available if frozen else ZERO),
    ]
    if held and held.expiring and not frozen:
        listed.append(_expiring(held.expiring))
    return [
        *listed,
        _bonus(BonusType.STATUS, BonusStatus.ACTIVE, held.qualifying if held else ZERO),
        _bonus(BonusType.STATUS, BonusStatus.INACTIVE, held.qualifying_escrow if held else ZERO),
        # Tier-qualifying points do not expire as lots do; the turn of the year closes them.
        _bonus(BonusType.STATUS, BonusStatus.BURNED, ZERO),
    ]


def _bonus(kind: BonusType, status: BonusStatus, points: Decimal, expire_date: str = "") -> dict[str, Any]:
    bonus: dict[str, Any] = {"Amount": amount(points), "StatusCode": status.value[0], "StatusName": status.value[1]}
    if expire_date:
        bonus["ExpireDate"] = expire_date
    return bonus | {"TypeCode": kind.value[0], "TypeName": kind.value[1]}


def _expiring(expiring: Expiring) -> dict[str, Any]:
    day = expiry.last_day(expiring.expires_at, program.settings().tzinfo)
    return _bonus(BonusType.CASH, BonusStatus.NEAREST_EXPIRY, expiring.amount, day.isoformat())
