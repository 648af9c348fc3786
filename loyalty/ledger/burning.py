"""Expiry: what has expired by the clock is booked as burned, in sets, range of contacts by range.

Serves specs/points_and_tiers.md, Lots. Reads count an expired lot as burned from `expires_at` on; this only books it,
one operation for each contact and moment of expiry. Lots leave escrow first (`rollover`), as they do in time, so that
a debt is paid before anything burns. Under the policy of inactivity a purchase puts the expiry of live lots off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from loyalty.ledger.locks import require_transaction
from loyalty.ledger.rollover import ContactRange
from loyalty.ledger.rounding import ZERO


@dataclass(frozen=True, slots=True)
class Burned:
    """What one call burned."""

    lots: int
    points: Decimal = ZERO


# What has expired, landed or not: each half has an index of its own, so what waits costs nothing.
_EXPIRED = """
    SELECT contact_id FROM ledger_lot
    WHERE landed IS NOT NULL AND remaining > 0 AND expires_at <= %(as_of)s
    UNION ALL
    SELECT contact_id FROM ledger_lot
    WHERE landed IS NULL AND remaining > 0 AND matures_at <= %(as_of)s AND expires_at <= %(as_of)s
"""

# Cut by lots, not by contacts, as those of the rollover are: a range's locks are held as long as its lots take.
_RANGES = f"""
SELECT array_agg(contact_id ORDER BY contact_id), sum(lots)::bigint FROM (
    SELECT contact_id, lots,
        (sum(lots) OVER (ORDER BY contact_id ROWS UNBOUNDED PRECEDING) - lots)::bigint / %(size)s AS part
    FROM (SELECT contact_id, count(*) AS lots FROM ({_EXPIRED}) AS expired GROUP BY contact_id) AS held
) AS due GROUP BY part ORDER BY part
"""

_BURN = """
WITH gone AS MATERIALIZED (
    SELECT id, contact_id, remaining, greatest(expires_at, %(not_before)s::timestamptz) AS moment FROM ledger_lot
    WHERE contact_id = ANY(%(contacts)s) AND account = 1 AND landed IS NOT NULL AND remaining > 0
      AND expires_at <= %(as_of)s
), operation AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT DISTINCT contact_id, 'expiry', moment, %(recorded_at)s::timestamptz, %(actor)s, 'expiry'
    FROM gone ORDER BY contact_id, moment
    RETURNING id, contact_id, effective_at
), burned AS (
    SELECT gone.id, gone.contact_id, gone.remaining, operation.id AS operation_id
    FROM gone JOIN operation ON operation.contact_id = gone.contact_id AND operation.effective_at = gone.moment
), lot AS (
    UPDATE ledger_lot lot SET remaining = 0, expired = coalesce(lot.expired, burned.operation_id)
    FROM burned WHERE lot.id = burned.id
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT contact_id, id, operation_id, remaining FROM burned
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT contact_id, operation_id, 1, 7, sum(remaining) FROM burned GROUP BY contact_id, operation_id
), balance AS (
    UPDATE ledger_bonusbalance balance SET amount = balance.amount - change.amount
    FROM (SELECT contact_id, sum(remaining) AS amount FROM burned GROUP BY contact_id) change
    WHERE balance.contact_id = change.contact_id AND balance.account = 1
)
SELECT count(*), coalesce(sum(remaining), 0) FROM burned
"""

# As a read of each balance reckons it: lots not landed yet pay a debt first, in the order of maturity.
_PREVIEW = f"""
WITH due AS (SELECT DISTINCT contact_id FROM ({_EXPIRED}) AS expired), held AS (
    SELECT due.contact_id, greatest(-coalesce(balance.amount, 0), 0) AS debt
    FROM due LEFT JOIN ledger_bonusbalance balance ON balance.contact_id = due.contact_id AND balance.account = 1
), mature AS (
    SELECT lot.contact_id, lot.expires_at, CASE
        WHEN landed IS NOT NULL OR held.debt = 0 THEN remaining
        ELSE greatest(0, least(remaining, sum(CASE WHEN landed IS NULL THEN remaining ELSE 0 END)
            OVER (PARTITION BY lot.contact_id ORDER BY matures_at, id) - held.debt))
        END AS kept
    FROM ledger_lot lot JOIN held ON held.contact_id = lot.contact_id
    WHERE account = 1 AND remaining > 0 AND matures_at <= %(as_of)s
)
SELECT count(DISTINCT contact_id), count(*), coalesce(sum(kept), 0) FROM mature
WHERE kept > 0 AND expires_at <= %(as_of)s
"""

_PUT_OFF = """
UPDATE ledger_lot SET expires_at = %(until)s
WHERE contact_id = %(contact)s AND account = 1 AND remaining > 0
  AND expires_at > %(now)s AND expires_at < %(until)s
"""


def due_ranges(as_of: datetime, size: int) -> list[ContactRange]:
    """Return the ranges of contacts that have lots expired at `as_of` (1 statement, reads only).

    A range ends with the contact whose lots reach `size`; so it holds fewer than `size` and those of one contact.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RANGES, {"as_of": as_of, "size": size})
        return [ContactRange(*row) for row in cursor.fetchall()]


def burn(
    contacts: Sequence[int], *, as_of: datetime, recorded_at: datetime, actor: str, not_before: datetime | None = None
) -> Burned:
    """Book what has expired at `as_of` for contacts whose balances the caller holds (1 statement).

    The contacts have been rolled over at `as_of`, so that a debt is paid before anything burns. Points that came back
    after their expiry burn at `not_before`, the moment at which they came: before it they were not there to burn.
    """
    require_transaction()
    parameters: dict[str, Any] = {
        "contacts": list(contacts),
        "as_of": as_of,
        "recorded_at": recorded_at,
        "actor": actor,
        "not_before": not_before,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BURN, parameters)
        return Burned(*cursor.fetchone())


def preview(as_of: datetime) -> tuple[int, int, Decimal]:
    """Return contacts, lots and points that would burn at `as_of` (1 statement, reads only; the future is allowed)."""
    with connection.cursor() as cursor:
        cursor.execute(_PREVIEW, {"as_of": as_of})
        row: tuple[int, int, Decimal] = cursor.fetchone()
    return row


def put_off(contact_id: int, *, until: datetime, now: datetime) -> int:
    """Let every live spendable lot of a contact, in escrow too, expire at `until` at the earliest (1 statement).

    The caller holds the contact's balances, so that no expiry is booked meanwhile. Nothing expires sooner by it, what
    never expires stays so, and what has expired by `now` stays expired. Returns how many lots got a later date.
    """
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(_PUT_OFF, {"contact": contact_id, "until": until, "now": now})
        return int(cursor.rowcount)
