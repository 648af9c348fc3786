"""The turn of the year: qualifying points of a year that is over are moved out, in sets (specs/points_and_tiers.md).

One operation for each contact and year, effective when the year was over, and a draw on every lot, so that history
shows what was moved and when. A lot counts for the year in which it landed, which is when it matured: so the books
tell by themselves what is still to be closed, and a close may be killed, repeated, or come late. The caller holds the
contacts' balances, has landed what matured, and has judged standings by the balance before it goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from loyalty.ledger.locks import require_transaction


@dataclass(frozen=True, slots=True)
class Closed:
    """What one call moved out: contacts, lots and points."""

    contacts: int = 0
    lots: int = 0
    points: Decimal = Decimal(0)


# `turns` ascends: the bucket of a moment is the number of turns up to it, so the next one closes its year. Points older
# than all of them go with the first.
_CLOSE = """
WITH old AS MATERIALIZED (
    SELECT id, contact_id, remaining,
        greatest((%(turns)s::timestamptz[])[width_bucket(matures_at, %(turns)s::timestamptz[]) + 1],
            %(not_before)s::timestamptz) AS turned_at
    FROM ledger_lot
    WHERE contact_id = ANY(%(contacts)s) AND account = 3 AND landed IS NOT NULL AND remaining > 0
      AND matures_at < %(before)s
), operation AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT DISTINCT contact_id, 'year_close', turned_at, %(recorded_at)s::timestamptz, %(actor)s, 'year end'
    FROM old ORDER BY contact_id, turned_at
    RETURNING id, contact_id, effective_at
), closed AS (
    SELECT old.id, old.contact_id, old.remaining, operation.id AS operation_id
    FROM old JOIN operation ON operation.contact_id = old.contact_id AND operation.effective_at = old.turned_at
), lot AS (
    UPDATE ledger_lot lot SET remaining = 0 FROM closed WHERE lot.id = closed.id
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT contact_id, id, operation_id, remaining FROM closed
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT contact_id, operation_id, 3, 9, sum(remaining) FROM closed GROUP BY contact_id, operation_id
), balance AS (
    UPDATE ledger_bonusbalance balance SET amount = balance.amount - change.amount
    FROM (SELECT contact_id, sum(remaining) AS amount FROM closed GROUP BY contact_id) change
    WHERE balance.contact_id = change.contact_id AND balance.account = 3
)
SELECT count(DISTINCT contact_id), count(*), coalesce(sum(remaining), 0) FROM closed
"""


def close(
    contacts: Sequence[int],
    *,
    turns: Sequence[datetime],
    recorded_at: datetime,
    actor: str,
    not_before: datetime | None = None,
) -> Closed:
    """Move out every qualifying point of the contacts that landed before the last of `turns` (1 statement).

    `turns`: the ends of the years that are over, the oldest first; a point goes at the first after its landing.
    Points that came to a contact after their year was over go at `not_before`: before it they were not there to go.
    """
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSE,
            {
                "contacts": list(contacts),
                "turns": list(turns),
                "before": turns[-1],
                "recorded_at": recorded_at,
                "actor": actor,
                "not_before": not_before,
            },
        )
        return Closed(*cursor.fetchone())
