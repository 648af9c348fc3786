"""The statements of a purchase: one to lock and read, one to write the receipt, one to keep the answer.

A till with a queue waits for these, so each is one round trip (design.md, The kernel).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import connection

from cards import numbers
from cards import selectors as cards
from cards.errors import CardNotFound, CardNumberInvalid, CardStatusRefused
from cards.models import CardStatus
from customers import identifiers
from customers import selectors as customers
from customers.errors import ContactNotFound
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter, LoyaltyError
from loyalty.models import Program, Purchase, Store
from loyalty.selectors import scanned_receipts
from promos import evaluation
from promos.evaluation import Award, Terms
from tiers import selectors as tiers

if TYPE_CHECKING:
    from loyalty.services.sales import Sale


@dataclass(frozen=True, slots=True)
class Holder:
    """The card a purchase is made with, and what its holder brings: the tier multiplier on that day.

    `promotions_live`: whether any promotion was live then, so that most purchases ask for none.
    `unsettled`: the tier may have moved by the clock, and no job has booked it, or its multiplier was another then:
    it is asked for.
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


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the points of a purchase can be spent, and from when on they are burned (None: never)."""

    matures_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A sale with all that was decided about it: what is about to be written."""

    sale: Sale
    holder: Holder
    paid: Decimal
    award: Award
    terms: Terms
    schedule: Schedule


_HOLDER = """
SELECT card.id, card.number, card.status, contact.id, contact.status, contact.phone, contact.birth_date,
    standing.id IS NOT NULL, coalesce(tier.multiplier, 1),
    (SELECT id FROM loyalty_purchase WHERE purchase_id = %(purchase_id)s), hold.operation_id, hold.captured,
    EXISTS (SELECT FROM promos_liveperiod WHERE began_at <= %(moment)s AND (ended_at IS NULL OR ended_at > %(moment)s)),
    {unsettled} OR coalesce(tier.multiplier_since > %(moment)s, false)
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

_INSERT = """
WITH claim AS (
    INSERT INTO loyalty_purchase (purchase_id, fingerprint, contact_id, card_id, store_id, till, cashier,
        purchased_at, recorded_at, actor, offline, amount, paid, accrued, qualifying, status, terms, answer)
    VALUES (%(purchase_id)s, %(fingerprint)s, %(contact_id)s, %(card_id)s, %(store_id)s, %(till)s, %(cashier)s,
        %(purchased_at)s, %(now)s, %(actor)s, %(offline)s, %(amount)s, %(paid)s, %(accrued)s, %(qualifying)s,
        'completed', %(terms)s::jsonb, '{}')
    ON CONFLICT (purchase_id) DO NOTHING
    RETURNING id, purchase_id
), line AS (
    INSERT INTO loyalty_purchaseline
        (purchase_id, position, sku, name, category, quantity, price, amount, paid, accrued)
    SELECT claim.id, part.* FROM claim, unnest(%(positions)s::smallint[], %(skus)s::text[], %(names)s::text[],
        %(categories)s::text[], %(quantities)s::numeric[], %(prices)s::numeric[], %(amounts)s::numeric[],
        %(paids)s::numeric[], %(accrueds)s::numeric[]) AS part
), journal AS (
    INSERT INTO loyalty_journalentry
        (recorded_at, actor, role, channel, address, action, target, contact_id, details)
    SELECT %(now)s, %(actor)s, %(role)s, %(channel)s, %(address)s, 'purchase.add', %(purchase_id)s,
        %(contact_id)s, '{}' FROM claim
)
SELECT id, EXISTS (
    SELECT FROM promos_fiscalreceipt scanned,
        unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) AS around (since, until)
    WHERE scanned.contact_id = %(contact_id)s AND scanned.status = 'credited'
      AND scanned.purchased_at BETWEEN around.since AND around.until
      AND scanned.amount IN (%(amount)s, %(amount)s - %(paid)s) AND scanned.store IN ('', %(store)s)
), (SELECT hold.operation_id FROM ledger_hold hold
    WHERE hold.key = 'hold:' || claim.purchase_id AND hold.contact_id = %(contact_id)s AND hold.captured > 0)
FROM claim
"""


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


# A receipt that comes late may be older than one that was rewarded as the first: there is but one first purchase.
_IS_FIRST = """
SELECT NOT EXISTS (
    SELECT FROM loyalty_purchase WHERE contact_id = %(contact)s AND status = 'completed'
      AND (purchased_at <= %(moment)s OR jsonb_exists_any(
          terms -> 'awarded', ARRAY(SELECT id::text FROM promos_promotion WHERE first_purchase)))
)
"""


def is_first_purchase(contact_id: int, moment: datetime) -> bool:
    """Tell whether no completed purchase of a contact is as old as `moment`, and none was rewarded as the first."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_FIRST, {"contact": contact_id, "moment": moment})
        return bool(cursor.fetchone()[0])


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


# Every till asks these with every receipt: composing them anew each time cost as much as the database's answer.
_STORE = "SELECT id FROM loyalty_store WHERE code = %(code)s"
_FINISH = """
UPDATE loyalty_purchase SET answer = %(answer)s, accrual_id = %(accrual)s, redemption_id = %(redemption)s
WHERE id = %(receipt)s
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A purchase that was just written; `scanned`: whether its customer was credited for its fiscal receipt before.

    `captured_by`: the redemption of a hold that was captured for it, as it stands now that the card is ours.
    """

    receipt_id: int
    scanned: bool
    captured_by: int | None


def insert(actor: Actor, receipt: Receipt, settings: Program) -> Written | None:
    """Write receipt, lines and journal in one statement; None when the purchase id was claimed meanwhile.

    It looks for a scanned receipt and for a captured hold as well, and must: a statement that began before the card was
    ours would not see what was credited or captured while we waited for it.
    """
    parameters = _receipt(actor, receipt) | _lines(receipt)
    parameters["store_id"] = _store(receipt.sale.store, settings)
    since, until = zip(*scanned_receipts.windows(receipt.sale.purchased_at, settings.tzinfo), strict=True)
    parameters |= {"since": list(since), "until": list(until), "store": receipt.sale.store}
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, parameters)
        row = cursor.fetchone()
    return Written(*row) if row else None


def finish(receipt: int, balance: Decimal, accrual: int | None, redemption: int | None) -> None:
    """Keep the answer and the operations of a receipt."""
    answer = json.dumps({"balance": str(balance)})
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, {"receipt": receipt, "answer": answer, "accrual": accrual, "redemption": redemption})


def stored(purchase_id: str) -> Purchase | None:
    """Return the purchase with the till's id, None if there is none."""
    return Purchase.objects.filter(purchase_id=purchase_id).first()


def known(purchase_id: str) -> Purchase:
    """Return a purchase that is known to be there."""
    return Purchase.objects.get(purchase_id=purchase_id)


def _receipt(actor: Actor, receipt: Receipt) -> dict[str, Any]:
    sale, holder, award = receipt.sale, receipt.holder, receipt.award
    return {
        "purchase_id": sale.purchase_id,
        "fingerprint": sale.fingerprint,
        "contact_id": holder.contact_id,
        "card_id": holder.card_id,
        "till": sale.till,
        "cashier": sale.cashier,
        "purchased_at": sale.purchased_at,
        "now": clock.now(),
        "actor": str(actor),
        "role": actor.role,
        "channel": actor.channel,
        "address": actor.address,
        "offline": sale.offline,
        "amount": sale.amount,
        "paid": receipt.paid,
        "accrued": award.spendable,
        "qualifying": award.qualifying,
        "terms": json.dumps(_terms(receipt)),
    }


def _terms(receipt: Receipt) -> dict[str, Any]:
    """Return what a later return and the next reader need: the terms, the dates, what each promotion gave."""
    expires_at = receipt.schedule.expires_at
    return evaluation.to_json(receipt.terms) | {
        "matures_at": receipt.schedule.matures_at.isoformat(),
        "expires_at": expires_at.isoformat() if expires_at else None,
        "awarded": {str(each): str(points) for each, points in receipt.award.promotions.items()},
    }


def _lines(receipt: Receipt) -> dict[str, Any]:
    basket = receipt.sale.basket
    return {
        "positions": list(range(1, len(basket) + 1)),
        "skus": [line.sku for line in basket],
        "names": [line.name for line in basket],
        "categories": [line.category for line in basket],
        "quantities": [line.quantity for line in basket],
        "prices": [line.price for line in basket],
        "amounts": [line.amount for line in basket],
        "paids": receipt.award.paid_by_line,
        "accrueds": receipt.award.by_line,
    }


def require_store(code: str, settings: Program) -> int | None:
    """Return the store's row, None for one that a purchase would create. Raises InvalidParameter."""
    with connection.cursor() as cursor:
        cursor.execute(_STORE, {"code": code})
        row = cursor.fetchone()
    if row is None and not settings.unknown_stores:
        raise InvalidParameter("This store is not known. Add it in the back office.", name="Store")
    return row[0] if row else None


def _store(code: str, settings: Program) -> int:
    known = require_store(code, settings)
    if known is not None:
        return known
    return Store.objects.get_or_create(code=code, defaults={"created_at": clock.now()})[0].pk
