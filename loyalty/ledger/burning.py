"""Expiry: what has expired by the clock is booked as burned, in sets, range of contacts by range.

Serves specs/points_and_tiers.md, Lots. Reads count an expired lot as burned from `expires_at` on; this only books it,
one operation for each contact and moment of expiry. Lots leave escrow first (`rollover`), as they do in time.
"""

from datetime import datetime
from typing import Any

from django.db import connection

from loyalty.ledger.locks import require_transaction

_BURN = """
WITH gone AS MATERIALIZED (
    SELECT id, contact_id, remaining, expires_at FROM ledger_lot
    WHERE contact_id = ANY(%(contacts)s) AND account = 1 AND landed IS NOT NULL AND remaining > 0
      AND expires_at <= %(as_of)s
), operation AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT DISTINCT contact_id, 'expiry', expires_at, %(recorded_at)s::timestamptz, %(actor)s, 'expiry'
    FROM gone ORDER BY contact_id, expires_at
    RETURNING id, contact_id, effective_at
), burned AS (
    SELECT gone.id, gone.contact_id, gone.remaining, operation.id AS operation_id
    FROM gone JOIN operation
      ON operation.contact_id = gone.contact_id AND operation.effective_at = gone.expires_at
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
SELECT count(*) FROM burned
"""


def burn(contacts: list[int], *, as_of: datetime, recorded_at: datetime, actor: str) -> int:
    """Book what has expired at `as_of` for contacts whose balances the caller holds (1 statement); return the lots.

    The contacts have been rolled over at `as_of`, so that a debt is paid before anything burns.
    """
    require_transaction()
    parameters: dict[str, Any] = {"contacts": contacts, "as_of": as_of, "recorded_at": recorded_at, "actor": actor}
    with connection.cursor() as cursor:
        cursor.execute(_BURN, parameters)
        return int(cursor.fetchone()[0])
