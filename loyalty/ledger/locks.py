"""The kernel's locks: the only module here that locks rows.

Order inside a transaction: purchase or command, card, contact, balances. Balances are locked by contact,
then account, and the four rows of a contact are made together, so two transactions can never wait for each
other in a circle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.ledger.accounts import HELD, Account
from loyalty.ledger.models import Hold

_LOCK_ONE = """
SELECT balance.account, balance.amount, EXISTS (
    SELECT 1 FROM ledger_lot
    WHERE contact_id = %(contact)s AND landed IS NULL AND remaining > 0 AND matures_at <= %(now)s
)
FROM ledger_bonusbalance balance
WHERE balance.contact_id = %(contact)s
  AND (SELECT count(*) FROM ledger_bonusbalance WHERE contact_id = %(contact)s) = 4
ORDER BY balance.account
FOR UPDATE OF balance
"""

_CREATE_ONE = """
INSERT INTO ledger_bonusbalance (contact_id, account, public_id)
SELECT %(contact)s, account, gen_random_uuid() FROM generate_series(1, 4) AS account
ORDER BY account ON CONFLICT (contact_id, account) DO NOTHING
"""

# By list, not BETWEEN: contacts with lots due may lie far apart, and those between them are not read.
_LOCK_MANY = f"""
WITH locked AS (
    SELECT contact_id, account, amount FROM ledger_bonusbalance
    WHERE contact_id = ANY(%(contacts)s)
    ORDER BY contact_id, account FOR UPDATE
)
SELECT contact_id, greatest(-amount, 0) FROM locked WHERE account = {Account.SPENDABLE.value}
"""

_CREATE_MANY = """
INSERT INTO ledger_bonusbalance (contact_id, account, public_id)
SELECT contact_id, account, gen_random_uuid()
FROM unnest(%(contacts)s::bigint[]) AS contact_id, generate_series(1, 4) AS account
ORDER BY contact_id, account ON CONFLICT (contact_id, account) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class LockedBalances:
    """The four balances of a contact, held until the transaction ends; `due` if lots wait to be rolled over."""

    amounts: dict[int, Decimal]
    due: bool


def require_transaction() -> None:
    """Refuse to write books outside a transaction: half an operation must be impossible."""
    if not connection.in_atomic_block:
        raise RuntimeError("the kernel writes only inside a transaction opened by a use case")


def lock_balances(contact_id: int, now: datetime) -> LockedBalances:
    """Lock the four balances of a contact, making zero rows where none stood (1 statement, 3 the first time)."""
    require_transaction()
    parameters: dict[str, Any] = {"contact": contact_id, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_ONE, parameters)
        rows = cursor.fetchall()
        if len(rows) < len(HELD):
            cursor.execute(_CREATE_ONE, parameters)
            cursor.execute(_LOCK_ONE, parameters)
            rows = cursor.fetchall()
    return LockedBalances({row[0]: row[1] for row in rows}, any(row[2] for row in rows))


def lock_many(contacts: Sequence[int]) -> Sequence[tuple[int, Decimal]]:
    """Lock the four balances of each contact, making zero rows where none stood (1 statement, 3 at most).

    Returns the contacts locked, each with its debt: zero for most. The caller writes to no other.
    """
    require_transaction()
    parameters: dict[str, Any] = {"contacts": list(contacts)}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_MANY, parameters)
        rows: list[tuple[int, Decimal]] = cursor.fetchall()
        if len(rows) < len(contacts):
            cursor.execute(_CREATE_MANY, parameters)
            cursor.execute(_LOCK_MANY, parameters)
            rows = cursor.fetchall()
    return rows


def lock_hold(public_id: UUID) -> Hold | None:
    """Lock and return the hold with a HoldId, None if there is none. Its contact's balances are locked after it."""
    require_transaction()
    return Hold.objects.select_for_update(of=("self",)).filter(public_id=public_id).first()
