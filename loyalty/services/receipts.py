"""What a purchase leaves behind: one statement to write the receipt, one to keep the answer.

A till with a queue waits for these, so each is one round trip (design.md, The kernel).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.models import Program, Purchase
from loyalty.selectors import scanned_receipts
from loyalty.services import stores
from loyalty.services.holders import Holder
from loyalty.services.sales import Sale
from promos import evaluation
from promos.evaluation import Award, Terms


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
), hold AS (
    SELECT operation_id FROM ledger_hold WHERE key = 'hold:' || %(purchase_id)s FOR NO KEY UPDATE
)
SELECT id, EXISTS (
    SELECT FROM promos_fiscalreceipt scanned,
        unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) AS around (since, until)
    WHERE scanned.contact_id = %(contact_id)s AND scanned.status = 'credited'
      AND scanned.purchased_at BETWEEN around.since AND around.until
      AND scanned.amount IN (%(amount)s, %(amount)s - %(paid)s) AND scanned.store IN ('', %(store)s)
), (SELECT operation_id FROM hold)
FROM claim
"""


# Every till asks these with every receipt: composing them anew each time cost as much as the database's answer.
# The last statement before the commit, so that it sees every receipt that was sent until then, whosever it is.
_FINISH = """
UPDATE loyalty_purchase purchase
SET answer = %(answer)s, accrual_id = %(accrual)s, redemption_id = %(redemption)s,
    to_match = %(unmatched)s AND EXISTS (
        SELECT FROM promos_fiscalreceipt scanned,
            unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) AS around (since, until)
        WHERE scanned.status IN ('accepted', 'credited')
          AND scanned.purchased_at BETWEEN around.since AND around.until
          AND scanned.amount IN (%(amount)s, %(amount)s - %(paid)s) AND scanned.store IN ('', %(store)s)
    )
WHERE id = %(receipt)s
RETURNING to_match
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
    ours would not see what was credited or captured while we waited for it. It locks the hold, which may be another
    customer's: from then on it is captured by this purchase, or not at all.
    """
    parameters = _receipt(actor, receipt) | _lines(receipt)
    parameters["store_id"] = stores.of_sale(receipt.sale.store, settings)
    parameters |= _sale_of(receipt, settings)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, parameters)
        row = cursor.fetchone()
    return Written(*row) if row else None


@dataclass(frozen=True, slots=True)
class Ending:
    """What a purchase has come to: the answer's balance, the operations, whether its scanned receipt is known."""

    balance: Decimal
    accrual: int | None
    redemption: int | None
    matched: bool


def finish(receipt_id: int, receipt: Receipt, ending: Ending, settings: Program) -> bool:
    """Keep the answer and the operations of a receipt; tell whether somebody may have scanned it, so that the purchase
    is to be matched after the commit."""
    parameters = _sale_of(receipt, settings) | {
        "receipt": receipt_id,
        "answer": json.dumps({"balance": str(ending.balance)}),
        "accrual": ending.accrual,
        "redemption": ending.redemption,
        "unmatched": not ending.matched,
        "amount": receipt.sale.amount,
        "paid": receipt.paid,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, parameters)
        return bool(cursor.fetchone()[0])


def stored(purchase_id: str) -> Purchase | None:
    """Return the purchase with the till's id, None if there is none."""
    return Purchase.objects.filter(purchase_id=purchase_id).first()


def known(purchase_id: str) -> Purchase:
    """Return a purchase that is known to be there."""
    return Purchase.objects.get(purchase_id=purchase_id)


def _sale_of(receipt: Receipt, settings: Program) -> dict[str, Any]:
    """Return when and where a scanned receipt of the same sale would stand."""
    since, until = zip(*scanned_receipts.windows(receipt.sale.purchased_at, settings.tzinfo), strict=True)
    return {"since": list(since), "until": list(until), "store": receipt.sale.store}


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
