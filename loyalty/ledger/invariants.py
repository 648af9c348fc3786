"""The laws of the books, one SQL statement each (specs/points_and_tiers.md, Laws).

The database enforces what a constraint or a trigger can hold; here everything is computed anew from the
append-only rows. All counting is done by PostgreSQL, which spills to disk; a law comes back as two numbers and at
most `SHOWN` ids, so this process stays small whatever the size of the books.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pgtrigger
from django.db import connection

from loyalty.ledger.accounts import OperationKind
from loyalty.ledger.laws import Law
from loyalty.ledger.move_laws import MOVE_LAWS

__all__ = ["LAWS", "Finding", "Law", "broken", "check", "guards"]

SHOWN = 20
"""How many ids of broken rows a law names."""

# Memory for one sort or hash; a larger one goes to disk. And no join row by row: the planner chooses it where its
# statistics are older than a large rollover, and then a check takes hours.
_PLANNING = {"work_mem": "64MB", "enable_nestloop": "off"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of one law found: how many rows it looked at, how many break it, and the first ids of those."""

    number: int
    name: str
    counted: int
    broken: int
    ids: list[str]


_BALANCES = "SELECT count(*) FROM ledger_bonusbalance"
_TRANSFERS = "SELECT count(*) FROM ledger_transfer"
_LOTS = "SELECT count(*) FROM ledger_lot"
_OPERATIONS = "SELECT count(*) FROM ledger_operation"
_CONTACT_AND_ACCOUNT = "contact_id || '/' || account AS id"

# What comes from another customer (10), or back from the burned with it (7), has entered before; a merge carries the
# lifetime value over by itself.
_MOVED = """
WITH moved AS (
    SELECT contact_id, target AS account, amount, CASE WHEN source IN (7, 10) THEN 0 ELSE amount END AS entered
    FROM ledger_transfer WHERE target <= 4
    UNION ALL
    SELECT contact_id, source, -amount, 0 FROM ledger_transfer WHERE source <= 4
    UNION ALL
    SELECT contact_id, account, 0, amount FROM ledger_carriedlifetime
), summed AS (
    SELECT contact_id, account, sum(amount) AS amount, sum(entered) AS entered
    FROM moved GROUP BY contact_id, account
)
"""

LAWS = (
    Law(
        1,
        "a balance is the sum of its transfers",
        _BALANCES,
        f"""{_MOVED} SELECT {_CONTACT_AND_ACCOUNT}
        FROM summed FULL JOIN ledger_bonusbalance balance USING (contact_id, account)
        WHERE coalesce(summed.amount, 0) <> coalesce(balance.amount, 0)""",
    ),
    Law(
        1,
        "a lifetime value is all that ever entered",
        _BALANCES,
        f"""{_MOVED} SELECT {_CONTACT_AND_ACCOUNT}
        FROM summed FULL JOIN ledger_bonusbalance balance USING (contact_id, account)
        WHERE coalesce(summed.entered, 0) <> coalesce(balance.lifetime, 0)""",
    ),
    Law(
        1,
        "a balance is what its lots still hold, less debt",
        _BALANCES,
        f"""
        WITH held AS (
            SELECT contact_id, account + (landed IS NULL)::int AS account, sum(remaining) AS amount
            FROM ledger_lot GROUP BY 1, 2
        )
        SELECT {_CONTACT_AND_ACCOUNT} FROM held FULL JOIN ledger_bonusbalance balance USING (contact_id, account)
        WHERE coalesce(held.amount, 0) <> greatest(coalesce(balance.amount, 0), 0)""",
    ),
    Law(
        2,
        "a transfer moves a positive amount between two accounts, for an operation of its contact",
        _TRANSFERS,
        """
        SELECT transfer.id FROM ledger_transfer transfer
        LEFT JOIN ledger_operation operation
            ON operation.id = transfer.operation_id AND operation.contact_id = transfer.contact_id
        WHERE operation.id IS NULL OR transfer.amount <= 0 OR transfer.source = transfer.target""",
    ),
    Law(
        2,
        "nothing appears or vanishes: what contacts hold is what was issued, less what was taken",
        "SELECT count(DISTINCT contact_id) FROM ledger_bonusbalance",
        """
        WITH flows AS (
            SELECT contact_id, sum(CASE WHEN source > 4 THEN amount ELSE -amount END) AS amount
            FROM ledger_transfer WHERE source > 4 OR target > 4 GROUP BY contact_id
        ), held AS (
            SELECT contact_id, sum(amount) AS amount FROM ledger_bonusbalance GROUP BY contact_id
        )
        SELECT contact_id AS id FROM flows FULL JOIN held USING (contact_id)
        WHERE coalesce(flows.amount, 0) <> coalesce(held.amount, 0)""",
    ),
    Law(
        2,
        "a captured hold has a redemption of its contact and its amount, for itself alone",
        "SELECT count(*) FROM ledger_hold WHERE captured > 0",
        """
        SELECT hold.id FROM ledger_hold hold
        LEFT JOIN ledger_operation operation
            ON operation.id = hold.operation_id AND operation.contact_id = hold.contact_id
        LEFT JOIN ledger_transfer transfer
            ON transfer.operation_id = operation.id AND transfer.contact_id = operation.contact_id
                AND transfer.source = 1 AND transfer.target = 6
        WHERE hold.captured > 0
          AND (operation.kind IS DISTINCT FROM 'redemption' OR transfer.amount IS DISTINCT FROM hold.captured)
        UNION ALL
        SELECT min(id) FROM ledger_hold WHERE operation_id IS NOT NULL
        GROUP BY contact_id, operation_id HAVING count(*) > 1""",
    ),
    Law(
        3,
        "every guard against changing history is there and switched on",
        "SELECT count(*) FROM unnest(%(tables)s::text[])",
        """
        SELECT guard.table_name || '.' || guard.name AS id
        FROM unnest(%(tables)s::text[], %(guards)s::text[]) AS guard (table_name, name)
        LEFT JOIN pg_trigger present
            ON present.tgrelid = to_regclass(guard.table_name) AND present.tgname = guard.name
        WHERE coalesce(present.tgenabled NOT IN ('O', 'A'), true)""",
    ),
    Law(
        4,
        "a key names one operation of its contact, and no other key names it",
        "SELECT count(*) FROM ledger_operationkey",
        """
        SELECT named.key AS id FROM ledger_operationkey named
        LEFT JOIN ledger_operation operation
            ON operation.id = named.operation_id AND operation.contact_id = named.contact_id
        WHERE operation.id IS NULL OR named.key = '' OR named.fingerprint = ''
        UNION ALL
        SELECT min(key) FROM ledger_operationkey GROUP BY contact_id, operation_id HAVING count(*) > 1""",
    ),
    Law(
        5,
        "a lot holds what was earned less what was drawn",
        _LOTS,
        """
        WITH drawn AS (SELECT contact_id, lot_id, sum(amount) AS amount FROM ledger_draw GROUP BY contact_id, lot_id)
        SELECT coalesce(lot.id, drawn.lot_id) AS id
        FROM ledger_lot lot FULL JOIN drawn ON drawn.lot_id = lot.id AND drawn.contact_id = lot.contact_id
        WHERE lot.id IS NULL OR lot.remaining <> lot.earned - coalesce(drawn.amount, 0)
           OR lot.remaining < 0 OR lot.remaining > lot.earned""",
    ),
    # An adjustment lands its lot itself: such a lot matures at the very moment of its own operation.
    Law(
        5,
        "a lot lands by a rollover, at its maturity or later, or by the adjustment or the merge that made it",
        "SELECT count(*) FROM ledger_lot WHERE landed IS NOT NULL",
        """
        SELECT lot.id FROM ledger_lot lot
        LEFT JOIN ledger_operation operation
            ON operation.id = lot.landed AND operation.contact_id = lot.contact_id
        WHERE lot.landed IS NOT NULL AND CASE
            WHEN lot.landed <> lot.operation_id
            THEN operation.kind IS DISTINCT FROM 'rollover' OR operation.effective_at < lot.matures_at
            WHEN operation.kind = 'adjustment' THEN operation.effective_at <> lot.matures_at
            ELSE operation.kind <> 'merge' OR operation.effective_at < lot.matures_at END""",
    ),
    # What a lot brought is what it held when it landed: draws of earlier operations, which are returns in escrow,
    # had taken theirs; the draws of the rollover itself pay a debt and come after.
    Law(
        5,
        "a rollover moves exactly what its lots held",
        "SELECT count(*) FROM ledger_operation WHERE kind = 'rollover'",
        """
        WITH drawn AS (
            SELECT lot.id, sum(draw.amount) AS amount FROM ledger_lot lot
            JOIN ledger_draw draw
                ON draw.lot_id = lot.id AND draw.contact_id = lot.contact_id AND draw.operation_id < lot.landed
            WHERE lot.landed <> lot.operation_id GROUP BY lot.id
        ), brought AS (
            SELECT lot.contact_id, lot.landed AS operation_id, lot.account,
                sum(lot.earned - coalesce(drawn.amount, 0)) AS amount
            FROM ledger_lot lot LEFT JOIN drawn ON drawn.id = lot.id
            WHERE lot.landed IS NOT NULL AND lot.landed <> lot.operation_id GROUP BY 1, 2, 3
        ), moved AS (
            SELECT transfer.contact_id, transfer.operation_id, transfer.target AS account,
                sum(transfer.amount) AS amount,
                bool_or(transfer.source <> transfer.target + 1 OR transfer.target NOT IN (1, 3)) AS astray
            FROM ledger_transfer transfer JOIN ledger_operation operation
                ON operation.id = transfer.operation_id AND operation.contact_id = transfer.contact_id
            WHERE operation.kind = 'rollover' GROUP BY 1, 2, 3
        )
        SELECT DISTINCT operation_id AS id
        FROM brought FULL JOIN moved USING (contact_id, operation_id, account)
        WHERE coalesce(brought.amount, 0) <> coalesce(moved.amount, 0) OR moved.astray
        UNION
        SELECT id FROM ledger_operation operation WHERE kind = 'rollover' AND NOT EXISTS (
            SELECT 1 FROM ledger_lot lot WHERE lot.contact_id = operation.contact_id AND lot.landed = operation.id)""",
    ),
    Law(
        5,
        "what the clock does is booked when its moment has come, not before",
        "SELECT count(*) FROM ledger_operation WHERE kind IN ('rollover', 'expiry', 'year_close')",
        """
        SELECT id FROM ledger_operation
        WHERE kind IN ('rollover', 'expiry', 'year_close') AND effective_at > recorded_at""",
    ),
    Law(
        5,
        "a redemption takes, and an expiry burns, exactly what it draws from spendable lots",
        "SELECT count(*) FROM ledger_operation WHERE kind IN ('redemption', 'expiry')",
        """
        WITH gone AS (
            SELECT id AS operation_id, contact_id, CASE kind WHEN 'expiry' THEN 7 ELSE 6 END AS counter
            FROM ledger_operation WHERE kind IN ('redemption', 'expiry')
        ), moved AS (
            SELECT gone.contact_id, gone.operation_id, sum(transfer.amount) AS amount,
                bool_or(transfer.source <> 1 OR transfer.target <> gone.counter) AS astray
            FROM gone JOIN ledger_transfer transfer USING (contact_id, operation_id) GROUP BY 1, 2
        ), drawn AS (
            SELECT gone.contact_id, gone.operation_id, sum(draw.amount) AS amount,
                bool_or(draw.amount < 0 OR lot.account IS DISTINCT FROM 1) AS astray
            FROM gone JOIN ledger_draw draw USING (contact_id, operation_id)
            LEFT JOIN ledger_lot lot ON lot.id = draw.lot_id AND lot.contact_id = draw.contact_id GROUP BY 1, 2
        )
        SELECT gone.operation_id AS id
        FROM gone LEFT JOIN moved USING (contact_id, operation_id) LEFT JOIN drawn USING (contact_id, operation_id)
        WHERE moved.amount IS DISTINCT FROM drawn.amount OR moved.amount IS NULL OR moved.astray OR drawn.astray""",
    ),
    Law(
        5,
        "an adjustment gives its one lot, or takes what it draws and leaves owed, in one account",
        "SELECT count(*) FROM ledger_operation WHERE kind = 'adjustment'",
        """
        WITH moved AS (
            SELECT transfer.contact_id, transfer.operation_id, count(*) AS legs, min(transfer.source) AS source,
                min(transfer.target) AS target, sum(transfer.amount) AS amount
            FROM ledger_transfer transfer JOIN ledger_operation operation
                ON operation.id = transfer.operation_id AND operation.contact_id = transfer.contact_id
            WHERE operation.kind = 'adjustment' GROUP BY 1, 2
        ), made AS (
            SELECT lot.contact_id, lot.operation_id, count(*) AS lots, min(lot.account) AS account,
                sum(lot.earned) AS amount
            FROM ledger_lot lot JOIN ledger_operation operation
                ON operation.id = lot.operation_id AND operation.contact_id = lot.contact_id
            WHERE operation.kind = 'adjustment' GROUP BY 1, 2
        ), drawn AS (
            SELECT draw.contact_id, draw.operation_id, sum(draw.amount) AS amount
            FROM ledger_draw draw JOIN ledger_operation operation
                ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
            WHERE operation.kind = 'adjustment' GROUP BY 1, 2
        )
        SELECT operation.id FROM ledger_operation operation
        LEFT JOIN moved ON moved.contact_id = operation.contact_id AND moved.operation_id = operation.id
        LEFT JOIN made ON made.contact_id = operation.contact_id AND made.operation_id = operation.id
        LEFT JOIN drawn ON drawn.contact_id = operation.contact_id AND drawn.operation_id = operation.id
        WHERE operation.kind = 'adjustment' AND CASE
            WHEN moved.legs = 1 AND moved.source = 8 AND moved.target IN (1, 3)
            THEN made.lots IS DISTINCT FROM 1 OR made.account <> moved.target OR made.amount <> moved.amount
            WHEN moved.legs = 1 AND moved.target = 8 AND moved.source IN (1, 3)
            THEN made.lots IS NOT NULL OR coalesce(drawn.amount, 0) > moved.amount
                OR (moved.source = 3 AND drawn.amount IS DISTINCT FROM moved.amount)
            ELSE true END""",
    ),
    Law(
        5,
        "a lot expires once, after landing, by an expiry of its contact, not before its time",
        "SELECT count(*) FROM ledger_lot WHERE expired IS NOT NULL",
        """
        SELECT lot.id FROM ledger_lot lot
        LEFT JOIN ledger_operation operation
            ON operation.id = lot.expired AND operation.contact_id = lot.contact_id
        WHERE lot.expired IS NOT NULL AND (operation.kind IS DISTINCT FROM 'expiry'
            OR lot.landed IS NULL OR (coalesce(operation.effective_at < lot.expires_at, true)
                -- A return may put points into an expired lot, with days of grace to spend them.
                AND NOT EXISTS (SELECT FROM ledger_draw WHERE contact_id = lot.contact_id
                    AND lot_id = lot.id AND amount < 0 AND operation_id > lot.expired)))
        UNION
        SELECT draw.lot_id FROM ledger_draw draw
        JOIN ledger_operation operation
            ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
        JOIN ledger_lot lot ON lot.id = draw.lot_id AND lot.contact_id = draw.contact_id
        WHERE operation.kind = 'expiry'
        GROUP BY draw.contact_id, draw.lot_id, draw.operation_id, lot.expired
        HAVING count(*) > 1 OR lot.expired IS NULL""",
    ),
    Law(
        5,
        "a year close moves exactly what its lots held when the year was over, and nothing else is closed",
        "SELECT count(*) FROM ledger_operation WHERE kind = 'year_close'",
        """
        WITH drawn AS (
            SELECT draw.contact_id, draw.operation_id, sum(draw.amount) AS amount,
                bool_or(draw.amount <= 0 OR lot.account <> 3 OR lot.landed IS NULL
                    OR lot.matures_at >= operation.effective_at) AS astray
            FROM ledger_draw draw
            JOIN ledger_operation operation
                ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
            JOIN ledger_lot lot ON lot.id = draw.lot_id AND lot.contact_id = draw.contact_id
            WHERE operation.kind = 'year_close' GROUP BY 1, 2
        ), moved AS (
            SELECT transfer.contact_id, transfer.operation_id, sum(transfer.amount) AS amount,
                bool_or(operation.kind <> 'year_close' OR transfer.source <> 3 OR transfer.target <> 9) AS astray
            FROM ledger_transfer transfer JOIN ledger_operation operation
                ON operation.id = transfer.operation_id AND operation.contact_id = transfer.contact_id
            WHERE operation.kind = 'year_close' OR 9 IN (transfer.source, transfer.target) GROUP BY 1, 2
        )
        SELECT operation_id AS id FROM drawn FULL JOIN moved USING (contact_id, operation_id)
        WHERE coalesce(drawn.amount, 0) <> coalesce(moved.amount, 0) OR drawn.astray OR moved.astray
        UNION
        SELECT id FROM ledger_operation operation WHERE kind = 'year_close' AND NOT EXISTS (
            SELECT FROM moved WHERE moved.operation_id = operation.id)""",
    ),
    Law(
        5,
        "a closed lot is not drawn again",
        "SELECT count(*) FROM ledger_transfer WHERE target = 9",
        """
        WITH closed AS (
            SELECT draw.contact_id, draw.lot_id, min(draw.operation_id) AS operation_id
            FROM ledger_draw draw JOIN ledger_operation operation
                ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
            WHERE operation.kind = 'year_close' GROUP BY 1, 2
        )
        SELECT DISTINCT draw.lot_id AS id FROM ledger_draw draw JOIN closed
            ON closed.lot_id = draw.lot_id AND closed.contact_id = draw.contact_id
        WHERE draw.operation_id > closed.operation_id""",
    ),
    Law(
        5,
        "qualifying points that count landed after the last close of their contact",
        "SELECT count(*) FROM ledger_lot WHERE account = 3 AND landed IS NOT NULL AND remaining > 0",
        """
        WITH closed AS (
            SELECT contact_id, max(effective_at) AS turned_at FROM ledger_operation
            WHERE kind = 'year_close' GROUP BY contact_id
        )
        SELECT lot.id FROM ledger_lot lot JOIN closed USING (contact_id)
        WHERE lot.account = 3 AND lot.landed IS NOT NULL AND lot.remaining > 0 AND lot.matures_at < closed.turned_at""",
    ),
    Law(
        6,
        "a balance below zero is spendable, and comes from a return, an adjustment or a merge",
        "SELECT count(*) FROM ledger_bonusbalance WHERE amount < 0",
        f"""
        SELECT {_CONTACT_AND_ACCOUNT} FROM ledger_bonusbalance balance
        WHERE amount < 0 AND (account <> 1 OR NOT EXISTS (
            SELECT 1 FROM ledger_operation operation
            WHERE operation.contact_id = balance.contact_id
              AND operation.kind IN ('return', 'adjustment', 'merge')))""",
    ),
    Law(
        7,
        "an operation has a known kind, an actor, a cause and two times; an adjustment has a reason",
        _OPERATIONS,
        """
        SELECT id FROM ledger_operation
        WHERE coalesce(actor, '') = '' OR coalesce(cause, '') = '' OR kind <> ALL(%(kinds)s)
           OR NOT coalesce(isfinite(effective_at) AND isfinite(recorded_at), false)
           OR (kind = 'adjustment' AND reason = '')""",
    ),
    Law(
        7,
        "a correction names an earlier operation of its contact, or of one who was merged with it",
        "SELECT count(*) FROM ledger_operation WHERE corrects_id IS NOT NULL",
        """
        WITH RECURSIVE kin (contact_id, other_id) AS (
            SELECT in_contact, out_contact FROM ledger_move
            UNION
            SELECT kin.contact_id, move.out_contact FROM kin JOIN ledger_move move ON move.in_contact = kin.other_id
        )
        SELECT correction.id FROM ledger_operation correction
        LEFT JOIN ledger_operation operation ON operation.id = correction.corrects_id
        WHERE correction.corrects_id IS NOT NULL AND (operation.id IS NULL OR operation.id >= correction.id
            OR (operation.contact_id <> correction.contact_id AND NOT EXISTS (SELECT FROM kin
                WHERE kin.contact_id = correction.contact_id AND kin.other_id = operation.contact_id)))""",
    ),
    *MOVE_LAWS,
)

_CHECK = """
WITH broken AS MATERIALIZED ({broken})
SELECT ({counted}), (SELECT count(*) FROM broken), ARRAY(SELECT id::text FROM broken ORDER BY id LIMIT %(shown)s)
"""


def check() -> Iterator[Finding]:
    """Check law by law in the caller's transaction (1 statement each); writes nothing.

    The caller holds a snapshot, so that all laws judge the same moment (`services.books.verify`).
    """
    parameters = _parameters()
    with connection.cursor() as cursor:
        before = _plan(cursor, _PLANNING)
        for law in LAWS:
            cursor.execute(_CHECK.format(broken=law.broken, counted=law.counted), parameters)
            yield Finding(law.number, law.name, *cursor.fetchone())
        _plan(cursor, before)


def broken() -> list[Finding]:
    """Return the laws that do not hold now: an empty list when the books are right."""
    return [finding for finding in check() if finding.broken]


def guards() -> list[tuple[str, str]]:
    """Return (table, trigger) of every guard that a model declares, here and in the domains above."""
    declared = ((model._meta.db_table, trigger.get_pgid(model)) for model, trigger in pgtrigger.registered())
    return sorted(declared)


def _plan(cursor: Any, choices: dict[str, str]) -> dict[str, str]:
    """Set how this transaction's statements are planned; return what was set before."""
    names, values = list(choices), list(choices.values())
    cursor.execute(
        "SELECT name, current_setting(name), set_config(name, value, true)"
        " FROM unnest(%s::text[], %s::text[]) AS choice (name, value)",
        [names, values],
    )
    return {name: former for name, former, _ in cursor.fetchall()}


def _parameters() -> dict[str, Any]:
    declared = guards()
    return {
        "shown": SHOWN,
        "kinds": [str(kind) for kind in OperationKind.values],
        "tables": [table for table, _ in declared],
        "guards": [name for _, name in declared],
    }
