"""A merge taken back in the books: each customer gets what is his own, lot by lot (docs/decisions/merging.md).

Who went gets every lot as it stood, but for what was returned of his own purchases meanwhile. What was spent of it
meanwhile the other pays, from his own lots and then as a debt. What burned meanwhile burned for who went: the other's
burning of it is taken back, and the caller burns it where it belongs; so it is with what a year's end closed.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from loyalty.core.errors import PointsPassedOn
from loyalty.ledger import moves
from loyalty.ledger.accounts import HELD, Account
from loyalty.ledger.models import Move
from loyalty.ledger.posting import Fact
from loyalty.ledger.rounding import ZERO

# Contacts merged into who goes back, and still: their purchases are his.
_KIN = """
WITH RECURSIVE kin (contact_id) AS (
    SELECT %(contact)s::bigint
    UNION
    SELECT move.out_contact FROM ledger_move move JOIN kin ON kin.contact_id = move.in_contact
    WHERE move.undoes_id IS NULL AND NOT EXISTS (SELECT FROM ledger_move later WHERE later.undoes_id = move.id)
)
SELECT contact_id FROM kin
"""

# What became of each lot that came with the merge. `own` are returns of who goes back: corrections at the other of
# operations that were posted at himself.
_STATE = """
WITH drawn AS (
    SELECT draw.lot_id, draw.amount, operation.kind, operation.id AS operation_id, EXISTS (
        SELECT FROM ledger_operation corrected
        WHERE corrected.id = operation.corrects_id AND corrected.contact_id = ANY(%(kin)s::bigint[])) AS own
    FROM ledger_draw draw
    JOIN ledger_operation operation
        ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
    WHERE draw.contact_id = %(contact)s AND draw.operation_id > %(operation)s
)
SELECT moved.lot_id, moved.from_lot_id, lot.account, lot.landed IS NULL, lot.landed IS DISTINCT FROM %(operation)s,
    lot.remaining, moved.amount, lot.expires_at,
    coalesce(sum(drawn.amount) FILTER (WHERE drawn.kind IN ('expiry', 'forfeiture')), 0),
    coalesce(sum(drawn.amount) FILTER (WHERE drawn.own AND drawn.kind = 'return'), 0),
    coalesce(-sum(drawn.amount) FILTER (WHERE drawn.own AND drawn.kind = 'restoration' AND drawn.amount < 0), 0),
    coalesce(sum(drawn.amount) FILTER (WHERE drawn.operation_id < lot.landed), 0),
    coalesce(sum(drawn.amount) FILTER (WHERE drawn.kind = 'merge'), 0),
    coalesce(sum(drawn.amount) FILTER (WHERE drawn.kind = 'year_close'), 0)
FROM ledger_movedlot moved
JOIN ledger_lot lot ON lot.id = moved.lot_id AND lot.contact_id = moved.contact_id
LEFT JOIN drawn ON drawn.lot_id = moved.lot_id
WHERE moved.contact_id = %(contact)s AND lot.operation_id = %(operation)s
GROUP BY moved.lot_id, moved.from_lot_id, lot.account, lot.landed, lot.remaining, moved.amount, lot.expires_at
ORDER BY moved.lot_id
"""

# Lots of the other that paid for who goes back: his debt when they were merged, and his returns since.
_ADVANCED = """
SELECT draw.lot_id, sum(draw.amount) FROM ledger_draw draw
JOIN ledger_operation operation ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
WHERE draw.contact_id = %(contact)s AND draw.operation_id >= %(operation)s AND draw.amount > 0
  AND draw.lot_id <> ALL(%(moved)s::bigint[])
  AND (operation.id = %(operation)s OR (operation.kind = 'return' AND EXISTS (
      SELECT FROM ledger_operation corrected
      WHERE corrected.id = operation.corrects_id AND corrected.contact_id = ANY(%(kin)s::bigint[]))))
GROUP BY draw.lot_id
"""

_RETURNED = """
SELECT coalesce(sum(transfer.amount), 0) FROM ledger_transfer transfer
JOIN ledger_operation operation
    ON operation.id = transfer.operation_id AND operation.contact_id = transfer.contact_id
WHERE transfer.contact_id = %(contact)s AND operation.id > %(operation)s AND operation.kind = 'return'
  AND transfer.source IN (1, 2) AND transfer.target = 5 AND EXISTS (
      SELECT FROM ledger_operation corrected
      WHERE corrected.id = operation.corrects_id AND corrected.contact_id = ANY(%(kin)s::bigint[]))
"""

# A return with days of grace gave the lot another end; it keeps it.
_GIVE = """
WITH part AS (
    SELECT * FROM unnest(%(lots)s::bigint[], %(amounts)s::numeric[], %(ends)s::timestamptz[], %(changed)s::boolean[])
        AS part (lot_id, amount, expires_at, changed)
), lot AS (
    UPDATE ledger_lot lot SET remaining = lot.remaining + part.amount,
        expires_at = CASE WHEN part.changed THEN part.expires_at ELSE lot.expires_at END
    FROM part WHERE lot.id = part.lot_id AND lot.contact_id = %(contact)s
    RETURNING lot.id, lot.account, lot.landed IS NULL AS escrow, part.amount
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT %(contact)s, id, %(operation)s, -amount FROM lot
)
SELECT account + escrow::int, sum(amount) FROM lot GROUP BY 1
"""

_COMPENSATE = """
INSERT INTO ledger_lot (contact_id, operation_id, account, earned, remaining, matures_at, expires_at, landed)
VALUES (%(contact)s, %(operation)s, 1, %(amount)s, %(amount)s, %(now)s, %(expires_at)s, %(operation)s)
"""

_CARRIED = """
SELECT account, amount FROM ledger_carriedlifetime
WHERE contact_id = %(contact)s AND operation_id = %(operation)s
"""

_DEBT = """
SELECT coalesce(sum(amount), 0) FROM ledger_transfer
WHERE contact_id = %(contact)s AND operation_id = %(operation)s AND source = 1 AND target = 10
"""


@dataclass(frozen=True, slots=True)
class _Moved:
    """A lot that came with the merge, and what became of it."""

    lot: int
    from_lot: int
    account: int
    escrow: bool
    landed_since: bool
    remaining: Decimal
    amount: Decimal
    expires_at: datetime | None
    burned: Decimal
    returned: Decimal
    restored: Decimal
    before_landing: Decimal
    passed_on: Decimal
    closed: Decimal

    @property
    def spendable(self) -> bool:
        return self.account == Account.SPENDABLE

    @property
    def own(self) -> Decimal:
        """What of it belongs to who goes back; of tier-qualifying points, which nobody spends, all that is left or was
        closed with a year."""
        return self.amount - self.returned + self.restored if self.spendable else self.remaining + self.closed

    @property
    def brought(self) -> Decimal:
        """What it brought to the landed account after the merge."""
        return self.amount - self.before_landing if self.landed_since and not self.escrow else ZERO

    @property
    def returned_here(self) -> Decimal:
        """What landed after the merge and was returned since: it once entered the account of who goes back as well."""
        return max(self.brought - self.own, ZERO)


@dataclass(frozen=True, slots=True)
class _Account:
    """All that has to be settled between the two."""

    lots: list[_Moved]
    advanced: dict[int, Decimal]
    owed: Decimal
    lifetimes: dict[int, Decimal]

    def sum_of(self, name: str, *, spendable: bool = True, escrow: bool | None = None) -> Decimal:
        """Add up one value of the moved lots."""
        chosen = (
            each for each in self.lots if each.spendable is spendable and (escrow is None or each.escrow is escrow)
        )
        return sum((getattr(each, name) for each in chosen), ZERO)


def kin(contact_id: int) -> list[int]:
    """Return the contact and all that were merged into it, and still are: their purchases are its own (1 statement)."""
    return [contact for (contact,) in moves.rows(_KIN, {"contact": contact_id})]


def move_back(move: Move, out: Fact, into: Fact, *, expires_at: datetime | None) -> Move:
    """Take a move back: `out`'s contact, who stayed, gives `into`'s contact his own (about 25 statements).

    The caller holds the balances of both and has settled who stays; afterwards it settles both, so that what has
    matured or expired meanwhile is booked. `expires_at` is the end of points that come back to who stays because they
    paid a debt that is none of his, where no lot of his is left for them. Raises PointsPassedOn.
    """
    if (move.in_contact, move.out_contact) != (out.contact_id, into.contact_id):
        raise ValueError("a move is taken back between the two contacts it went between")
    account = _account(move)
    leaving, coming = moves.open_operation(out), moves.open_operation(into)
    with moves.debt_allowed():
        _take(account, out, leaving, expires_at)
        _give(account, into, coming)
    return moves.link(out, leaving, into, coming, undoes=move)


def _account(move: Move) -> _Account:
    at = {"contact": move.in_contact, "operation": move.in_operation, "kin": kin(move.out_contact)}
    lots = [_Moved(*row) for row in moves.rows(_STATE, at)]
    if any(each.passed_on for each in lots):
        # They went on to a third customer and came back with less: whose return that was cannot be told here.
        raise PointsPassedOn()
    advanced = dict(moves.rows(_ADVANCED, {**at, "moved": [each.lot for each in lots]}))
    returned = moves.rows(_RETURNED, at)[0][0]
    debt = moves.rows(_DEBT, at)[0][0]
    lifetimes = dict(moves.rows(_CARRIED, at))
    reached = sum((each.returned for each in lots if each.spendable), ZERO)
    return _Account(lots, advanced, debt + returned - reached, lifetimes)


def _take(account: _Account, out: Fact, operation: int, expires_at: datetime | None) -> None:
    """Take from who stayed what is not his, and put back what of his own had paid for the other."""
    drawn = {each.lot: each.remaining for each in account.lots}
    moves.draw(out, operation, drawn | {lot: -amount for lot, amount in account.advanced.items()})
    escrow = account.sum_of("remaining", escrow=True)
    landed = account.sum_of("own") - account.owed - escrow
    transfers = {
        (Account.BURNED.value, Account.SPENDABLE.value): account.sum_of("burned"),
        (Account.SPENDABLE_ESCROW.value, Account.MERGED.value): escrow,
        **moves.between(Account.SPENDABLE, Account.MERGED, landed),
        (Account.CLOSED.value, Account.QUALIFYING.value): account.sum_of("closed", spendable=False),
        (Account.QUALIFYING.value, Account.MERGED.value): account.sum_of("own", spendable=False, escrow=False),
        (Account.QUALIFYING_ESCROW.value, Account.MERGED.value): account.sum_of(
            "remaining", spendable=False, escrow=True
        ),
    }
    moves.book(out, operation, transfers, _lifetimes_of_who_stayed(account))
    missing = moves.level(out, operation)
    if missing:
        parameters: dict[str, Any] = {"amount": missing, "now": out.recorded_at, "expires_at": expires_at}
        moves.rows(_COMPENSATE, {"contact": out.contact_id, "operation": operation, **parameters})


def _give(account: _Account, into: Fact, operation: int) -> None:
    """Put the lots of who goes back as they stood, and his debt beside them."""
    given = [each for each in account.lots if each.own]
    columns = {
        "lots": [each.from_lot for each in given],
        "amounts": [each.own for each in given],
        "ends": [each.expires_at for each in given],
        "changed": [bool(each.restored) for each in given],
    }
    held = dict(moves.rows(_GIVE, {"contact": into.contact_id, "operation": operation, **columns}))
    landed = held.get(Account.SPENDABLE, ZERO) - account.owed
    transfers = {
        (Account.MERGED.value, held_in.value): held.get(held_in, ZERO)
        for held_in in HELD
        if held_in != Account.SPENDABLE
    }
    transfers |= {(target, source): amount for (source, target), amount in moves.between(1, 10, landed).items()}
    moves.book(into, operation, transfers, _lifetimes_of_who_goes_back(account))
    moves.level(into, operation)


def _lifetimes_of_who_goes_back(account: _Account) -> dict[int, Decimal]:
    """Return what enters the lifetime values: what came, what was restored or had landed and is no more; what is about
    to land comes with its landing."""
    since = {
        Account.SPENDABLE.value: account.sum_of("restored") + account.sum_of("returned_here"),
        Account.QUALIFYING.value: account.sum_of("returned_here", spendable=False),
    }
    accounts = {*account.lifetimes, *since}
    return {each: account.lifetimes.get(each, ZERO) + since.get(each, ZERO) for each in accounts}


def _lifetimes_of_who_stayed(account: _Account) -> dict[int, Decimal]:
    """Return what leaves the lifetime values: what came with the merge, and what its lots have brought since."""
    since = {
        Account.SPENDABLE.value: account.sum_of("brought") + account.sum_of("restored"),
        Account.QUALIFYING.value: account.sum_of("brought", spendable=False),
    }
    accounts = {*account.lifetimes, *since}
    return {each: -account.lifetimes.get(each, ZERO) - since.get(each, ZERO) for each in accounts}
