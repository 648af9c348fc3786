"""Plain entries into the books for tests of the kernel: contacts are bare numbers here, as they are to the kernel."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from loyalty.core import clock
from loyalty.ledger import adjusting, balances, burning, expiry, forfeiting, holds, invariants, posting, rollover
from loyalty.ledger.accounts import Account
from loyalty.ledger.holds import HoldRequest
from loyalty.ledger.locks import lock_balances
from loyalty.ledger.models import Hold
from loyalty.ledger.posting import Fact, Posted
from loyalty.ledger.rollover import Landed
from tiers import rules

MOSCOW = ZoneInfo("Europe/Moscow")
ESCROW = timedelta(days=30)
_numbers = count(1)


@dataclass(frozen=True)
class Four:
    """The four balances of a contact."""

    spendable: Decimal
    spendable_escrow: Decimal
    qualifying: Decimal
    qualifying_escrow: Decimal


def four(spendable: float | str, escrow: float | str, qualifying: float | str, qualifying_escrow: float | str) -> Four:
    return Four(*(Decimal(str(each)) for each in (spendable, escrow, qualifying, qualifying_escrow)))


def fact(contact: int, *, key: str = "", content: str = "", at: datetime | None = None) -> Fact:
    now = clock.now()
    return Fact(
        contact_id=contact,
        key=key or f"key-{next(_numbers)}",
        fingerprint=posting.fingerprint(content),
        effective_at=at or now,
        recorded_at=now,
        actor="client:till",
        cause="purchase:test",
    )


def earn(contact: int, amount: float | str, *, qualifying: float | str | None = None, **given: object) -> Posted:
    """Accrue points that mature thirty days after `at` and expire as the default policy says."""
    expires = bool(given.pop("expires", True))
    entry = fact(contact, **given)  # type: ignore[arg-type]
    matures_at = entry.effective_at + ESCROW
    with transaction.atomic():
        return posting.accrue(
            entry,
            spendable=Decimal(str(amount)),
            qualifying=Decimal(str(amount if qualifying is None else qualifying)),
            matures_at=matures_at,
            expires_at=expiry.expires_at(matures_at, 12, "month", MOSCOW) if expires else None,
        )


def spend(contact: int, amount: float | str, **given: object) -> Posted:
    """Redeem as a purchase does: lock, land what is due, take."""
    now = clock.now()
    with transaction.atomic():
        if lock_balances(contact, now).due:
            land(contact)
        return posting.redeem(fact(contact, **given), amount=Decimal(str(amount)))  # type: ignore[arg-type]


def land(first: int, last: int | None = None) -> Landed:
    now = clock.now()
    with transaction.atomic():
        return rollover.roll_over(
            range(first, (last or first) + 1),
            as_of=now,
            recorded_at=now,
            actor="system:roll_over_escrow",
            cause="maturity",
        )


def settle(contact: int) -> None:
    """Land what has matured and burn what has expired, as every use case does before it takes."""
    land(contact)
    now = clock.now()
    with transaction.atomic():
        burning.burn([contact], as_of=now, recorded_at=now, actor="system:expire_points")


def adjust(
    contact: int, amount: float | str, account: Account = Account.SPENDABLE, *, debt: bool = False,
    expires_at: datetime | None = None, **given: object,
) -> Posted:  # fmt: skip
    """Give points by hand, or take them when `amount` is below zero."""
    points = Decimal(str(amount))
    now = clock.now()
    entry = replace(fact(contact, **given), reason="a friendly letter", cause="adjustment:test")  # type: ignore[arg-type]
    with transaction.atomic():
        lock_balances(contact, now)
        settle(contact)
        if points < 0:
            return adjusting.debit(entry, account=account, amount=-points, debt=debt)
        return adjusting.credit(entry, account=account, amount=points, expires_at=expires_at)


def give_up(contact: int) -> Decimal:
    """Leave, with all that could be spent."""
    with transaction.atomic():
        lock_balances(contact, clock.now())
        settle(contact)
        return forfeiting.forfeit(fact(contact))


def hold(contact: int, amount: float | str, *, minutes: float = 15) -> Hold:
    """Set points aside as a till does."""
    now = clock.now()
    with transaction.atomic():
        lock_balances(contact, now)
        return holds.place(
            HoldRequest(
                contact_id=contact,
                key=f"hold-{next(_numbers)}",
                fingerprint="f",
                amount=Decimal(str(amount)),
                made_at=now,
                ends_at=now + timedelta(minutes=minutes),
                actor="client:till",
                cause="purchase:test",
            )
        )


def capture(held: Hold, amount: float | str) -> Posted:
    """Spend a hold."""
    with transaction.atomic():
        lock_balances(held.contact_id, clock.now())
        settle(held.contact_id)
        return holds.capture(held, fact(held.contact_id), Decimal(str(amount)))


def owe(contact: int, amount: float | str) -> None:
    """Leave a debt of `amount`, as a return after the points were spent does; the contact has no landed points."""
    now = clock.now()
    with transaction.atomic(), connection.cursor() as cursor:
        lock_balances(contact, now)
        cursor.execute("SET LOCAL ledger.debt_allowed = 'yes'")
        cursor.execute(
            """
            WITH operation AS (
                INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
                VALUES (%(contact)s, 'return', %(now)s, %(now)s, 'client:till', 'return:test') RETURNING id
            ), transfer AS (
                INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
                SELECT %(contact)s, id, 1, 5, %(amount)s::numeric FROM operation
            )
            UPDATE ledger_bonusbalance SET amount = amount - %(amount)s::numeric
            WHERE contact_id = %(contact)s AND account = 1
            """,
            {"contact": contact, "now": now, "amount": Decimal(str(amount))},
        )
        cursor.execute("SET LOCAL ledger.debt_allowed = ''")


def read(contact: int) -> Four:
    now = clock.now()
    held = balances.read(contact, now, since=rules.year_began(now, MOSCOW))
    return Four(held.spendable, held.spendable_escrow, held.qualifying, held.qualifying_escrow)


def booked(contact: int) -> Four:
    """The balance rows as they are written, whatever the clock says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT account, amount FROM ledger_bonusbalance WHERE contact_id = %s", [contact])
        amounts = dict(cursor.fetchall())
    return Four(*(amounts.get(account, Decimal(0)) for account in (1, 2, 3, 4)))


def assert_laws_hold() -> None:
    assert invariants.broken() == []


def credit(contact: int, *, spendable: Decimal, qualifying: Decimal, at: datetime) -> None:
    """Give points that were never in escrow, as an adjustment does."""
    with transaction.atomic(), connection.cursor() as cursor:
        lock_balances(contact, at)
        cursor.execute(
            """
            WITH operation AS (
                INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause, reason)
                VALUES (%(contact)s, 'adjustment', %(at)s, %(at)s, 'staff:test', 'adjustment:test', 'a gift')
                RETURNING id
            ), part AS (
                SELECT * FROM (VALUES (1, %(spendable)s::numeric), (3, %(qualifying)s::numeric))
                    AS part (account, amount)
            ), transfer AS (
                INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
                SELECT %(contact)s, operation.id, 8, part.account, part.amount FROM operation, part
            ), lot AS (
                INSERT INTO ledger_lot
                    (contact_id, operation_id, account, earned, remaining, matures_at, landed)
                SELECT %(contact)s, operation.id, part.account, part.amount, part.amount, %(at)s, operation.id
                FROM operation, part
            )
            UPDATE ledger_bonusbalance balance SET amount = part.amount, lifetime = part.amount
            FROM part WHERE balance.contact_id = %(contact)s AND balance.account = part.account
            """,
            {"contact": contact, "at": at, "spendable": spendable, "qualifying": qualifying},
        )
