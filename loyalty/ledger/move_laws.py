"""Laws of merges: what leaves one customer comes to another, whole, and no other way (docs/decisions/merging.md)."""

from loyalty.ledger.law import Law

_MOVES = "SELECT count(*) FROM ledger_move"

# Spendable points are one sum with their escrow: meanwhile some have matured. So are tier-qualifying ones.
_PASSED = """
WITH passed AS (
    SELECT contact_id, operation_id, sum(amount) FILTER (WHERE account <= 2) AS spendable,
        sum(amount) FILTER (WHERE account > 2) AS qualifying
    FROM (
        SELECT contact_id, operation_id, source AS account, amount FROM ledger_transfer WHERE target = 10
        UNION ALL
        SELECT contact_id, operation_id, target, -amount FROM ledger_transfer WHERE source = 10
    ) part GROUP BY contact_id, operation_id
)
"""

MOVE_LAWS = (
    Law(
        2,
        "a merge gives to one customer what it takes from the other",
        _MOVES,
        f"""{_PASSED}
        SELECT move.id FROM ledger_move move
        LEFT JOIN passed gone ON gone.contact_id = move.out_contact AND gone.operation_id = move.out_operation
        LEFT JOIN passed came ON came.contact_id = move.in_contact AND came.operation_id = move.in_operation
        WHERE coalesce(gone.spendable, 0) + coalesce(came.spendable, 0) <> 0
           OR coalesce(gone.qualifying, 0) + coalesce(came.qualifying, 0) <> 0""",
    ),
    Law(
        2,
        "nothing passes between customers but by a merge: two operations of that kind, which no other merge names",
        "SELECT count(*) FROM ledger_operation WHERE kind = 'merge'",
        """
        WITH named AS (
            SELECT out_contact AS contact_id, out_operation AS operation_id FROM ledger_move
            UNION ALL SELECT in_contact, in_operation FROM ledger_move
        )
        SELECT coalesce(operation.id, named.operation_id) AS id
        FROM (SELECT id, contact_id FROM ledger_operation WHERE kind = 'merge') operation
        FULL JOIN named ON named.operation_id = operation.id AND named.contact_id = operation.contact_id
        WHERE operation.id IS NULL OR named.operation_id IS NULL
        UNION
        SELECT operation_id FROM named GROUP BY operation_id HAVING count(*) > 1
        UNION
        SELECT transfer.operation_id FROM ledger_transfer transfer
        LEFT JOIN ledger_operation operation
            ON operation.id = transfer.operation_id AND operation.contact_id = transfer.contact_id
        WHERE (transfer.source = 10 OR transfer.target = 10) AND operation.kind IS DISTINCT FROM 'merge'""",
    ),
    Law(
        2,
        "a merge is undone by a later one between the same two customers, the other way",
        "SELECT count(*) FROM ledger_move WHERE undoes_id IS NOT NULL",
        """
        SELECT undo.id FROM ledger_move undo JOIN ledger_move move ON move.id = undo.undoes_id
        WHERE (undo.out_contact, undo.in_contact) <> (move.in_contact, move.out_contact)
           OR move.undoes_id IS NOT NULL OR undo.out_operation <= move.in_operation""",
    ),
    Law(
        5,
        "a lot that came by a merge stands for one of the other customer: the same size, maturity and account",
        "SELECT count(*) FROM ledger_movedlot",
        """
        SELECT moved.lot_id AS id FROM ledger_movedlot moved
        LEFT JOIN ledger_lot lot ON lot.id = moved.lot_id AND lot.contact_id = moved.contact_id
        LEFT JOIN ledger_move move
            ON move.in_operation = lot.operation_id AND move.in_contact = lot.contact_id AND move.undoes_id IS NULL
        LEFT JOIN ledger_lot origin ON origin.id = moved.from_lot_id AND origin.contact_id = move.out_contact
        LEFT JOIN ledger_draw draw ON draw.lot_id = origin.id AND draw.contact_id = origin.contact_id
            AND draw.operation_id = move.out_operation
        WHERE origin.id IS NULL OR origin.account <> lot.account OR origin.earned <> lot.earned
           OR origin.matures_at <> lot.matures_at OR coalesce(draw.amount, 0) <> moved.amount
        UNION
        SELECT lot.id FROM ledger_lot lot
        JOIN ledger_move move ON move.in_operation = lot.operation_id AND move.in_contact = lot.contact_id
        LEFT JOIN ledger_movedlot moved ON moved.lot_id = lot.id AND moved.contact_id = lot.contact_id
        WHERE moved.id IS NULL AND move.undoes_id IS NULL""",
    ),
)
