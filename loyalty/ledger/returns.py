"""Returns: points of a purchase are taken back, and bonuses that paid for it go back into their lots.

Serves specs/points_and_tiers.md, Returns. The caller holds the contact's balances, has rolled over what is due and
burned what has expired; every function runs inside the caller's transaction and is idempotent by the fact's key.
"""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from loyalty.ledger import posting
from loyalty.ledger.locks import require_transaction
from loyalty.ledger.posting import Fact
from loyalty.ledger.rounding import ZERO


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a return took: `spendable` counts what became a debt as well."""

    operation_id: int | None
    spendable: Decimal
    qualifying: Decimal
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a return may reach for spendable points once their own lot no longer holds them.

    `landed`: whether points that have left escrow are taken at all; `others`: whether other lots pay;
    `debt`: whether what is missing still becomes a debt (the return policies of the specification).
    """

    landed: bool
    others: bool
    debt: bool


# Own lots first, whole; then other landed spendable lots, the one that expires first on; then a debt. What of the
# accrual has burned is gone already: others and a debt give no more than what was earned less burned less taken before.
# Without a burned point that bound binds nothing, for returns together never ask for more than was earned. Where the
# customer who earned them was merged into this one, the lots that took over theirs are the own ones: `family` has been
# one with this customer some time, `kin` is so now.
_TAKE_BACK = """
WITH RECURSIVE family (contact_id) AS (
    SELECT %(contact_id)s::bigint
    UNION
    SELECT move.out_contact FROM ledger_move move JOIN family ON family.contact_id = move.in_contact
), kin (contact_id) AS (
    SELECT %(contact_id)s::bigint
    UNION
    SELECT move.out_contact FROM ledger_move move JOIN kin ON kin.contact_id = move.in_contact
    WHERE move.undoes_id IS NULL AND NOT EXISTS (SELECT FROM ledger_move later WHERE later.undoes_id = move.id)
), earned AS (
    SELECT id FROM ledger_lot WHERE contact_id = %(contact_id)s AND operation_id = %(accrual)s AND remaining > 0
    UNION ALL
    SELECT lot_id FROM ledger_movedlot WHERE contact_id = %(contact_id)s AND accrual_id = %(accrual)s
), own AS (
    SELECT lot.id, lot.account, lot.landed IS NULL AS escrow, lot.remaining, least(lot.remaining,
        CASE lot.account WHEN 1 THEN %(spendable)s::numeric ELSE %(qualifying)s::numeric END) AS amount
    FROM ledger_lot lot
    WHERE lot.contact_id = %(contact_id)s AND lot.id IN (SELECT id FROM earned) AND lot.remaining > 0
      AND (%(landed)s::boolean OR lot.landed IS NULL)
), reclaimable AS (
    SELECT coalesce((
        SELECT sum(amount) FROM ledger_transfer
        WHERE contact_id IN (SELECT contact_id FROM family) AND operation_id = %(accrual)s AND source = 5 AND target = 2
    ), 0) - coalesce((
        SELECT sum(draw.amount) FROM kin
        JOIN ledger_operation expiry
            ON expiry.contact_id = kin.contact_id AND expiry.kind IN ('expiry', 'forfeiture')
        JOIN ledger_draw draw ON draw.contact_id = expiry.contact_id AND draw.operation_id = expiry.id
        JOIN ledger_lot lot ON lot.contact_id = draw.contact_id AND lot.id = draw.lot_id
        LEFT JOIN ledger_movedlot moved ON moved.contact_id = lot.contact_id AND moved.lot_id = lot.id
        WHERE coalesce(moved.accrual_id, lot.operation_id) = %(accrual)s
    ), 0) - coalesce((
        SELECT sum(transfer.amount) FROM family
        JOIN ledger_operation earlier ON earlier.contact_id = family.contact_id
        JOIN ledger_transfer transfer
          ON transfer.contact_id = earlier.contact_id AND transfer.operation_id = earlier.id
        WHERE earlier.kind = 'return' AND earlier.corrects_id = %(accrual)s AND transfer.source IN (1, 2)
    ), 0) AS amount
), missing AS (
    SELECT CASE WHEN %(others)s::boolean THEN greatest(
        least(%(spendable)s::numeric, reclaimable.amount)
        - coalesce((SELECT sum(amount) FROM own WHERE account = 1), 0), 0)
        ELSE 0 END AS amount
    FROM reclaimable
), other AS (
    SELECT lot.id, lot.remaining, missing.amount AS missing,
        sum(lot.remaining) OVER (ORDER BY lot.expires_at NULLS LAST, lot.id) AS running
    FROM ledger_lot lot, missing
    WHERE lot.contact_id = %(contact_id)s AND lot.account = 1 AND lot.remaining > 0 AND lot.landed IS NOT NULL
      AND lot.id NOT IN (SELECT id FROM earned) AND missing.amount > 0
      AND (lot.expires_at IS NULL OR lot.expires_at > %(recorded_at)s)
), taken AS (
    SELECT id, account, escrow, amount FROM own WHERE amount > 0
    UNION ALL
    SELECT id, 1, false, least(remaining, missing - (running - remaining)) FROM other
    WHERE running - remaining < missing
), debt AS (
    SELECT CASE WHEN %(debt)s::boolean
        THEN missing.amount - coalesce((SELECT sum(amount) FROM taken WHERE id IN (SELECT id FROM other)), 0)
        ELSE 0 END AS amount
    FROM missing
), moved AS (
    SELECT account + escrow::int AS account, sum(amount) AS amount FROM (
        SELECT account, escrow, amount FROM taken
        UNION ALL SELECT 1, false, amount FROM debt WHERE amount > 0
    ) part GROUP BY account + escrow::int
), """
_TAKE_BACK += (
    posting.CLAIM.format(kind="return", condition="WHERE EXISTS (SELECT FROM moved)")
    + """
, lot AS (
    UPDATE ledger_lot lot SET remaining = lot.remaining - taken.amount FROM taken, claim WHERE lot.id = taken.id
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT %(contact_id)s, taken.id, claim.operation_id, taken.amount FROM taken, claim
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT %(contact_id)s, claim.operation_id, moved.account, 5, moved.amount FROM moved, claim
), balance AS (
    UPDATE ledger_bonusbalance balance SET amount = balance.amount - moved.amount
    FROM moved, claim WHERE balance.contact_id = %(contact_id)s AND balance.account = moved.account
)
SELECT (SELECT operation_id FROM claim),
    coalesce((SELECT sum(amount) FROM moved WHERE account IN (1, 2)), 0),
    coalesce((SELECT sum(amount) FROM moved WHERE account IN (3, 4)), 0)
"""
)

# Each lot takes back at most what the redemption drew from it and no restoration has put back; the lot that expires
# last first, so that the customer keeps the points longest. After a merge the draws may stand at another customer: then
# the points go into the lot that took that one's place here, not into that of a merge that was undone.
_RESTORE = """
WITH RECURSIVE family (contact_id) AS (
    SELECT %(contact_id)s::bigint
    UNION
    SELECT move.out_contact FROM ledger_move move JOIN family ON family.contact_id = move.in_contact
), drawn AS (
    SELECT draw.contact_id, draw.lot_id, coalesce(moved.root_id, draw.lot_id) AS root_id, sum(draw.amount) AS amount
    FROM family
    JOIN ledger_operation operation ON operation.contact_id = family.contact_id
        AND (operation.id = %(redemption)s
             OR (operation.corrects_id = %(redemption)s AND operation.kind = 'restoration'))
    JOIN ledger_draw draw ON draw.contact_id = family.contact_id AND draw.operation_id = operation.id
        AND (operation.id = %(redemption)s OR draw.amount < 0)
    LEFT JOIN ledger_movedlot moved ON moved.contact_id = draw.contact_id AND moved.lot_id = draw.lot_id
    GROUP BY 1, 2, 3
), placed AS (
    SELECT amount, CASE WHEN contact_id = %(contact_id)s THEN lot_id ELSE (
        SELECT lot.id FROM ledger_lot lot
        LEFT JOIN ledger_movedlot moved ON moved.contact_id = lot.contact_id AND moved.lot_id = lot.id
        WHERE lot.contact_id = %(contact_id)s AND coalesce(moved.root_id, lot.id) = drawn.root_id
        ORDER BY EXISTS (SELECT FROM ledger_move came JOIN ledger_move undo ON undo.undoes_id = came.id
            WHERE came.in_operation = lot.operation_id), lot.earned - lot.remaining DESC, lot.id DESC LIMIT 1
        ) END AS lot_id
    FROM drawn
), room AS (
    SELECT placed.lot_id, least(sum(placed.amount), lot.earned - lot.remaining) AS amount, lot.expires_at
    FROM placed JOIN ledger_lot lot ON lot.id = placed.lot_id AND lot.contact_id = %(contact_id)s
    GROUP BY placed.lot_id, lot.earned, lot.remaining, lot.expires_at HAVING sum(placed.amount) > 0
), open AS (
    SELECT lot_id, amount, sum(amount) OVER (ORDER BY expires_at DESC NULLS FIRST, lot_id DESC) AS running
    FROM room WHERE amount > 0
), given AS (
    SELECT lot_id, least(amount, %(amount)s::numeric - (running - amount)) AS amount
    FROM open WHERE running - amount < %(amount)s::numeric
), """
_RESTORE += (
    posting.CLAIM.format(kind="restoration", condition="WHERE (SELECT sum(amount) FROM given) = %(amount)s::numeric")
    + """
, lot AS (
    UPDATE ledger_lot lot SET remaining = lot.remaining + given.amount,
        expires_at = CASE WHEN lot.expires_at <= %(recorded_at)s AND %(grace)s::timestamptz IS NOT NULL
            THEN %(grace)s::timestamptz ELSE lot.expires_at END
    FROM given, claim WHERE lot.id = given.lot_id AND lot.contact_id = %(contact_id)s
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT %(contact_id)s, given.lot_id, claim.operation_id, -given.amount FROM given, claim
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT %(contact_id)s, operation_id, 6, 1, %(amount)s::numeric FROM claim
), balance AS (
    UPDATE ledger_bonusbalance balance
    SET amount = balance.amount + %(amount)s::numeric, lifetime = balance.lifetime + %(amount)s::numeric
    FROM claim WHERE balance.contact_id = %(contact_id)s AND balance.account = 1
)
SELECT operation_id, (SELECT greatest(-amount, 0) FROM ledger_bonusbalance
    WHERE contact_id = %(contact_id)s AND account = 1) FROM claim
"""
)

# A contact in debt held no landed points: what has come back pays first, the lot that expires first on.
_PAY_DEBT = """
WITH open AS (
    SELECT id, remaining, sum(remaining) OVER (ORDER BY expires_at NULLS LAST, id) AS running FROM ledger_lot
    WHERE contact_id = %(contact)s AND account = 1 AND remaining > 0 AND landed IS NOT NULL
), taken AS (
    SELECT id, least(remaining, %(debt)s::numeric - (running - remaining)) AS amount
    FROM open WHERE running - remaining < %(debt)s::numeric
), lot AS (
    UPDATE ledger_lot lot SET remaining = lot.remaining - taken.amount FROM taken WHERE lot.id = taken.id
)
INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
SELECT %(contact)s, id, %(operation)s, amount FROM taken
"""


def take_back(fact: Fact, *, accrual_id: int, spendable: Decimal, qualifying: Decimal, reach: Reach) -> TakenBack:
    """Take points of an accrual back: from its own lots first, then as far as `reach` allows (1 statement; 2 repeated).

    The fact's `corrects_id` names the accrual. What of it has burned is not taken again from anywhere. Qualifying
    points come from the accrual's own lot only: what a closed year has moved out is gone. Returns what was taken; no
    operation when there was nothing to take.
    """
    posted = posting.find(fact)
    if posted is not None:
        return TakenBack(posted.operation_id, *_taken_by(fact.contact_id, posted.operation_id), replayed=True)
    parameters = asdict(fact) | asdict(reach)
    parameters |= {"accrual": accrual_id, "spendable": spendable, "qualifying": qualifying}
    require_transaction()
    with connection.cursor() as cursor:
        if reach.debt:
            cursor.execute("SELECT set_config('ledger.debt_allowed', 'yes', true)")
        cursor.execute(_TAKE_BACK, parameters)
        row = cursor.fetchone()
        if reach.debt:
            cursor.execute("SELECT set_config('ledger.debt_allowed', '', true)")
    return TakenBack(*row)


def restore(fact: Fact, *, redemption_id: int, amount: Decimal, grace_until: Any = None) -> int:
    """Put `amount` of a redemption back into the lots it was drawn from; return the operation.

    The fact's `corrects_id` names the redemption. A lot that has expired meanwhile keeps its expiry, so the points
    burn again, unless `grace_until` gives them a new one. Raises ValueError when the redemption drew less.
    """
    posted = posting.find(fact)
    if posted is not None:
        return posted.operation_id
    parameters = asdict(fact) | {"redemption": redemption_id, "amount": amount, "grace": grace_until}
    require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(_RESTORE, parameters)
        row = cursor.fetchone()
        if row is None:
            raise ValueError("a redemption cannot give back more than it took")
        if row[1] > 0:
            cursor.execute(_PAY_DEBT, {"contact": fact.contact_id, "operation": row[0], "debt": row[1]})
    return int(row[0])


def _taken_by(contact_id: int, operation_id: int) -> tuple[Decimal, Decimal]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(amount) FILTER (WHERE source <= 2), 0),"
            " coalesce(sum(amount) FILTER (WHERE source > 2), 0)"
            " FROM ledger_transfer WHERE contact_id = %(contact)s AND operation_id = %(operation)s",
            {"contact": contact_id, "operation": operation_id},
        )
        row = cursor.fetchone()
    return (row[0], row[1]) if row else (ZERO, ZERO)
