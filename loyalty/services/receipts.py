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
from cards.errors import CardNotFound, CardStatusRefused
from cards.models import CardStatus
from customers import identifiers
from customers.errors import ContactNotFound
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
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
    """How a purchase names its card: `column` is cards_card.number or customers_contact.phone."""

    by_phone: bool
    value: str


_HOLDER = """
SELECT card.id, card.status, contact.id, contact.status, standing.id IS NOT NULL,
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
        'completed', jsonb_build_object('earn_rate', %(earn_rate)s::text, 'multiplier', %(multiplier)s::text), '{}')
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
    """Return how to find the card; a number decides over a phone. Raises CardNumberInvalid, PhoneInvalid."""
    if number:
        return Finder(by_phone=False, value=numbers.read_number(number, cards.number_formats()))
    return Finder(by_phone=True, value=identifiers.read_phone(phone))


def lock_holder(find: Finder, purchase_id: str, moment: datetime) -> Holder:
    """Lock the card and read its holder in one statement. Raises CardNotFound, ContactNotFound, CardStatusRefused."""
    parameters: dict[str, Any] = {"value": find.value, "purchase_id": purchase_id, "moment": moment}
    with connection.cursor() as cursor:
        cursor.execute(_HOLDER_BY_PHONE if find.by_phone else _HOLDER_BY_NUMBER, parameters)
        row = cursor.fetchone()
    if row is None:
        raise ContactNotFound(by="phone") if find.by_phone else CardNotFound()
    *_, existing_id = row
    existing = Purchase.objects.get(pk=existing_id) if existing_id else None
    if row[2] is None and existing is None:
        raise CardStatusRefused(
            f"The card is {CardStatus(row[1]).label} and belongs to nobody yet.",
            status=row[1],
            action="purchase",
        )
    return Holder(row[0], row[1], row[2] or 0, row[3] or "", row[4], row[5], existing)


def insert(actor: Actor, sale: Sale, holder: Holder, award: Award, terms: Terms, settings: Program) -> int | None:
    """Write receipt, lines and journal in one statement; None when the purchase id was claimed meanwhile."""
    parameters = _receipt(actor, sale, holder, award, terms) | _lines(sale, award)
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


def _receipt(actor: Actor, sale: Sale, holder: Holder, award: Award, terms: Terms) -> dict[str, Any]:
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
        "earn_rate": str(terms.earn_rate),
        "multiplier": str(terms.multiplier),
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
