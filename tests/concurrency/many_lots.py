"""Fifty thousand lots that have matured, written in sets: the same rows that as many purchases leave."""

from datetime import datetime

from django.db import connection

LOTS_OF_A_CONTACT = 4
DEBTOR_EVERY = 100
DEBT = 15

_PURCHASES = """
WITH accrual AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT contact, 'accrual', moment, moment, 'client:till', 'purchase:' || contact || '-' || number
    FROM (SELECT contact, number, %(now)s::timestamptz - interval '31 days' - number * interval '1 hour' AS moment
          FROM generate_series(1, %(contacts)s::int) contact, generate_series(1, 2) number) AS past
    RETURNING id, contact_id, effective_at, cause
), key AS (
    INSERT INTO ledger_operationkey (key, fingerprint, contact_id, operation_id)
    SELECT cause || ':accrual', md5(cause), contact_id, id FROM accrual
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT contact_id, id, 5, target, 10 FROM accrual, (VALUES (2), (4)) AS escrow (target)
)
INSERT INTO ledger_lot (contact_id, operation_id, account, earned, remaining, matures_at, expires_at)
SELECT contact_id, id, account, 10, 10, effective_at + interval '30 days',
    CASE account WHEN 1 THEN effective_at + interval '400 days' END
FROM accrual, (VALUES (1), (3)) AS lands (account)
"""

_DEBTS = """
WITH returned AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT contact, 'return', %(now)s, %(now)s, 'client:till', 'return:' || contact
    FROM generate_series(1, %(contacts)s::int, %(every)s::int) contact
    RETURNING id, contact_id
)
INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
SELECT contact_id, id, 1, 5, %(debt)s FROM returned
"""

_BALANCES = """
INSERT INTO ledger_bonusbalance (contact_id, account, public_id, amount, lifetime)
SELECT contact, account, gen_random_uuid(),
    CASE WHEN account IN (2, 4) THEN 20
         WHEN account = 1 AND (contact - 1) %% %(every)s::int = 0 THEN -%(debt)s::int ELSE 0 END,
    CASE WHEN account IN (2, 4) THEN 20 ELSE 0 END
FROM generate_series(1, %(contacts)s::int) contact, generate_series(1, 4) account
"""


def write(lots: int, now: datetime) -> int:
    """Write `lots` due lots, four a contact, every hundredth contact in debt; return the number of contacts."""
    contacts = lots // LOTS_OF_A_CONTACT
    parameters = {"contacts": contacts, "now": now, "every": DEBTOR_EVERY, "debt": DEBT}
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('ledger.debt_allowed', 'yes', false)")
        for sql in (_PURCHASES, _DEBTS, _BALANCES):
            cursor.execute(sql, parameters)
        cursor.execute("SELECT set_config('ledger.debt_allowed', '', false)")
        cursor.execute("ANALYZE ledger_lot, ledger_bonusbalance, ledger_operation, ledger_transfer")
    return contacts
