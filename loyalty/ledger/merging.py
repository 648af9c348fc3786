"""A merge in the books: everything one customer holds goes to another, lot by lot (docs/decisions/merging.md).

Two operations, with the counter-account Merged between them: one empties the balances and lots of who goes, one opens,
at who stays, a lot for each of them with the same size, dates and state. A lot that was spent is taken over too, so
that a return still finds where bonuses belong. A debt moves as well; lots of who stays, or came, pay it at once.
"""

from typing import Any

from loyalty.ledger import moves
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import Move
from loyalty.ledger.posting import Fact

_OPEN_LOTS = "SELECT id, remaining FROM ledger_lot WHERE contact_id = %(contact)s AND remaining > 0"

# What the operation at who goes drew is what each lot still held. Tier-qualifying lots that hold nothing stay behind:
# nothing ever goes back into one.
_TAKE_OVER = """
WITH old AS MATERIALIZED (
    SELECT nextval('ledger_lot_id_seq') AS new_id, lot.id, lot.account, lot.earned,
        coalesce(draw.amount, 0) AS amount, lot.matures_at, lot.expires_at, lot.landed,
        coalesce(earlier.root_id, lot.id) AS root_id, coalesce(earlier.accrual_id, lot.operation_id) AS accrual_id
    FROM ledger_lot lot
    LEFT JOIN ledger_draw draw ON draw.contact_id = lot.contact_id AND draw.lot_id = lot.id
        AND draw.operation_id = %(out_operation)s
    LEFT JOIN ledger_movedlot earlier ON earlier.contact_id = lot.contact_id AND earlier.lot_id = lot.id
    WHERE lot.contact_id = %(out_contact)s AND (lot.account = 1 OR draw.amount IS NOT NULL)
    ORDER BY lot.id
), lot AS (
    INSERT INTO ledger_lot
        (id, contact_id, operation_id, account, earned, remaining, matures_at, expires_at, landed)
    SELECT new_id, %(contact)s, %(operation)s, account, earned, amount, matures_at, expires_at,
        CASE WHEN landed IS NOT NULL THEN %(operation)s END
    FROM old
), moved AS (
    INSERT INTO ledger_movedlot (contact_id, lot_id, from_lot_id, root_id, accrual_id, amount)
    SELECT %(contact)s, new_id, id, root_id, accrual_id, amount FROM old
)
INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
SELECT %(contact)s, new_id, %(operation)s, earned - amount FROM old WHERE earned > amount
"""


def move(out: Fact, into: Fact) -> Move:
    """Move all that `out`'s contact holds to `into`'s contact (16 statements, whatever the history); return the move.

    The caller holds the balances of both, has landed what is due and burned what has expired. Nothing may be on hold.
    """
    leaving = moves.open_operation(out)
    coming = moves.open_operation(into)
    held = moves.held(out.contact_id)
    transfers: dict[moves.Between, Any] = {}
    for account, amount, _ in held:
        transfers |= moves.between(account, Account.MERGED, amount)
    moves.draw(out, leaving, dict(moves.rows(_OPEN_LOTS, {"contact": out.contact_id})))
    moves.book(out, leaving, transfers, {account: -lifetime for account, _, lifetime in held})
    with moves.debt_allowed():
        moves.rows(
            _TAKE_OVER,
            {
                "contact": into.contact_id,
                "operation": coming,
                "out_contact": out.contact_id,
                "out_operation": leaving,
            },
        )
        mirrored = {(target, source): amount for (source, target), amount in transfers.items()}
        moves.book(into, coming, mirrored, {account: lifetime for account, _, lifetime in held})
        moves.level(into, coming)
    return moves.link(out, leaving, into, coming)
