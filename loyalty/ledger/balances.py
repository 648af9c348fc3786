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
    """The part of the points that may be spent now (not what holds keep) that expires first, and when."""

    amount: Decimal
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One account as it stands: `public_id` None and zeros when the contact never used it."""

    account: Account
    amount: Decimal
    lifetime: Decimal
    public_id: UUID | None


# Account, amount, lifetime, public id, as the statement gives them.
_Row = tuple[int, str, str, str]


@dataclass(frozen=True, slots=True)
class Balance:
    """Points of one contact at one moment. `spendable` is below zero while there is a debt."""

    spendable: Decimal
    spendable_escrow: Decimal
    qualifying: Decimal
    qualifying_escrow: Decimal
    burned: Decimal
    on_hold: Decimal
    expiring: Expiring | None
    _rows: tuple[_Row, ...]
    _landed: tuple[Decimal, Decimal]

    @property
    def available(self) -> Decimal:
        """Points that may be spent now: what open holds keep is not, and never below zero."""
        return max(self.spendable - self.on_hold, ZERO)

    @property
    def accounts(self) -> tuple[AccountBalance, ...]:
        """The four accounts with all that ever entered them. Made when asked for: a till never asks."""
        amounts = (self.spendable, self.spendable_escrow, self.qualifying, self.qualifying_escrow)
        entered = dict(zip((Account.SPENDABLE, Account.QUALIFYING), self._landed, strict=True))
        rows = {row[0]: row for row in self._rows}
        return tuple(
            AccountBalance(
                account,
                amount,
                Decimal(rows[account][2] if account in rows else ZERO) + entered.get(account, ZERO),
                UUID(rows[account][3]) if account in rows else None,
            )
            for account, amount in zip(HELD, amounts, strict=True)
        )


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
WITH {_MATURE_LOTS}, standing AS (
    SELECT coalesce(sum(remaining) FILTER (WHERE landed IS NULL), 0) AS due,
        coalesce(sum(kept) FILTER (WHERE expires_at <= %(now)s), 0) AS expired
    FROM mature
), held_back AS (
    SELECT coalesce(sum(amount), 0) AS amount FROM ledger_hold
    WHERE contact_id = %(contact)s AND resolved_at IS NULL AND ends_at > %(now)s
), live AS (
    -- What open holds keep will be taken from the lots that expire first: the rest is what may still be spent.
    SELECT expires_at, least(dated.amount, running - held_back.amount) AS amount FROM (
        SELECT expires_at, sum(kept) AS amount, sum(sum(kept)) OVER (ORDER BY expires_at) AS running FROM mature
        WHERE kept > 0 AND expires_at > %(now)s GROUP BY expires_at
    ) dated, held_back
    WHERE running > held_back.amount ORDER BY expires_at LIMIT 1
)
SELECT standing.due, standing.expired,
    (SELECT coalesce(sum(remaining), 0) FROM ledger_lot
       WHERE contact_id = %(contact)s AND account = 3 AND landed IS NULL AND remaining > 0 AND matures_at <= %(now)s),
    CASE WHEN %(since)s::timestamptz IS NULL THEN 0 ELSE (SELECT coalesce(sum(remaining), 0) FROM ledger_lot
       WHERE contact_id = %(contact)s AND account = 3 AND remaining > 0 AND matures_at < %(since)s) END,
    (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE contact_id = %(contact)s AND target = 7)
        - (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE contact_id = %(contact)s AND source = 7),
    live.expires_at, live.amount,
    (SELECT json_agg(json_build_array(account, amount::text, lifetime::text, public_id))
       FROM ledger_bonusbalance WHERE contact_id = %(contact)s),
    held_back.amount
FROM standing CROSS JOIN held_back LEFT JOIN live ON true
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


def read(contact_id: int, now: datetime, *, since: datetime | None = None) -> Balance:
    """Return the balance of a contact at `now` in one statement, whatever the history.

    `since`: when the running year of qualification began. Qualifying points that landed before count as closed, though
    the job of the year end may not have come yet; who shows no qualifying points leaves it out.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, {"contact": contact_id, "now": now, "since": since})
        due, expired, due_qualifying, over, burned, expires_at, expiring, rows, on_hold = cursor.fetchone()
    held = dict.fromkeys(HELD, ZERO) | {row[0]: Decimal(row[1]) for row in rows or ()}
    return Balance(
        spendable=held[Account.SPENDABLE] + due - expired,
        spendable_escrow=held[Account.SPENDABLE_ESCROW] - due,
        qualifying=held[Account.QUALIFYING] + due_qualifying - over,
        qualifying_escrow=held[Account.QUALIFYING_ESCROW] - due_qualifying,
        burned=burned + expired,
        on_hold=on_hold,
        expiring=Expiring(expiring, expires_at) if expires_at else None,
        _rows=tuple(rows or ()),
        _landed=(due, due_qualifying),
    )


def portions(contact_id: int, now: datetime) -> list[Portion]:
    """Return the spendable points by expiry and the escrow points by maturity, soonest first (1 statement)."""
    with connection.cursor() as cursor:
        cursor.execute(_PORTIONS, {"contact": contact_id, "now": now})
        return [Portion(*row) for row in cursor.fetchall()]
