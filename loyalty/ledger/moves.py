"""The statements that a merge and its undoing share: an operation, its transfers, its draws, its effect on balances.

Merges are rare and move whatever a customer has, so these take whole sets in arrays; never a statement a row.
The caller holds the balances of both contacts.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db import connection

from loyalty.core.errors import OperationConflict
from loyalty.ledger import posting
from loyalty.ledger.accounts import OperationKind
from loyalty.ledger.locks import require_transaction
from loyalty.ledger.models import Move
from loyalty.ledger.posting import Fact
from loyalty.ledger.rounding import ZERO

Between = tuple[int, int]
"""Source and target account of a transfer."""

_OPEN = f"WITH {posting.CLAIM.format(kind=OperationKind.MERGE.value, condition='')} SELECT operation_id FROM claim"

_TRANSFERS = """
INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
SELECT %(contact)s, %(operation)s, source, target, amount
FROM unnest(%(sources)s::smallint[], %(targets)s::smallint[], %(amounts)s::numeric[]) AS part (source, target, amount)
"""

_CARRY = """
INSERT INTO ledger_carriedlifetime (contact_id, operation_id, account, amount)
SELECT %(contact)s, %(operation)s, account, amount
FROM unnest(%(accounts)s::smallint[], %(amounts)s::numeric[]) AS part (account, amount)
"""

# What entered, entered before: from another customer (10), back from the burned (7) or from a closed year (9). Only
# what is carried counts.
_BOOK = """
WITH change AS (
    SELECT account, sum(amount) AS amount, sum(lifetime) AS lifetime FROM (
        SELECT target AS account, amount, 0 AS lifetime FROM ledger_transfer
        WHERE contact_id = %(contact)s AND operation_id = %(operation)s AND target <= 4
        UNION ALL
        SELECT source, -amount, 0 FROM ledger_transfer
        WHERE contact_id = %(contact)s AND operation_id = %(operation)s AND source <= 4
        UNION ALL
        SELECT account, 0, amount FROM ledger_carriedlifetime
        WHERE contact_id = %(contact)s AND operation_id = %(operation)s
    ) part GROUP BY account
)
UPDATE ledger_bonusbalance balance
SET amount = balance.amount + change.amount, lifetime = balance.lifetime + change.lifetime
FROM change WHERE balance.contact_id = %(contact)s AND balance.account = change.account
"""

_DRAWS = """
WITH part AS (
    SELECT * FROM unnest(%(lots)s::bigint[], %(amounts)s::numeric[]) AS part (lot_id, amount)
), lot AS (
    UPDATE ledger_lot lot SET remaining = lot.remaining - part.amount FROM part
    WHERE lot.id = part.lot_id AND lot.contact_id = %(contact)s
)
INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
SELECT %(contact)s, lot_id, %(operation)s, amount FROM part
"""

# A balance is what its lots hold, less debt: where lots hold more, a debt takes it, from the lot that expires first on.
# What has expired already and waits to be burned comes last: live points would be lost for it.
_LEVEL = """
WITH open AS (
    SELECT id, remaining, sum(remaining) OVER (
        ORDER BY coalesce(expires_at <= %(now)s, false), expires_at NULLS LAST, id) AS running
    FROM ledger_lot WHERE contact_id = %(contact)s AND account = 1 AND remaining > 0 AND landed IS NOT NULL
), surplus AS (
    SELECT coalesce((SELECT sum(remaining) FROM open), 0) - greatest(amount, 0) AS amount
    FROM ledger_bonusbalance WHERE contact_id = %(contact)s AND account = 1
), taken AS (
    SELECT id, least(remaining, surplus.amount - (running - remaining)) AS amount
    FROM open, surplus WHERE running - remaining < surplus.amount
), lot AS (
    UPDATE ledger_lot lot SET remaining = lot.remaining - taken.amount FROM taken WHERE lot.id = taken.id
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT %(contact)s, id, %(operation)s, amount FROM taken
)
SELECT amount FROM surplus
"""


def rows(sql: str, parameters: Mapping[str, Any]) -> list[Any]:
    """Run a statement and return its rows, none for one that returns nothing."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def open_operation(fact: Fact) -> int:
    """Claim the fact's key and write its operation; return the operation (1 statement)."""
    require_transaction()
    found = rows(_OPEN, asdict(fact))
    if not found:
        raise OperationConflict(key=fact.key)
    return int(found[0][0])


def book(fact: Fact, operation: int, transfers: Mapping[Between, Decimal], lifetimes: Mapping[int, Decimal]) -> None:
    """Write transfers and carried lifetimes of an operation and bring the balances up to date (3 statements)."""
    moved = {between: amount for between, amount in transfers.items() if amount}
    carried = {account: amount for account, amount in lifetimes.items() if amount}
    of = {"contact": fact.contact_id, "operation": operation}
    sources, targets = [source for source, _ in moved], [target for _, target in moved]
    rows(_TRANSFERS, {**of, "sources": sources, "targets": targets, "amounts": list(moved.values())})
    rows(_CARRY, {**of, "accounts": list(carried), "amounts": list(carried.values())})
    rows(_BOOK, of)


def draw(fact: Fact, operation: int, lots: Mapping[int, Decimal]) -> None:
    """Take from each lot; below zero puts points back into it (1 statement, none for nothing)."""
    drawn = {lot: amount for lot, amount in lots.items() if amount}
    if drawn:
        of = {"contact": fact.contact_id, "operation": operation}
        rows(_DRAWS, {**of, "lots": list(drawn), "amounts": list(drawn.values())})


def level(fact: Fact, operation: int) -> Decimal:
    """Let a debt take what the spendable lots hold above the balance; return what they lack to it (1 statement)."""
    found = rows(_LEVEL, {"contact": fact.contact_id, "operation": operation, "now": fact.recorded_at})
    return max(-found[0][0], ZERO)


def link(out: Fact, out_operation: int, into: Fact, in_operation: int, undoes: Move | None = None) -> Move:
    """Keep that the two operations are one move."""
    return Move.objects.create(
        out_contact=out.contact_id,
        out_operation=out_operation,
        in_contact=into.contact_id,
        in_operation=in_operation,
        undoes=undoes,
    )


@contextmanager
def debt_allowed() -> Iterator[None]:
    """Let a spendable balance go below zero inside the block: a debt moves with its owner."""
    rows("SELECT set_config('ledger.debt_allowed', 'yes', true)", {})
    yield
    rows("SELECT set_config('ledger.debt_allowed', '', true)", {})


def held(contact_id: int) -> Sequence[tuple[int, Decimal, Decimal]]:
    """Return account, amount and lifetime of each balance of a contact, as they are written (1 statement)."""
    return rows(
        "SELECT account, amount, lifetime FROM ledger_bonusbalance WHERE contact_id = %(contact)s",
        {"contact": contact_id},
    )


def between(account: int, counter: int, leaves: Decimal) -> dict[Between, Decimal]:
    """Return the transfer that takes `leaves` out of an account to a counter-account; below zero it brings in."""
    return {(account, counter): leaves} if leaves >= 0 else {(counter, account): -leaves}
