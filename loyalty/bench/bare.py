"""One psycopg connection doing the kernel's work by hand: the measure for everything that Django adds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from loyalty.bench import bare_sql

ACTOR = "system:bench"


@dataclass(frozen=True, slots=True)
class Bare:
    """Works on a connection in autocommit; what writes opens a transaction, as a use case does."""

    connection: psycopg.Connection[Any]

    def accrue(self, contact: int, key: str, amount: Decimal, now: datetime) -> None:
        """Put `amount` into both escrow accounts of a contact, for the usual thirty days and a year."""
        matures_at = now + timedelta(days=30)
        parameters = _fact(contact, key, now) | {
            "spendable": amount,
            "qualifying": amount,
            "matures_at": matures_at,
            "expires_at": matures_at + timedelta(days=365),
        }
        with self.connection.transaction(), self.connection.cursor() as cursor:
            _expect(cursor.execute(bare_sql.ACCRUE, parameters).fetchone())

    def spend(self, contact: int, key: str, amount: Decimal, now: datetime) -> None:
        """Lock the balances of a contact that has nothing due, and take `amount` from its lots."""
        parameters = _fact(contact, key, now) | {"amount": amount}
        with self.connection.transaction(), self.connection.cursor() as cursor:
            rows = cursor.execute(bare_sql.LOCK, {"contact": contact, "now": now}).fetchall()
            if any(row[2] for row in rows):
                raise RuntimeError("the bench spends only where nothing is due")
            _expect(cursor.execute(bare_sql.REDEEM, parameters).fetchone())

    def balance(self, contact: int, now: datetime) -> dict[int, Decimal]:
        """Return the four amounts of a contact as they stand at `now`."""
        with self.connection.cursor() as cursor:
            row = cursor.execute(bare_sql.BALANCE, {"contact": contact, "now": now}).fetchone()
        due, expired, qualifying, _burned, _expires_at, _amount, rows, _held = _expect(row)
        held = {account: Decimal(amount) for account, amount, _, _ in rows or ()}
        zero = Decimal(0)
        return {
            1: held.get(1, zero) + due - expired,
            2: held.get(2, zero) - due,
            3: held.get(3, zero) + qualifying,
            4: held.get(4, zero) - qualifying,
        }

    def roll_over(self, as_of: datetime, now: datetime, size: int) -> int:
        """Land every lot due at `as_of`, `size` contacts in a transaction; return the lots."""
        lots = 0
        with self.connection.cursor() as cursor:
            ranges = cursor.execute(bare_sql.RANGES, {"as_of": as_of, "size": size}).fetchall()
            for (contacts,) in ranges:
                parameters = {"contacts": contacts, "as_of": as_of, "now": now, "actor": ACTOR, "cause": "maturity"}
                with self.connection.transaction():
                    cursor.execute("SET LOCAL synchronous_commit = off")
                    lots += _land(cursor, parameters)
        return lots


def _land(cursor: psycopg.Cursor[Any], parameters: dict[str, Any]) -> int:
    locked = cursor.execute(bare_sql.LOCK_RANGE, parameters).fetchall()
    if len(locked) < len(parameters["contacts"]) or any(debt for _, debt in locked):
        raise RuntimeError("the bench seeds no debts and no contacts without balances")
    lots, contacts = _expect(cursor.execute(bare_sql.LAND, parameters).fetchone())
    moves = cursor.execute(bare_sql.LEAVE_FOR_HIGHER, {"contacts": contacts, "now": parameters["now"]})
    if moves.fetchall():
        raise RuntimeError("the bench seeds nobody near the next tier")
    return int(lots)


def _fact(contact: int, key: str, now: datetime) -> dict[str, Any]:
    return {"contact": contact, "key": key, "fingerprint": key, "now": now, "actor": ACTOR, "cause": "bench"}


def _expect(row: Any) -> Any:
    if row is None:
        raise RuntimeError("a statement of the bench wrote nothing")
    return row
