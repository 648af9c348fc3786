"""The shop beside the pencil: any order of buying, returning, holding, adjusting, merging, waiting and jobs.

Every rule goes through the real use case and writes the same into `paper_shop`; after each step everything that can be
read of every customer is compared, and the laws are checked. A failure is printed as the steps that led to it, and they
can be played again by hand: see tests/ledger/test_planted_faults.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from cards.errors import CardStatusRefused
from loyalty.core import actors, clock
from loyalty.core.errors import InsufficientPoints
from loyalty.core.roles import Role
from loyalty.ledger.accounts import Account
from loyalty.models import AdjustmentStatus
from loyalty.services import (
    adjustments,
    expiry,
    holding,
    membership,
    merging,
    points,
    purchases,
    refunds,
    unmerging,
    year_end,
)
from loyalty.services.adjustments import Wanted
from loyalty.services.errors import BonusesOnHold, HoldResolved, NotEnrolled, RefundExceedsPurchase
from loyalty.services.holding import HoldCall
from loyalty.services.refunds import RefundRequest
from loyalty.services.returned_goods import Goods
from tests.properties.frame import CUSTOMERS, START, Frame, points_of
from tests.properties.paper import MOSCOW, PaperStars, turn_of, year_of
from tests.properties.paper_shop import PaperHold, PaperReceipt
from tiers import courses

TILL = actors.client("till-1", "till", "cash_desk")
BOSS = actors.staff("olga", "administrator")
SECOND = actors.staff("petr", "administrator")
JOB = actors.system("beat")
customers = st.integers(0, CUSTOMERS - 1)
amounts = st.one_of(st.integers(1, 30_000), st.integers(100_000, 400_000))
baskets = st.lists(amounts, min_size=1, max_size=3)
shares = st.sampled_from([0.0, 0.01, 0.34, 0.5, 0.99, 1.0])
ago = st.one_of(
    st.just(timedelta(0)),
    st.timedeltas(timedelta(0), timedelta(days=29)),
    st.sampled_from([timedelta(days=30), timedelta(days=30, microseconds=-1), timedelta(days=30, microseconds=1)]),
    st.timedeltas(timedelta(days=30), timedelta(days=366)),
)
waits = st.one_of(
    st.timedeltas(timedelta(seconds=1), timedelta(days=40)),
    st.sampled_from([timedelta(minutes=14), timedelta(days=30), timedelta(days=365), timedelta(days=400)]),
)


@contextmanager
def ranges_of(size: int) -> Iterator[None]:
    """Jobs work in ranges of this size."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ROLLOVER_LOTS_PER_RANGE", "EXPIRY_LOTS_PER_RANGE", "YEAR_END_ROWS_PER_RANGE"):
            patch.setattr(points.settings, name, size)
        yield


class Books(Frame):
    """The kernel beside the pencil."""

    @initialize(
        rate=st.sampled_from([10_000, 10_000, 500, 3_333, 15_000]),
        policy=st.sampled_from(["allow_negative", "allow_negative", "within_balance", "only_pending"]),
        grace=st.sampled_from([0, 0, 10]),
        spent=st.lists(st.sampled_from([0.0, 0.3, 1.0]), min_size=CUSTOMERS, max_size=CUSTOMERS),
    )
    def begin(self, rate: int, policy: str, grace: int, spent: list[float]) -> None:
        """Everybody has bought before, and spent a part of it: there is something to return."""
        self.open(rate, policy, grace)
        for customer in range(CUSTOMERS):
            self.buy(customer, [100_000 * customer + 10_100, 7])
            self.buy(customer, [5_000])
        self.wait(timedelta(days=31))
        for customer, share in enumerate(spent):
            if share:
                self.buy_with_bonuses(customer, share, [400_000, 333])
        self.touched = None

    # Tills.

    @rule(customer=customers, lines=baskets, since=ago)
    def buy(self, customer: int, lines: list[int], since: timedelta = timedelta(0)) -> None:
        customer, number = self._who(customer), self._number()
        sale = self._sale(customer, number, lines, since)
        if self._left(customer):
            with pytest.raises(CardStatusRefused):
                purchases.add_purchase(TILL, sale)
            return
        answer = purchases.add_purchase(TILL, sale)
        earned = self.paper.buy(customer, number, lines, 0, self.now - since, self.now)
        assert answer.accrued == points_of(earned)
        assert answer.balance == points_of(self.paper.available(customer, self.now))
        assert purchases.add_purchase(TILL, sale) == answer

    @rule(customer=customers, share=st.floats(0, 1.3), lines=baskets)
    def buy_with_bonuses(self, customer: int, share: float, lines: list[int]) -> None:
        customer, number = self._who(customer), self._number()
        available = self.paper.available(customer, self.now)
        pay = min(int(available * share) or 1, sum(lines) // 2)
        if not pay or self._left(customer):
            return
        sale = self._sale(customer, number, lines, timedelta(0), pay)
        if pay > available:
            with pytest.raises(InsufficientPoints) as refused:
                purchases.add_purchase(TILL, sale)
            assert refused.value.data == {"available": points_of(available)}
            return
        answer = purchases.add_purchase(TILL, sale)
        earned = self.paper.buy(customer, number, lines, pay, self.now, self.now)
        assert (answer.accrued, answer.balance) == (points_of(earned), points_of(available - pay))

    @rule(customer=customers, share=st.floats(0.01, 1.1))
    def hold(self, customer: int, share: float) -> None:
        customer, number = self._who(customer), self._number()
        available = self.paper.available(customer, self.now)
        amount = int(available * share) or 1
        call = HoldCall(number, self._card(customer), "", points_of(2 * amount), points_of(amount))
        if self._left(customer):
            with pytest.raises(CardStatusRefused):
                holding.hold(TILL, call)
            return
        if amount > available:
            with pytest.raises(InsufficientPoints):
                holding.hold(TILL, call)
            return
        answer = holding.hold(TILL, call)
        ends = self.now + timedelta(minutes=15)
        self.paper.holds.append(PaperHold(customer, number, amount, ends, answer["hold_id"]))
        assert holding.hold(TILL, call) == answer

    @precondition(lambda self: bool(self.paper.holds))
    @rule(part=st.floats(0.1, 1), fate=st.sampled_from(["capture", "buy", "void"]), extra=st.integers(0, 9_999))
    def resolve_hold(self, part: float, fate: str, extra: int = 0) -> None:
        """The newest hold is captured and its receipt comes, or it is paid with the receipt, or given back."""
        held = self.paper.holds.pop()
        self.touched = held.owner
        amount, hold_id = int(held.amount * part) or 1, UUID(held.hold_id)
        lines = [2 * held.amount + extra]
        free = self.paper.books[held.owner].seen(self.now).spendable(self.now) - self.paper.held(held.owner, self.now)
        if held.ends <= self.now:
            with pytest.raises(HoldResolved):
                holding.void(TILL, hold_id) if fate == "void" else holding.capture(TILL, hold_id, points_of(amount))
            return
        if fate == "void":
            holding.void(TILL, hold_id)
            return
        if amount > free:
            # A return has taken what was set aside.
            with pytest.raises(InsufficientPoints):
                holding.capture(TILL, hold_id, points_of(amount))
            holding.void(TILL, hold_id)
            return
        if fate == "capture":
            holding.capture(TILL, hold_id, points_of(amount))
            sale = self._sale(held.owner, held.receipt, lines, timedelta(0))
        else:
            sale = self._sale(held.owner, held.receipt, lines, timedelta(0), amount, hold_id=hold_id)
        answer = purchases.add_purchase(TILL, sale)
        assert answer.paid == points_of(amount)
        assert answer.accrued == points_of(self.paper.buy(held.owner, held.receipt, lines, amount, self.now, self.now))

    # Returns.

    @precondition(lambda self: bool(self._open_receipts()))
    @rule(which=st.integers(0, 9), line=st.integers(0, 2), share=shares)
    def refund(self, which: int, line: int, share: float) -> None:
        """Goods of one line come back, a part of its money or all of it."""
        receipt = (self._open_receipts()[-1 - which :] or self._open_receipts())[0]
        line %= len(receipt.left)
        money = int(receipt.left[line] * share)
        request = RefundRequest(
            receipt.number, self._number(), (Goods(f"sku-{line}", None, points_of(money)),)
        )  # fmt: skip
        answer = refunds.refund(TILL, request)
        self._returned(receipt, [money if at == line else 0 for at in range(len(receipt.left))], answer)
        assert refunds.refund(TILL, request) == answer
        with pytest.raises(RefundExceedsPurchase):
            refunds.refund(TILL, RefundRequest(receipt.number, self._number(), (), points_of(sum(receipt.left) + 1)))

    @precondition(lambda self: bool(self._open_receipts()))
    @rule(which=st.integers(0, 9), line=st.integers(0, 2), share=shares)
    def refund_again(self, which: int, line: int, share: float) -> None:
        """Returns are where most goes wrong: they come twice as often as anything else."""
        self.refund(which, line, share)

    @precondition(lambda self: bool(self._open_receipts()))
    @rule(which=st.integers(0, 9))
    def cancel(self, which: int) -> None:
        receipt = (self._open_receipts()[-1 - which :] or self._open_receipts())[0]
        answer = refunds.cancel(TILL, receipt.number)
        self._returned(receipt, list(receipt.left), answer)
        assert refunds.cancel(TILL, receipt.number) == answer

    def _returned(self, receipt: PaperReceipt, parts: list[int], answer: refunds.Returned) -> None:
        taken, restored = self.paper.refund(receipt.number, parts, self.now)
        left = self.paper.available(receipt.owner, self.now)
        self.touched = receipt.owner
        assert (answer.taken_back, answer.restored) == (points_of(taken), points_of(restored))
        assert answer.balance == points_of(left)

    # People.

    def give(self, customer: int, amount: int, account: Account = Account.SPENDABLE) -> None:
        customer = self._who(customer)
        if self._left(customer):
            with pytest.raises(NotEnrolled):
                self._adjust(customer, amount, account)
            return
        self._adjust(customer, amount, account)
        book = self.paper.books[customer]
        book.settle(self.now)
        if account == Account.SPENDABLE:
            book.given(amount, self.now)
        else:
            book.qualify(PaperStars(amount, self.now), self.now)

    def take(self, customer: int, amount: int, may_owe: bool = False) -> None:
        customer = self._who(customer)
        book = self.paper.books[customer]
        held, seen = self.paper.held(customer, self.now), book.seen(self.now)
        landed = sum(lot.left for lot in seen.live(self.now))
        if amount > landed - held and (held or not may_owe):
            with pytest.raises(InsufficientPoints):
                self._adjust(customer, -amount, Account.SPENDABLE, may_owe)
            return
        self._adjust(customer, -amount, Account.SPENDABLE, may_owe)
        book.settle(self.now)
        book.debt += amount - sum(taken for _, taken in book.draw(amount, book.live(self.now)))

    def unqualify(self, customer: int, share: float) -> None:
        customer = self._who(customer)
        book = self.paper.books[customer]
        there = book.qualifying(self.now)
        amount = int(there * share) or 1
        if amount > there:
            with pytest.raises(InsufficientPoints):
                self._adjust(customer, -amount, Account.QUALIFYING)
            return
        self._adjust(customer, -amount, Account.QUALIFYING)
        book.settle(self.now)
        book.unqualify(amount, self.now)

    def _adjust(self, customer: int, amount: int, account: Account, may_owe: bool = False) -> None:
        wanted = Wanted(self._number(), self.contacts[customer], account, points_of(amount), "a letter", may_owe)
        asked = adjustments.ask(BOSS, wanted)
        if asked.status == AdjustmentStatus.REQUESTED:
            adjustments.approve(SECOND, asked.pk)

    @precondition(lambda self: self.paper.merge is None)
    @rule(stays=customers, by=st.integers(1, CUSTOMERS - 1))
    def merge(self, stays: int, by: int = 1) -> None:
        goes = (stays + by) % CUSTOMERS
        if self._left(stays) or self._left(goes):
            return
        ids = self.contacts[stays], self.contacts[goes]
        if self.paper.held(goes, self.now):
            with pytest.raises(BonusesOnHold):
                merging.merge_contacts(BOSS, Role.ADMINISTRATOR, *ids, "one person")
            return
        self.met |= {stays, goes}
        self.merged = merging.merge_contacts(BOSS, Role.ADMINISTRATOR, *ids, "one person").pk
        self.paper.join(stays, goes, self.now)

    @precondition(lambda self: self.paper.merge is not None)
    @rule()
    def unmerge(self) -> None:
        assert self.paper.merge is not None
        if self.paper.held(self.paper.merge.survivor, self.now):
            with pytest.raises(BonusesOnHold):
                unmerging.unmerge_contacts(BOSS, Role.ADMINISTRATOR, self.merged, "two people")
            return
        unmerging.unmerge_contacts(BOSS, Role.ADMINISTRATOR, self.merged, "two people")
        self.paper.part(self.now)

    @precondition(lambda self: self.paper.merge is None)
    @rule(customer=customers)
    def leave_or_come_again(self, customer: int) -> None:
        """Leaving gives up what could be spent; who comes again has the same card, and the tier of this year."""
        self.touched, contact, book = customer, self.contacts[customer], self.paper.books[customer]
        if book.left:
            membership.enrol_contact(BOSS, Role.ADMINISTRATOR, contact, "again")
            book.settle(self.now)
            book.come_again(self.now)
        elif self.paper.held(customer, self.now):
            with pytest.raises(BonusesOnHold):
                membership.leave_programme(BOSS, Role.ADMINISTRATOR, contact, "enough")
        else:
            membership.leave_programme(BOSS, Role.ADMINISTRATOR, contact, "enough")
            book.leave(self.now)

    @rule(customer=customers, way=st.sampled_from(["give", "qualify", "take", "owe", "unqualify"]), amount=amounts,
          share=st.floats(0, 1.2))  # fmt: skip
    def adjust(self, customer: int, way: str, amount: int, share: float) -> None:
        if way in ("give", "qualify"):
            self.give(customer, amount, Account.SPENDABLE if way == "give" else Account.QUALIFYING)
        elif way == "unqualify":
            self.unqualify(customer, share)
        else:
            self.take(customer, amount, may_owe=way == "owe")

    # The clock and the jobs.

    @rule(way=st.sampled_from(["wait", "wait", "something", "turn", "just before"]), wait=waits)
    def pass_time(self, way: str, wait: timedelta) -> None:
        if way == "wait":
            self.wait(wait)
        elif way == "something":
            self.wait_until_something_matures_or_expires()
        else:
            self.wait_for_the_turn_of_the_year(before=way == "just before")

    @rule(job=st.sampled_from(["roll over", "expire", "assess", "close"]), size=st.integers(1, 12),
          days=st.sampled_from([0, 0, 0, 1, 30, 60]))  # fmt: skip
    def work(self, job: str, size: int, days: int) -> None:
        if job == "roll over":
            self.roll_over(size, days)
        elif job == "expire":
            self.expire(size, days)
        elif job == "assess" or year_of(self.now) == START.year:
            self.assess(size)
        else:
            self.close_year(size)

    def wait(self, wait: timedelta) -> None:
        self._set(self.now + wait)

    def wait_for_the_turn_of_the_year(self, before: bool = False) -> None:
        turn = turn_of(year_of(self.now)) - timedelta(microseconds=int(before))
        self._set(max(self.now, turn))

    def wait_until_something_matures_or_expires(self) -> None:
        lots = [lot for book in self.paper.books for lot in book.lots]
        moments = [moment for lot in lots for moment in (lot.matures, lot.expires)]
        self._set(min((moment for moment in moments if moment > self.now), default=self.now))

    def _set(self, moment: datetime) -> None:
        self.now = moment
        clock._fixed.set(moment)
        self.paper.pass_until(moment)

    def roll_over(self, size: int = 12, days: int = 0) -> None:
        moment = self.now - timedelta(days=days)
        with ranges_of(size):
            points.roll_over_escrow(JOB, as_of=moment)
        for book in self.paper.books:
            book.land(moment)
        assert points.preview_rollover(moment).lots == 0

    def expire(self, size: int = 12, days: int = 0) -> None:
        moment = self.now - timedelta(days=days)
        with ranges_of(size):
            expiry.expire_points(JOB, as_of=moment)
        for book in self.paper.books:
            if book.expires_by(moment):
                book.settle(moment)
        assert expiry.preview_expiry(moment).lots == 0

    def assess(self, size: int = 12) -> None:
        """The beat of the year end: it lands what it closes and judges, for those whom it concerns."""
        self._close(size, self.now, lambda: year_end.assess_due(JOB))

    def close_year(self, size: int = 12) -> None:
        """The year end by hand: the last year that is over."""
        self._close(size, turn_of(year_of(self.now) - 1), lambda: year_end.close_year(JOB))

    def _close(self, size: int, until: datetime, job: Any) -> None:
        concerned = {contact for each in courses.due_ranges(until, MOSCOW, size) for contact in each.contacts}
        with ranges_of(size):
            job()
        for contact, book in zip(self.contacts, self.paper.books, strict=True):
            if contact in concerned:
                book.land(until)
        assert courses.due_ranges(until, MOSCOW, size) == []
