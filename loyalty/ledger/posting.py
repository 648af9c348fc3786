"""The only writer of the books: accruals and redemptions (rollover has a module of its own).

Serves specs/points_and_tiers.md. Every function runs inside the caller's transaction, takes and returns
points as Decimal with two places, and is idempotent by the caller's key: the same key with the same
fingerprint answers the first operation again, with another fingerprint it raises OperationConflict.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from loyalty.core.errors import InsufficientPoints, OperationConflict
from loyalty.ledger import rounding
from loyalty.ledger.locks import require_transaction


@dataclass(frozen=True, slots=True)
class Fact:
    """What every operation says of itself: whose, under which key, when, by whom and because of what.

    `effective_at`: when it happened; `recorded_at`: when we learned it; `fingerprint`: of the content.
    """

    contact_id: int
    key: str
    fingerprint: str
    effective_at: datetime
    recorded_at: datetime
    actor: str
    cause: str
    reason: str = ""
    corrects_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """The operation that stands in the books; `replayed` when this call found it there already."""

    operation_id: int
    replayed: bool


def fingerprint(*parts: object) -> str:
    """Return a SHA-256 over the parts, to tell a retry from another request with the same key."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()


# The head of every keyed operation: the key is claimed first, and all else hangs on the claim.
CLAIM = """
claim AS (
    INSERT INTO ledger_operationkey (key, fingerprint, contact_id, operation_id)
    SELECT %(key)s, %(fingerprint)s, %(contact_id)s, nextval('ledger_operation_id_seq')
    {condition}
    ON CONFLICT (key) DO NOTHING
    RETURNING operation_id
), operation AS (
    INSERT INTO ledger_operation
        (id, contact_id, kind, effective_at, recorded_at, actor, cause, reason, corrects_id)
    SELECT operation_id, %(contact_id)s, '{kind}', %(effective_at)s, %(recorded_at)s, %(actor)s, %(cause)s,
        %(reason)s, %(corrects_id)s::bigint
    FROM claim
)"""

_ACCRUE = (
    "WITH "
    + CLAIM.format(kind="accrual", condition="")
    + """
, earned AS (
    -- Qualifying points count from when we learned of them: those of a late upload land in the running year.
    SELECT claim.operation_id, part.account, part.amount, part.matures_at, part.expires_at
    FROM claim, (VALUES
        (1, %(spendable)s::numeric, %(matures_at)s::timestamptz, %(expires_at)s::timestamptz),
        (3, %(qualifying)s::numeric, greatest(%(matures_at)s::timestamptz, %(recorded_at)s::timestamptz), NULL)
    ) AS part (account, amount, matures_at, expires_at)
    WHERE part.amount > 0
), balance AS (
    INSERT INTO ledger_bonusbalance (contact_id, account, public_id, amount, lifetime)
    SELECT %(contact_id)s, held.account, gen_random_uuid(), coalesce(earned.amount, 0), coalesce(earned.amount, 0)
    FROM generate_series(1, 4) AS held (account) LEFT JOIN earned ON earned.account + 1 = held.account
    WHERE EXISTS (SELECT 1 FROM claim) AND (earned.amount IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM ledger_bonusbalance WHERE contact_id = %(contact_id)s AND account = held.account))
    ORDER BY held.account
    ON CONFLICT (contact_id, account) DO UPDATE
    SET amount = ledger_bonusbalance.amount + EXCLUDED.amount,
        lifetime = ledger_bonusbalance.lifetime + EXCLUDED.lifetime
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT %(contact_id)s, operation_id, 5, account + 1, amount FROM earned
), lot AS (
    INSERT INTO ledger_lot
        (contact_id, operation_id, account, earned, remaining, matures_at, expires_at)
    SELECT %(contact_id)s, operation_id, account, amount, amount, matures_at, expires_at FROM earned
)
SELECT operation_id FROM claim
"""
)

_REDEEM = (
    """
WITH open AS (
    SELECT id, remaining, sum(remaining) OVER (ORDER BY expires_at NULLS LAST, id) AS running
    FROM ledger_lot
    WHERE contact_id = %(contact_id)s AND account = 1 AND remaining > 0 AND landed IS NOT NULL
      AND (expires_at IS NULL OR expires_at > %(recorded_at)s)
), taken AS (
    SELECT id, least(remaining, %(amount)s::numeric - (running - remaining)) AS amount
    FROM open WHERE running - remaining < %(amount)s::numeric
), free AS (
    SELECT coalesce((SELECT sum(remaining) FROM open), 0) - coalesce((
        SELECT sum(amount) FROM ledger_hold WHERE contact_id = %(contact_id)s AND resolved_at IS NULL
          AND ends_at > %(recorded_at)s AND id IS DISTINCT FROM %(from_hold)s::bigint), 0) AS amount
), """
    + CLAIM.format(kind="redemption", condition="FROM free WHERE free.amount >= %(amount)s::numeric")
    + """
, lot AS (
    UPDATE ledger_lot lot SET remaining = lot.remaining - taken.amount
    FROM taken, claim WHERE lot.id = taken.id
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT %(contact_id)s, taken.id, claim.operation_id, taken.amount FROM taken, claim
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT %(contact_id)s, operation_id, 1, 6, %(amount)s::numeric FROM claim
), balance AS (
    UPDATE ledger_bonusbalance balance SET amount = balance.amount - %(amount)s::numeric
    FROM claim WHERE balance.contact_id = %(contact_id)s AND balance.account = 1
)
SELECT (SELECT operation_id FROM claim), (SELECT amount FROM free)
"""
)


def accrue(
    fact: Fact,
    *,
    spendable: Decimal,
    qualifying: Decimal,
    matures_at: datetime,
    expires_at: datetime | None,
) -> Posted:
    """Put points into both escrow accounts as lots that mature at `matures_at` (1 statement; 2 when repeated).

    Takes points with two places, zero or more; at least one above zero. A purchase of the past may be
    mature already: it still enters by escrow, and the next rollover of the contact lands it; its qualifying points
    mature when they are recorded (docs/decisions/years-of-qualification.md). Who lands it
    in the same transaction locks the balances first, so that they are locked in their order.
    """
    _require_points(spendable, qualifying)
    parameters = _parameters(fact) | {
        "spendable": spendable,
        "qualifying": qualifying,
        "matures_at": matures_at,
        "expires_at": expires_at,
    }
    row = _write(_ACCRUE, parameters)
    return Posted(row[0], replayed=False) if row else _replay(fact)


def redeem(fact: Fact, *, amount: Decimal, from_hold: int | None = None) -> Posted:
    """Take spendable points, from the lot that expires first on (1 statement; 2 when repeated).

    The caller holds the contact's balances and has rolled over what is due. Points that open holds keep, other
    than `from_hold`, are not free. Raises InsufficientPoints with `available` when fewer are; nothing is written.
    """
    _require_points(amount)
    row = _write(_REDEEM, _parameters(fact) | {"amount": amount, "from_hold": from_hold})
    if row[0] is not None:
        return Posted(row[0], replayed=False)
    posted = find(fact)
    if posted is None:
        raise InsufficientPoints(available=max(row[1], rounding.ZERO))
    return posted


def find(fact: Fact) -> Posted | None:
    """Return the operation posted under the fact's key, None if there is none. Raises OperationConflict."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT operation_id, fingerprint FROM ledger_operationkey WHERE key = %(key)s", {"key": fact.key}
        )
        row = cursor.fetchone()
    if row is None:
        return None
    if row[1] != fact.fingerprint:
        raise OperationConflict(key=fact.key)
    return Posted(row[0], replayed=True)


def _replay(fact: Fact) -> Posted:
    posted = find(fact)
    if posted is None:
        raise RuntimeError("an operation key was refused but is not there")
    return posted


def _parameters(fact: Fact) -> dict[str, Any]:
    return asdict(fact)


def _write(sql: str, parameters: dict[str, Any]) -> Any:
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()


def _require_points(*amounts: Decimal) -> None:
    if any(not rounding.is_exact(amount) or amount < 0 for amount in amounts) or not any(amounts):
        raise ValueError("points are decimals with two places, not below zero, and not all zero")
