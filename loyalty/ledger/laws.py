"""What a law of the books is made of; `invariants` lists and checks them all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Law:
    """A law: what it says, the statement that counts what it governs, and the one that finds what breaks it (`id`)."""

    number: int
    name: str
    counted: str
    broken: str


FORFEITURES = Law(
    5,
    "a forfeiture burns what it draws, of points that could be or become spendable",
    "SELECT count(*) FROM ledger_operation WHERE kind = 'forfeiture'",
    """
    WITH drawn AS (
        SELECT operation.id, sum(draw.amount) AS amount FROM ledger_operation operation JOIN ledger_draw draw
            ON draw.contact_id = operation.contact_id AND draw.operation_id = operation.id
        WHERE operation.kind = 'forfeiture' GROUP BY 1
    ), moved AS (
        SELECT operation.id, sum(transfer.amount) AS amount,
            bool_and(transfer.source IN (1, 2) AND transfer.target = 7) AS burned
        FROM ledger_operation operation JOIN ledger_transfer transfer
            ON transfer.contact_id = operation.contact_id AND transfer.operation_id = operation.id
        WHERE operation.kind = 'forfeiture' GROUP BY 1
    )
    SELECT id FROM ledger_operation operation LEFT JOIN drawn USING (id) LEFT JOIN moved USING (id)
    WHERE operation.kind = 'forfeiture'
      AND (drawn.amount IS NULL OR drawn.amount IS DISTINCT FROM moved.amount OR NOT moved.burned)""",
)
