"""Whose purchase it is: the card a till names, locked and read with its holder in one statement.

A till with a queue waits for it, so it is one round trip (design.md, The kernel).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from cards import numbers
from cards import selectors as cards
from cards.errors import CardNotFound, CardNumberInvalid, CardStatusRefused
from cards.models import CardStatus
from customers import identifiers
from customers import selectors as customers
from customers.errors import ContactNotFound
from loyalty.core import clock
from loyalty.core.errors import LoyaltyError
from loyalty.models import Purchase
from tiers import selectors as tiers


@dataclass(frozen=True, slots=True)
class Holder:
    """The card a purchase is made with, and what its holder brings: the tier multiplier on that day.

    `promotions_live`: whether any promotion was live then, so that most purchases ask for none.
    `unsettled`: the tier may have moved by the clock, and no job has booked it: then the multiplier is asked for.
    `captured`: the redemption and the bonuses of a hold for this purchase that was captured before it came.
    """

    card_id: int
    number: str
    status: int
    contact_id: int
    contact_status: str
    birth_date: date | None
    enrolled: bool
    multiplier: Decimal
    captured: tuple[int, Decimal] | None
    promotions_live: bool
    unsettled: bool
    existing: Purchase | None


@dataclass(frozen=True, slots=True)
class Finder:
    """How a purchase names its card. A number decides; a phone given with it must be the holder's."""

    number: str
    phone: str


_HOLDER = """
SELECT card.id, card.number, card.status, contact.id, contact.status, contact.phone, contact.birth_date,
    standing.id IS NOT NULL, coalesce(tier.multiplier, 1),
    (SELECT id FROM loyalty_purchase WHERE purchase_id = %(purchase_id)s), hold.operation_id, hold.captured,
    EXISTS (SELECT FROM promos_liveperiod WHERE began_at <= %(moment)s AND (ended_at IS NULL OR ended_at > %(moment)s)),
    {unsettled}
FROM cards_card card
{join} customers_contact contact ON contact.id = card.contact_id
LEFT JOIN tiers_standing standing ON standing.contact_id = contact.id AND standing.left_at IS NULL
LEFT JOIN LATERAL (
    SELECT tier_id FROM tiers_standing WHERE contact_id = contact.id
      AND entered_at <= %(moment)s AND (left_at IS NULL OR left_at > %(moment)s)
) past ON true
LEFT JOIN tiers_tier tier ON tier.id = past.tier_id
LEFT JOIN ledger_hold hold ON hold.key = 'hold:' || %(purchase_id)s AND hold.contact_id = contact.id
    AND hold.captured > 0
WHERE {where}
ORDER BY card.status = 3, card.bound_at DESC, card.id DESC
LIMIT 1
"""
_LOCKED = "FOR NO KEY UPDATE OF card"
_HOLDER_BY_NUMBER = _HOLDER.format(
    join="LEFT JOIN", where="card.number = %(value)s AND contact.erased_at IS NULL", unsettled=tiers.UNSETTLED
)
# A phone of somebody who was merged leads to whom he is now.
_HOLDER_BY_PHONE = _HOLDER.format(
    join="JOIN",
    where="contact.id = (SELECT coalesce(merged_into_id, id) FROM customers_contact WHERE phone = %(value)s)",
    unsettled=tiers.UNSETTLED,
)


def finder(number: str, phone: str) -> Finder:
    """Return how to find the card, by number, phone or both. Raises PhoneInvalid, CardNumberInvalid."""
    phone = identifiers.read_phone(phone) if phone or not number else ""
    number = number.strip()
    if number and not numbers.may_be_number(number):
        raise CardNumberInvalid()
    return Finder(number, phone)


def lock_holder(find: Finder, purchase_id: str, moment: datetime) -> Holder:
    """Lock the card and read its holder in one statement.

    A purchase that stands already is returned whatever became of its card: the answer to a repeat does not
    change. Raises CardNumberInvalid, CardNotFound, ContactNotFound, CardStatusRefused.
    """
    row = _fetch(find, purchase_id, moment, _LOCKED)
    if _is_doubtful(find, row):
        # Who waited for the card has read it beside the holder of before: it may have been bound, replaced or merged.
        row = _fetch(find, purchase_id, moment, _LOCKED)
    existing_id = (
        row[9] if row else Purchase.objects.filter(purchase_id=purchase_id).values_list("pk", flat=True).first()
    )
    existing = Purchase.objects.get(pk=existing_id) if existing_id else None
    return _holder(find, row, existing)


def read_holder(find: Finder, moment: datetime) -> Holder:
    """Return what `lock_holder` does, without a lock and for no purchase in particular."""
    return _holder(find, _fetch(find, "", moment, ""), None)


def _fetch(find: Finder, purchase_id: str, moment: datetime, lock: str) -> Any:
    parameters: dict[str, Any] = {
        "value": find.number or find.phone,
        "purchase_id": purchase_id,
        "moment": moment,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute((_HOLDER_BY_NUMBER if find.number else _HOLDER_BY_PHONE) + lock, parameters)
        return cursor.fetchone()


def _is_doubtful(find: Finder, row: Any) -> bool:
    """Tell whether a locked row says that there is no card, no holder, or for a phone only a blocked card."""
    return row is None or row[3] is None or (not find.number and row[2] == CardStatus.BLOCKED)


def _holder(find: Finder, row: Any, existing: Purchase | None) -> Holder:
    if row is None:
        if existing is None:
            raise _not_found(find)
        return Holder(0, "", 0, 0, "", None, False, Decimal(1), None, False, False, existing)
    (
        card_id,
        number,
        status,
        contact_id,
        contact_status,
        phone,
        birth_date,
        enrolled,
        multiplier,
        *_,
        captured_by,
        captured,
        promotions_live,
        unsettled,
    ) = row
    if existing is None:
        _require_holder(find, status, contact_id, phone)
    return Holder(
        card_id=card_id,
        number=number,
        status=status,
        contact_id=contact_id or 0,
        contact_status=contact_status or "",
        birth_date=birth_date,
        enrolled=enrolled,
        multiplier=multiplier,
        captured=(captured_by, captured) if captured_by else None,
        promotions_live=promotions_live,
        unsettled=bool(unsettled),
        existing=existing,
    )


def _require_holder(find: Finder, status: int, contact_id: int | None, phone: str | None) -> None:
    """Refuse a phone that is not the holder's, then a card that has no holder."""
    if find.phone and find.phone != phone and _is_of_another(find.phone, contact_id):
        raise _not_found(find)
    if contact_id is None:
        raise CardStatusRefused(
            f"The card is {CardStatus(status).label} and belongs to nobody yet.", status=status, action="purchase"
        )


def _is_of_another(phone: str, contact_id: int | None) -> bool:
    owner = customers.by_phone(phone)
    return owner is None or (contact_id is not None and owner.pk != contact_id)


def _not_found(find: Finder) -> LoyaltyError:
    """Return why no card was found, in the order of specs/cash_desk.md: phone before number, form before search."""
    if find.phone and (not find.number or customers.by_phone(find.phone) is None):
        return ContactNotFound(by="phone")
    numbers.read_number(find.number, cards.number_formats())
    return CardNotFound()
