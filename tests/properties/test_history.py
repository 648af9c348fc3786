"""What was read at any moment of any history is told again later, from the books alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st

from loyalty.core import actors, clock
from loyalty.core.errors import InsufficientPoints
from loyalty.ledger import balances, burning, history, holds, locks, posting, returns
from loyalty.ledger.accounts import Account
from loyalty.ledger.returns import Reach
from loyalty.services import expiry, points
from tests.ledger import books
from tests.ledger.books import Four
from tests.properties.paper import MOSCOW

JOB = actors.system("test")
START = datetime(2026, 3, 2, 12, 0, tzinfo=MOSCOW)
CONTACT = 5
ALLOW_NEGATIVE = Reach(landed=True, others=True, debt=True)

amounts = st.integers(1, 20_000).map(lambda hundredths: Decimal(hundredths).scaleb(-2))
acts = st.one_of(
    st.tuples(st.just("earn"), amounts, st.sampled_from([None, 5, 40, 400])),
    st.tuples(st.just("spend"), st.floats(0.01, 1)),
    st.tuples(st.just("hold"), st.floats(0.01, 1), st.sampled_from(["leave", "capture", "void"])),
    st.tuples(st.just("take_back"), st.integers(0, 9), st.floats(0.01, 1)),
    st.tuples(st.just("restore"), st.integers(0, 9), st.floats(0.01, 1), st.sampled_from([None, 3])),
    st.tuples(st.just("adjust"), amounts, st.sampled_from([None, 10, 60])),
    st.tuples(st.just("take"), amounts, st.booleans()),
    st.tuples(st.just("qualify"), amounts, st.booleans()),
    st.tuples(st.just("roll_over"), st.integers(0, 20)),
    st.tuples(st.just("expire"), st.integers(0, 20)),
    st.tuples(st.just("put_off"), st.integers(1, 90)),
)
waits = st.sampled_from([0, 0, 1, 5, 10, 30, 35, 60])


@contextmanager
def nothing_is_kept() -> Iterator[None]:
    rollback = transaction.atomic()
    rollback._from_testcase = True  # type: ignore[attr-defined]  # the use cases open theirs inside, as in any test
    with clock.at(START), rollback:
        yield
        transaction.set_rollback(True)


class Life:
    """One contact's history: each act as its use case does it, with settling first where that settles."""

    def __init__(self) -> None:
        self.accruals: list[tuple[int, Decimal]] = []
        self.redemptions: list[tuple[int, Decimal]] = []

    def act(self, name: str, *given: Any) -> None:
        with transaction.atomic():
            getattr(self, name)(*given)

    def part(self, share: float) -> Decimal:
        available = balances.read(CONTACT, clock.now()).available
        return (available * Decimal(share)).quantize(Decimal("0.01"), "ROUND_DOWN")

    def earn(self, amount: Decimal, lasts: int | None) -> None:
        now = clock.now()
        matures = now + timedelta(days=30)
        ends = matures + timedelta(days=lasts) if lasts else None
        posted = posting.accrue(
            books.fact(CONTACT), spendable=amount, qualifying=amount, matures_at=matures, expires_at=ends
        )
        self.accruals.append((posted.operation_id, amount))

    def spend(self, share: float) -> None:
        amount = self.part(share)
        if amount:
            books.settle(CONTACT)
            self.redemptions.append((books.spend(CONTACT, amount).operation_id, amount))

    def hold(self, share: float, then: str) -> None:
        amount = self.part(share)
        if not amount:
            return
        held = books.hold(CONTACT, amount)
        if then == "capture":
            self.redemptions.append((books.capture(held, amount).operation_id, amount))
        if then == "void":
            holds.void(held, clock.now())

    def take_back(self, number: int, share: float) -> None:
        if number >= len(self.accruals):
            return
        accrual, left = self.accruals[number]
        amount = (left * Decimal(share)).quantize(Decimal("0.01"), "ROUND_UP")
        self.accruals[number] = (accrual, left - amount)
        if not amount:
            return
        self._settle()
        returns.take_back(
            replace(books.fact(CONTACT), corrects_id=accrual),
            accrual_id=accrual, spendable=amount, qualifying=amount, reach=ALLOW_NEGATIVE,
        )  # fmt: skip

    def restore(self, number: int, share: float, grace: int | None) -> None:
        if number >= len(self.redemptions):
            return
        redemption, left = self.redemptions[number]
        amount = (left * Decimal(share)).quantize(Decimal("0.01"), "ROUND_UP")
        self.redemptions[number] = (redemption, left - amount)
        if not amount:
            return
        now = clock.now()
        self._settle()
        until = now + timedelta(days=grace) if grace else None
        fact = replace(books.fact(CONTACT), corrects_id=redemption)
        returns.restore(fact, redemption_id=redemption, amount=amount, grace_until=until)
        burning.burn([CONTACT], as_of=now, recorded_at=now, actor="system:test", not_before=now)

    def adjust(self, amount: Decimal, lasts: int | None) -> None:
        ends = clock.now() + timedelta(days=lasts) if lasts else None
        books.adjust(CONTACT, amount, expires_at=ends)

    def take(self, amount: Decimal, debt: bool) -> None:
        try:
            books.adjust(CONTACT, -amount, debt=debt)
        except InsufficientPoints:
            return

    def qualify(self, amount: Decimal, give: bool) -> None:
        try:
            books.adjust(CONTACT, amount if give else -amount, Account.QUALIFYING)
        except InsufficientPoints:
            return

    def roll_over(self, ago: int) -> None:
        points.roll_over_escrow(JOB, as_of=clock.now() - timedelta(days=ago))

    def expire(self, ago: int) -> None:
        expiry.expire_points(JOB, as_of=clock.now() - timedelta(days=ago))

    def put_off(self, days: int) -> None:
        now = clock.now()
        locks.lock_balances(CONTACT, now)
        burning.put_off(CONTACT, until=now + timedelta(days=days), now=now)

    def _settle(self) -> None:
        locks.lock_balances(CONTACT, clock.now())
        books.settle(CONTACT)


def told(moment: datetime) -> Four:
    past = history.as_of(CONTACT, moment)
    return Four(past.spendable, past.spendable_escrow, past.qualifying, past.qualifying_escrow)


HUNDRED = Decimal(100)
# Bonuses that come back after their expiry burn then, not at their date.
CAME_BACK_LATE = [(("earn", HUNDRED, 5), 30), (("spend", 0.5), 10), (("restore", 0, 1.0, None), 1)]
# A debt is paid by points that matured and expired before anybody booked it.
PAID_UNSEEN = [
    (("adjust", HUNDRED, None), 1),
    (("take", Decimal(150), True), 1),
    (("earn", Decimal(80), 5), 60),
    (("hold", 0.5, "leave"), 0),
]
# A purchase puts off what would have expired.
PUT_OFF = [(("adjust", HUNDRED, 10), 5), (("put_off", 90), 35), (("spend", 0.5), 60)]


@pytest.mark.django_db
@example(CAME_BACK_LATE)
@example(PAID_UNSEEN)
@example(PUT_OFF)
@given(st.lists(st.tuples(acts, waits), min_size=3, max_size=25))
def test_what_was_read_at_any_moment_is_told_later_from_the_books(story: list[Any]) -> None:
    with nothing_is_kept():
        life, seen = Life(), {START - timedelta(days=1): books.four(0, 0, 0, 0)}
        for (name, *given), wait in story:
            if name in ("roll_over", "expire"):
                getattr(life, name)(*given)
            else:
                life.act(name, *given)
            seen[clock.now()] = books.read(CONTACT)
            clock._fixed.set(clock.now() + timedelta(days=wait / 2))
            seen[clock.now()] = books.read(CONTACT)
            clock._fixed.set(clock.now() + timedelta(days=wait / 2))
        clock._fixed.set(clock.now() + timedelta(days=45))
        assert {moment: told(moment) for moment in seen} == seen
        # Once everything is booked, the same.
        points.roll_over_escrow(JOB)
        expiry.expire_points(JOB)
        assert {moment: told(moment) for moment in seen} == seen
        books.assert_laws_hold()
