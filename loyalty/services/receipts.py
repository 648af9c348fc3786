"""The statements of a purchase: one to lock and read, one to write the receipt, one to keep the answer.

A till with a queue waits for these, so each is one round trip (design.md, The kernel).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
from promos.evaluation import Award, Terms

if TYPE_CHECKING:
    from loyalty.services.purchases import Sale


@dataclass(frozen=True, slots=True)
class Holder:
    """The card a purchase is made with, locked, and what its holder brings: tier multiplier on that day."""

    card_id: int
    status: int
    contact_id: int
    contact_status: str
    enrolled: bool
    multiplier: Decimal
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


_HOLDER = """
SELECT card.id, card.status, contact.id, contact.status, contact.phone, standing.id IS NOT NULL,
    coalesce(tier.multiplier, 1),
    (SELECT id FROM loyalty_purchase WHERE purchase_id = %(purchase_id)s)
FROM cards_card card
{join} customers_contact contact ON contact.id = card.contact_id
LEFT JOIN tiers_standing standing ON standing.contact_id = contact.id AND standing.left_at IS NULL
LEFT JOIN LATERAL (
    SELECT tier_id FROM tiers_standing WHERE contact_id = contact.id
      AND entered_at <= %(moment)s AND (left_at IS NULL OR left_at > %(moment)s)
) past ON true
LEFT JOIN tiers_tier tier ON tier.id = past.tier_id
WHERE {where}
ORDER BY card.status = 3, card.bound_at DESC, card.id DESC
LIMIT 1
FOR NO KEY UPDATE OF card
"""
_HOLDER_BY_NUMBER = _HOLDER.format(join="LEFT JOIN", where="card.number = %(value)s")
_HOLDER_BY_PHONE = _HOLDER.format(join="JOIN", where="contact.phone = %(value)s")

_INSERT = """
WITH claim AS (
    INSERT INTO loyalty_purchase (purchase_id, fingerprint, contact_id, card_id, store_id, till, cashier,
        purchased_at, recorded_at, actor, offline, amount, paid, accrued, qualifying, status, terms, answer)
    VALUES (%(purchase_id)s, %(fingerprint)s, %(contact_id)s, %(card_id)s, %(store_id)s, %(till)s, %(cashier)s,
        %(purchased_at)s, %(now)s, %(actor)s, %(offline)s, %(amount)s, %(paid)s, %(accrued)s, %(qualifying)s,
        'completed', jsonb_build_object('earn_rate', %(earn_rate)s::text, 'multiplier', %(multiplier)s::text,
            'matures_at', %(matures_at)s::text, 'expires_at', %(expires_at)s::text), '{}')
    ON CONFLICT (purchase_id) DO NOTHING
    RETURNING id
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
SELECT id FROM claim
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
    parameters: dict[str, Any] = {"value": find.number or find.phone, "purchase_id": purchase_id, "moment": moment}
    with connection.cursor() as cursor:
        cursor.execute(_HOLDER_BY_NUMBER if find.number else _HOLDER_BY_PHONE, parameters)
        row = cursor.fetchone()
    if row is None:
        existing = Purchase.objects.filter(purchase_id=purchase_id).first()
        if existing is None:
            raise _not_found(find)
        return Holder(0, 0, 0, "", False, Decimal(1), existing)
    card_id, status, contact_id, contact_status, phone, enrolled, multiplier, existing_id = row
    existing = Purchase.objects.get(pk=existing_id) if existing_id else None
    if existing is None:
        _require_holder(find, status, contact_id, phone)
    return Holder(card_id, status, contact_id or 0, contact_status or "", enrolled, multiplier, existing)


def _require_holder(find: Finder, status: int, contact_id: int | None, phone: str | None) -> None:
    """Refuse a phone that is not the holder's, then a card that has no holder."""
    if find.phone and find.phone != phone and (contact_id or customers.by_phone(find.phone) is None):
        raise _not_found(find)
    if contact_id is None:
        raise CardStatusRefused(
            f"The card is {CardStatus(status).label} and belongs to nobody yet.", status=status, action="purchase"
        )


def _not_found(find: Finder) -> LoyaltyError:
    """Return why no card was found, in the order of specs/cash_desk.md: phone before number, form before search."""
    if find.phone and (not find.number or customers.by_phone(find.phone) is None):
        return ContactNotFound(by="phone")
    numbers.read_number(find.number, cards.number_formats())
    return CardNotFound()


def insert(
    actor: Actor, sale: Sale, holder: Holder, award: Award, terms: Terms, schedule: Schedule, settings: Program
) -> int | None:
    """Write receipt, lines and journal in one statement; None when the purchase id was claimed meanwhile."""
    parameters = _receipt(actor, sale, holder, award) | _terms(terms, schedule) | _lines(sale, award)
    parameters["store_id"] = _store(sale.store, settings)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, parameters)
        row = cursor.fetchone()
    return row[0] if row else None


def finish(receipt: int, balance: Decimal, accrual: int | None, redemption: int | None) -> None:
    """Keep the answer and the operations of a receipt."""
    Purchase.objects.filter(pk=receipt).update(
        answer={"balance": str(balance)}, accrual_id=accrual, redemption_id=redemption
    )


def stored(purchase_id: str) -> Purchase:
    """Return a purchase that is known to be there."""
    return Purchase.objects.get(purchase_id=purchase_id)


def _receipt(actor: Actor, sale: Sale, holder: Holder, award: Award) -> dict[str, Any]:
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
        "paid": sale.bonuses_to_pay,
        "accrued": award.spendable,
        "qualifying": award.qualifying,
    }


def _terms(terms: Terms, schedule: Schedule) -> dict[str, str | None]:
    return {
        "earn_rate": str(terms.earn_rate),
        "multiplier": str(terms.multiplier),
        "matures_at": schedule.matures_at.isoformat(),
        "expires_at": schedule.expires_at.isoformat() if schedule.expires_at else None,
    }


def _lines(sale: Sale, award: Award) -> dict[str, Any]:
    basket = sale.basket
    return {
        "positions": list(range(1, len(basket) + 1)),
        "skus": [line.sku for line in basket],
        "names": [line.name for line in basket],
        "categories": [line.category for line in basket],
        "quantities": [line.quantity for line in basket],
        "prices": [line.price for line in basket],
        "amounts": [line.amount for line in basket],
        "paids": award.paid_by_line,
        "accrueds": award.by_line,
    }


def _store(code: str, settings: Program) -> int:
    known = Store.objects.filter(code=code).values_list("pk", flat=True).first()
    if known is not None:
        return known
    if not settings.unknown_stores:
        raise InvalidParameter("This store is not known. Add it in the back office.", name="Store")
    return Store.objects.get_or_create(code=code, defaults={"created_at": clock.now()})[0].pk
