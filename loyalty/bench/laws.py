"""Do the books balance after the bench? A few laws of specs/points_and_tiers.md, one statement each."""

from django.db import connection

_LAWS = {
    "a balance equals the sum of its transfers": """
        SELECT count(*) FROM ledger_bonusbalance balance FULL JOIN (
            SELECT contact_id, account, sum(amount) AS amount FROM (
                SELECT contact_id, target AS account, amount FROM ledger_transfer WHERE target <= 4
                UNION ALL SELECT contact_id, source, -amount FROM ledger_transfer WHERE source <= 4
            ) AS side GROUP BY contact_id, account
        ) AS booked USING (contact_id, account)
        WHERE coalesce(balance.amount, 0) <> coalesce(booked.amount, 0)
    """,
    "a balance equals what its lots hold": """
        SELECT count(*) FROM ledger_bonusbalance balance LEFT JOIN (
            SELECT contact_id, CASE WHEN landed IS NULL THEN account + 1 ELSE account END AS account,
                sum(remaining) AS amount
            FROM ledger_lot GROUP BY 1, 2
        ) AS held USING (contact_id, account)
        WHERE balance.amount <> coalesce(held.amount, 0)
    """,
    "draws and the rest make up what a lot earned": """
        SELECT count(*) FROM ledger_lot lot LEFT JOIN (
            SELECT lot_id, sum(amount) AS amount FROM ledger_draw GROUP BY lot_id
        ) AS drawn ON drawn.lot_id = lot.id
        WHERE lot.earned <> lot.remaining + coalesce(drawn.amount, 0)
    """,
    "an operation has its transfers": """
        SELECT count(*) FROM ledger_operation operation
        WHERE NOT EXISTS (SELECT 1 FROM ledger_transfer
            WHERE contact_id = operation.contact_id AND operation_id = operation.id)
    """,
}


def broken() -> list[str]:
    """Return the laws that do not hold, with how many rows break each."""
    found = []
    with connection.cursor() as cursor:
        for law, statement in _LAWS.items():
            cursor.execute(statement)
            if rows := cursor.fetchone()[0]:
                found.append(f"{law}: {rows} rows break it")
    return found
