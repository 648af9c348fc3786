"""Rollover: lots that have matured leave escrow, in sets, range of contacts by range (specs/points_and_tiers.md).

Each lot lands exactly once: its contact's balances are locked first, and only lots not landed are taken.
So the job may be killed, run twice at once, or come a month late.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from loyalty.ledger import locks


@dataclass(frozen=True, slots=True)
class ContactRange:
    """Contacts for whom something is due, neighbours among those, and how much: lots, or contacts at the year end."""

    contacts: Sequence[int]
    size: int


@dataclass(frozen=True, slots=True)
class Landed:
    """What one call rolled over; `qualified` names the contacts whose tier-qualifying points landed.

    `year_over`: some of the contacts hold qualifying points of a year that is over and not closed.
    """

    lots: int
    spendable: Decimal
    qualifying: Decimal
    qualified: Sequence[int]
    year_over: bool = False


# Cut by lots, not by contacts: a range's locks are held as long as its lots take, and no contact is divided.
_RANGES = """
SELECT array_agg(contact_id ORDER BY contact_id), sum(lots)::bigint FROM (
    SELECT contact_id, lots,
        (sum(lots) OVER (ORDER BY contact_id ROWS UNBOUNDED PRECEDING) - lots)::bigint / %(size)s AS part
    FROM (
        SELECT contact_id, count(*) AS lots FROM ledger_lot
        WHERE landed IS NULL AND remaining > 0 AND matures_at <= %(as_of)s
        GROUP BY contact_id
    ) AS held
) AS due GROUP BY part ORDER BY part
"""

# Only contacts whose balances are locked: a lot may have come between the locking statement and this one.
# One operation for each contact and moment of maturity, so that the books tell any balance at any past moment.
_LAND = """
WITH due AS MATERIALIZED (
    SELECT id, contact_id, greatest(matures_at, %(not_before)s::timestamptz) AS moment FROM ledger_lot
    WHERE landed IS NULL AND remaining > 0 AND matures_at <= %(as_of)s AND contact_id = ANY(%(contacts)s)
), operation AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT DISTINCT contact_id, 'rollover', moment, %(recorded_at)s::timestamptz, %(actor)s, %(cause)s
    FROM due ORDER BY contact_id, moment
    RETURNING id, contact_id, effective_at
), landed AS (
    UPDATE ledger_lot lot SET landed = operation.id
    FROM due JOIN operation
      ON operation.contact_id = due.contact_id AND operation.effective_at = due.moment
    WHERE lot.id = due.id
    RETURNING lot.contact_id, lot.account, lot.remaining, lot.matures_at, operation.id AS operation_id
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT contact_id, operation_id, account + 1, account, sum(remaining)
    FROM landed GROUP BY contact_id, operation_id, account
), moved AS (
    SELECT contact_id, account, sum(remaining) AS amount FROM landed GROUP BY contact_id, account
), balance AS (
    UPDATE ledger_bonusbalance balance
    SET amount = balance.amount + change.amount, lifetime = balance.lifetime + change.entered
    FROM (
        SELECT contact_id, account, amount, amount AS entered FROM moved
        UNION ALL
        SELECT contact_id, account + 1, -amount, 0 FROM moved
    ) change
    WHERE balance.contact_id = change.contact_id AND balance.account = change.account
)
SELECT count(*),
       coalesce(sum(remaining) FILTER (WHERE account = 1), 0),
       coalesce(sum(remaining) FILTER (WHERE account = 3), 0),
       coalesce(array_agg(DISTINCT contact_id) FILTER (WHERE account = 3), '{}'),
       coalesce(bool_or(account = 3 AND matures_at < %(year_began)s::timestamptz), false) OR EXISTS (
           SELECT FROM ledger_lot WHERE contact_id = ANY(%(contacts)s) AND account = 3 AND landed IS NOT NULL
             AND remaining > 0 AND matures_at < %(year_began)s::timestamptz)
FROM landed
"""

# A contact in debt has no other landed points: what has just landed pays it, in the order of maturity.
_ABSORB_DEBT = """
WITH debt AS (
    SELECT contact_id, amount FROM unnest(%(contacts)s::bigint[], %(debts)s::numeric[]) AS d (contact_id, amount)
), open AS (
    SELECT lot.id, lot.contact_id, lot.landed, lot.remaining, debt.amount AS debt,
        sum(lot.remaining) OVER (PARTITION BY lot.contact_id ORDER BY lot.matures_at, lot.id) AS running
    FROM ledger_lot lot JOIN debt ON debt.contact_id = lot.contact_id
    WHERE lot.account = 1 AND lot.landed IS NOT NULL AND lot.remaining > 0
), taken AS (
    SELECT id, contact_id, landed, least(remaining, debt - (running - remaining)) AS amount
    FROM open WHERE running - remaining < debt
), lot AS (
    UPDATE ledger_lot lot SET remaining = lot.remaining - taken.amount FROM taken WHERE lot.id = taken.id
)
INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
SELECT contact_id, id, landed, amount FROM taken
"""


_PREVIEW = """
SELECT count(DISTINCT contact_id), count(*),
       coalesce(sum(remaining) FILTER (WHERE account = 1), 0),
       coalesce(sum(remaining) FILTER (WHERE account = 3), 0)
FROM ledger_lot WHERE landed IS NULL AND remaining > 0 AND matures_at <= %(as_of)s
"""


def due_ranges(as_of: datetime, size: int) -> list[ContactRange]:
    """Return the ranges of contacts that have lots mature at `as_of` (1 statement, reads only).

    A range ends with the contact whose lots reach `size`; so it holds fewer than `size` and those of one contact.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RANGES, {"as_of": as_of, "size": size})
        return [ContactRange(*row) for row in cursor.fetchall()]


def roll_over(
    contacts: Sequence[int],
    *,
    as_of: datetime,
    recorded_at: datetime,
    actor: str,
    cause: str,
    not_before: datetime | None = None,
    year_began: datetime | None = None,
) -> Landed:
    """Land every lot of the contacts that has matured at `as_of` (2 statements, 3 with debts, 2 more for new contacts).

    Escrow goes to spendable and to tier-qualifying; a debt is paid from what lands. The caller moves tiers
    for `qualified` in the same transaction, and closes the year where points landed before `year_began`. Points that
    came to a contact after their maturity land at `not_before`, the moment at which they came: before it they were not
    there to land.
    """
    locked = locks.lock_many(contacts)
    debts = [(contact, debt) for contact, debt in locked if debt]
    parameters: dict[str, Any] = {
        "contacts": [contact for contact, _ in locked],
        "as_of": as_of,
        "recorded_at": recorded_at,
        "actor": actor,
        "cause": cause,
        "not_before": not_before,
        "year_began": year_began,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LAND, parameters)
        landed = Landed(*cursor.fetchone())
        if debts:
            debtors, amounts = zip(*debts, strict=True)
            cursor.execute(_ABSORB_DEBT, {"contacts": list(debtors), "debts": list(amounts)})
    return landed


def commit_without_waiting() -> None:
    """Let this transaction's commit return before it is flushed, so that its locks are not held for a slow disk.

    For the job alone: what a crash of the database loses of it was due before and is due again, and lands with the
    same moments. A later commit of a till flushes everything before itself, so nothing spent can be lost.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def preview(as_of: datetime) -> tuple[int, int, Decimal, Decimal]:
    """Return contacts, lots, spendable and qualifying points that are due at `as_of` (1 statement, reads only)."""
    with connection.cursor() as cursor:
        cursor.execute(_PREVIEW, {"as_of": as_of})
        row: tuple[int, int, Decimal, Decimal] = cursor.fetchone()
    return row
