"""Reads of the books: what a contact holds at this moment. No writes, no locks.

The clock decides, not the job (specs/points_and_tiers.md): a lot counts as spendable from its `matures_at`
on and as burned from its `expires_at` on, whether or not its rollover or expiry has been booked yet.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from loyalty.ledger.accounts import HELD, Account
from loyalty.ledger.rounding import ZERO


@dataclass(frozen=True, slots=True)
class Expiring:
    """The part of the spendable points that expires first, and when."""

    amount: Decimal
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One account as it stands: `public_id` None and zeros when the contact never used it."""

    account: Account
    amount: Decimal
    lifetime: Decimal
    public_id: UUID | None


@dataclass(frozen=True, slots=True)
class Balance:
    """Points of one contact at one moment. `spendable` is below zero while there is a debt."""

    spendable: Decimal
    spendable_escrow: Decimal
    qualifying: Decimal
    qualifying_escrow: Decimal
    burned: Decimal
    expiring: Expiring | None
    accounts: tuple[AccountBalance, ...]

    @property
    def available(self) -> Decimal:
        """Points that may be spent now: never below zero."""
        return max(self.spendable, ZERO)


@dataclass(frozen=True, slots=True)
class Portion:
    """Points that share a date: spendable ones by `expires_at` (None: never), escrow ones by `matures_at`."""

    amount: Decimal
    mature: bool
    date: datetime | None


# `kept` is what a mature lot still holds after the debt, if any, is paid in the order of maturity: the same
# order in which the rollover pays it, so a read before the job and one after it agree.
_MATURE_LOTS = """
held AS (
    SELECT coalesce(greatest(-max(amount) FILTER (WHERE account = 1), 0), 0) AS debt
    FROM ledger_bonusbalance WHERE contact_id = %(contact)s
), mature AS (
    SELECT expires_at, remaining, landed, CASE
        WHEN landed IS NOT NULL OR held.debt = 0 THEN remaining
        ELSE greatest(0, least(remaining,
            sum(CASE WHEN landed IS NULL THEN remaining ELSE 0 END) OVER (ORDER BY matures_at, id) - held.debt))
        END AS kept
    FROM ledger_lot, held
    WHERE contact_id = %(contact)s AND account = 1 AND remaining > 0 AND matures_at <= %(now)s
)"""

_BALANCE = f"""
WITH {_MATURE_LOTS}, due AS (
    SELECT coalesce(sum(remaining), 0) AS qualifying FROM ledger_lot
    WHERE contact_id = %(contact)s AND account = 3 AND landed IS NULL AND remaining > 0 AND matures_at <= %(now)s
), live AS (
    SELECT expires_at, sum(kept) AS amount FROM mature
    WHERE kept > 0 AND (expires_at IS NULL OR expires_at > %(now)s) GROUP BY expires_at
)
SELECT
    (SELECT coalesce(sum(remaining) FILTER (WHERE landed IS NULL), 0) FROM mature),
    (SELECT coalesce(sum(kept) FILTER (WHERE expires_at <= %(now)s), 0) FROM mature),
    (SELECT qualifying FROM due),
    (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE contact_id = %(contact)s AND target = 7),
    (SELECT expires_at FROM live WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT 1),
    (SELECT amount FROM live WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT 1),
    (SELECT json_agg(json_build_array(account, amount::text, lifetime::text, public_id))
       FROM ledger_bonusbalance WHERE contact_id = %(contact)s)
"""

_PORTIONS = f"""
WITH {_MATURE_LOTS}
SELECT sum(kept), true, expires_at FROM mature
WHERE kept > 0 AND (expires_at IS NULL OR expires_at > %(now)s) GROUP BY expires_at
UNION ALL
SELECT sum(remaining), false, matures_at FROM ledger_lot
WHERE contact_id = %(contact)s AND account = 1 AND landed IS NULL AND remaining > 0 AND matures_at > %(now)s
GROUP BY matures_at
ORDER BY 3 NULLS LAST
"""


def read(contact_id: int, now: datetime) -> Balance:
    """Return the balance of a contact at `now` in one statement, whatever the history."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, {"contact": contact_id, "now": now})
        due, expired, due_qualifying, burned, expires_at, expiring, rows = cursor.fetchone()
    held = {row[0]: (Decimal(row[1]), Decimal(row[2]), UUID(row[3])) for row in rows or ()}
    moved = {
        Account.SPENDABLE: due - expired,
        Account.SPENDABLE_ESCROW: -due,
        Account.QUALIFYING: due_qualifying,
        Account.QUALIFYING_ESCROW: -due_qualifying,
    }
    entered = {Account.SPENDABLE: due, Account.QUALIFYING: due_qualifying}
    accounts = []
    for account in HELD:
        amount, lifetime, public_id = held.get(account, (ZERO, ZERO, None))
        accounts.append(
            AccountBalance(account, amount + moved[account], lifetime + entered.get(account, ZERO), public_id)
        )
    spendable, spendable_escrow, qualifying, qualifying_escrow = (each.amount for each in accounts)
    return Balance(
        spendable=spendable,
        spendable_escrow=spendable_escrow,
        qualifying=qualifying,
        qualifying_escrow=qualifying_escrow,
        burned=burned + expired,
        expiring=Expiring(expiring, expires_at) if expires_at else None,
        accounts=tuple(accounts),
    )


def portions(contact_id: int, now: datetime) -> list[Portion]:
    """Return the spendable points by expiry and the escrow points by maturity, soonest first (1 statement)."""
    with connection.cursor() as cursor:
        cursor.execute(_PORTIONS, {"contact": contact_id, "now": now})
        return [Portion(*row) for row in cursor.fetchall()]
