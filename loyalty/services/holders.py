"""Whose purchase it is: the card a till names, locked and read with its holder in one statement.

A till with a queue waits for it, so it is one round trip (design.md, The kernel).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from cards import locks as card_locks
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

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a till's clock may differ from ours (specs/cash_desk.md, Purchases: dates in the future)."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The card a purchase is made with, and what its holder brings: the tier multiplier on that day.

    `promotions_live`: whether any promotion was live then, so that most purchases ask for none.
    `unsettled`: the tier may have moved by the clock, and no job has booked it, or its multiplier was another then:
    it is asked for.
    `status_then`: the card's status at the moment of the sale, which its own Date tells (docs/decisions/blocking.md).
    `captured`: the redemption and the bonuses of a hold for this purchase that was captured before it came, whosever
    they were.
    """

    card_id: int
    number: str
    status: int
    status_then: int
    contact_id: int
    contact_status: str
    birth_date: date | None
    enrolled: bool
    multiplier: Decimal
    captured: tuple[int, Decimal] | None
    promotions_live: bool
    unsettled: bool
    existing: Purchase | None

    @property
    def was_usable_then(self) -> bool:
        """Whether the card could earn at the moment of the sale, whatever became of it since."""
        return self.status_then in cards.USABLE


class _Row(NamedTuple):
    """What `_HOLDER` reads, column by column."""

    card_id: int
    number: str
    status: int
    contact_id: int | None
    contact_status: str | None
    phone: str | None
    birth_date: date | None
    enrolled: bool
    multiplier: Decimal
    existing_id: int | None
    captured_by: int | None
    captured: Decimal | None
    promotions_live: bool
    status_then: int | None
    unsettled: bool | None


@dataclass(frozen=True, slots=True)
class Finder:
    """How a purchase names its card. A number decides; a phone given with it must be the holder's."""

    number: str
    phone: str


# The first record of a block after the sale tells what the card was before it. A card that works now is refused only
# for a sale that was surely within a block: the till's clock may be a little behind, and the card just unblocked.
_HOLDER = """
SELECT card.id, card.number, card.status, contact.id, contact.status, contact.phone, contact.birth_date,
    standing.id IS NOT NULL, coalesce(tier.multiplier, 1),
    (SELECT id FROM loyalty_purchase WHERE purchase_id = %(purchase_id)s), hold.operation_id, hold.captured,
    EXISTS (SELECT FROM promos_liveperiod WHERE began_at <= %(moment)s AND (ended_at IS NULL OR ended_at > %(moment)s)),
    (SELECT status_before FROM cards_blockrecord WHERE card_id = card.id
        AND recorded_at > CASE WHEN card.status = 3 THEN %(moment)s ELSE %(moment_at_latest)s END ORDER BY id LIMIT 1),
    {unsettled} OR coalesce(tier.multiplier_since > %(moment)s, false)
FROM cards_card card
{join} customers_contact contact ON contact.id = card.contact_id
LEFT JOIN tiers_standing standing ON standing.contact_id = contact.id AND standing.left_at IS NULL
LEFT JOIN LATERAL (
    SELECT tier_id FROM tiers_standing WHERE contact_id = contact.id
      AND entered_at <= %(moment)s AND (left_at IS NULL OR left_at > %(moment)s)
) past ON true
LEFT JOIN tiers_tier tier ON tier.id = past.tier_id
LEFT JOIN ledger_hold hold ON hold.key = 'hold:' || %(purchase_id)s AND hold.captured > 0
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
        # Who waited for the card has read it beside the holder of before: it may have been bound, replaced, blocked or
        # merged.
        row = _fetch(find, purchase_id, moment, _LOCKED)
    existing = None
    if row is None or row.existing_id is not None:
        existing = Purchase.objects.filter(purchase_id=purchase_id).first()
    holder = _holder(find, row, existing)
    if existing is None and holder.was_usable_then and holder.status == CardStatus.BLOCKED:
        # The holder may have another card by now: nothing else is bought with it meanwhile.
        card_locks.lock_all_of(holder.contact_id)
    return holder


def read_holder(find: Finder, moment: datetime) -> Holder:
    """Return what `lock_holder` does, without a lock and for no purchase in particular."""
    return _holder(find, _fetch(find, "", moment, ""), None)


def _fetch(find: Finder, purchase_id: str, moment: datetime, lock: str) -> _Row | None:
    parameters: dict[str, Any] = {
        "value": find.number or find.phone,
        "purchase_id": purchase_id,
        "moment": moment,
        "moment_at_latest": moment + CLOCK_TOLERANCE,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute((_HOLDER_BY_NUMBER if find.number else _HOLDER_BY_PHONE) + lock, parameters)
        row = cursor.fetchone()
    return _Row(*row) if row else None


def _is_doubtful(find: Finder, row: _Row | None) -> bool:
    """Tell whether a locked row says that there is no card, no holder, or a card that is blocked: for a phone the
    customer may have another, for a number the block may have come while we waited, with its record still unseen."""
    if row is None or row.contact_id is None:
        return True
    return row.status == CardStatus.BLOCKED and (not find.number or row.status_then is None)


def _holder(find: Finder, row: _Row | None, existing: Purchase | None) -> Holder:
    if row is None:
        if existing is None:
            raise _not_found(find)
        return Holder(0, "", 0, 0, 0, "", None, False, Decimal(1), None, False, False, existing)
    if existing is None:
        _require_holder(find, row)
    return Holder(
        card_id=row.card_id,
        number=row.number,
        status=row.status,
        status_then=row.status if row.status_then is None else row.status_then,
        contact_id=row.contact_id or 0,
        contact_status=row.contact_status or "",
        birth_date=row.birth_date,
        enrolled=row.enrolled,
        multiplier=row.multiplier,
        captured=(row.captured_by, row.captured) if row.captured_by and row.captured else None,
        promotions_live=row.promotions_live,
        unsettled=bool(row.unsettled),
        existing=existing,
    )


def _require_holder(find: Finder, row: _Row) -> None:
    """Refuse a phone that is not the holder's, then a card that has no holder."""
    if find.phone and find.phone != row.phone and _is_of_another(find.phone, row.contact_id):
        raise _not_found(find)
    if row.contact_id is None:
        name = CardStatus(row.status).label
        raise CardStatusRefused(f"The card is {name} and belongs to nobody yet.", status=row.status, action="purchase")


def _is_of_another(phone: str, contact_id: int | None) -> bool:
    owner = customers.by_phone(phone)
    return owner is None or (contact_id is not None and owner.pk != contact_id)


def _not_found(find: Finder) -> LoyaltyError:
    """Return why no card was found, in the order of specs/cash_desk.md: phone before number, form before search."""
    if find.phone and (not find.number or customers.by_phone(find.phone) is None):
        return ContactNotFound(by="phone")
    numbers.read_number(find.number, cards.number_formats())
    return CardNotFound()
