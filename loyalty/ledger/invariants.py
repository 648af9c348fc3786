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
from loyalty.ledger.law import Law
from loyalty.ledger.lot_laws import LOT_LAWS
from loyalty.ledger.move_laws import MOVE_LAWS

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
_OPERATIONS = "SELECT count(*) FROM ledger_operation"
_CONTACT_AND_ACCOUNT = "contact_id || '/' || account AS id"

# What comes from another customer (10), or back from the burned with it (7), has entered before; a merge carries the
# lifetime value over by itself.
_MOVED = """
WITH moved AS (
    SELECT contact_id, target AS account, amount, CASE WHEN source IN (7, 9, 10) THEN 0 ELSE amount END AS entered
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
    *LOT_LAWS,
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
