"""Any order of buying, spending, waiting and rolling over: every law holds, and a clerk with a pencil agrees."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cards.models import Card
from loyalty.core import actors, clock
from loyalty.core.errors import InsufficientPoints
from loyalty.ledger import balances, invariants
from loyalty.services import points, purchases, year_end
from loyalty.services.purchases import Sale
from promos.basket import Line
from tests.factories import CardFactory
from tests.ledger import books
from tests.properties.paper import MOSCOW, PaperBook
from tiers import courses, rules
from tiers import selectors as tiers

TILL = actors.client("till-1", "till", "cash_desk")
START = datetime(2026, 3, 2, 12, 0, tzinfo=MOSCOW)
CUSTOMERS = 3

customers = st.integers(0, CUSTOMERS - 1)
amounts = st.one_of(st.integers(1, 30_000), st.integers(100_000, 400_000))
ago = st.one_of(
    st.just(timedelta(0)),
    st.timedeltas(timedelta(0), timedelta(days=29)),
    st.sampled_from([timedelta(days=30), timedelta(days=30, microseconds=-1), timedelta(days=30, microseconds=1)]),
    st.timedeltas(timedelta(days=30), timedelta(days=366)),
)


def points_of(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)


class Books(RuleBasedStateMachine):
    """The kernel beside the pencil."""

    @initialize()
    def open(self) -> None:
        self.rollback = transaction.atomic()
        self.rollback._from_testcase = True  # the use cases open theirs inside, as in any test
        self.rollback.__enter__()
        self.now, self.receipts = START, 0
        self.fixed = clock._fixed.set(START)
        self.cards: list[Card] = [CardFactory() for _ in range(CUSTOMERS)]
        self.paper = [PaperBook() for _ in range(CUSTOMERS)]

    def teardown(self) -> None:
        if hasattr(self, "rollback"):
            transaction.set_rollback(True)
            self.rollback.__exit__(None, None, None)
            clock._fixed.reset(self.fixed)

    def _sale(self, customer: int, amounts: list[int], since: timedelta, pay: int = 0) -> Sale:
        self.receipts += 1
        lines = tuple(Line(points_of(amount)) for amount in amounts)
        return Sale(
            f"receipt-{self.receipts}",
            self.cards[customer].number,
            "",
            self.now - since,
            "0001",
            points_of(sum(amounts)),
            lines,
            bonuses_to_pay=points_of(pay),
        )

    @rule(customer=customers, lines=st.lists(amounts, min_size=1, max_size=4), since=ago)
    def buy(self, customer: int, lines: list[int], since: timedelta) -> None:
        sale = self._sale(customer, lines, since)
        answer = purchases.add_purchase(TILL, sale)
        self.paper[customer].earn(sum(lines), self.now - since, self.now)
        if since >= timedelta(days=30):
            self.paper[customer].land(self.now)
        assert answer.accrued == points_of(sum(lines))
        assert purchases.add_purchase(TILL, sale) == answer

    @rule(customer=customers, share=st.floats(0, 1.3), amount=st.integers(2, 200_000))
    def buy_with_bonuses(self, customer: int, share: float, amount: int) -> None:
        paper = self.paper[customer]
        available = max(paper.seen(self.now).spendable(self.now), 0)
        pay = min(int(available * share) or 1, amount // 2)
        sale = self._sale(customer, [amount], timedelta(0), pay)
        if pay > available:
            with pytest.raises(InsufficientPoints) as refused:
                purchases.add_purchase(TILL, sale)
            assert refused.value.data == {"available": points_of(available)}
            return
        answer = purchases.add_purchase(TILL, sale)
        paper.land(self.now)
        paper.spend(pay, self.now)
        paper.earn(amount - pay, self.now, self.now)
        assert answer.balance == points_of(available - pay)

    @rule(customer=customers, amount=st.integers(1, 100_000), since=ago)
    def accrue(self, customer: int, amount: int, since: timedelta) -> None:
        """The kernel alone, as a bonus command will: points mature already may wait for the job."""
        books.earn(self.cards[customer].contact_id, points_of(amount), at=self.now - since)
        self.paper[customer].earn(amount, self.now - since, self.now)

    @precondition(lambda self: any(self._may_owe(customer) for customer in range(CUSTOMERS)))
    @rule(customer=customers, amount=st.integers(1, 50_000))
    def owe(self, customer: int, amount: int) -> None:
        if self._may_owe(customer):
            books.owe(self.cards[customer].contact_id, points_of(amount))
            self.paper[customer].owe(amount)

    def _may_owe(self, customer: int) -> bool:
        """A debt is left only by who has nothing: no lot has matured that still holds points."""
        return not any(lot.left and lot.matures <= self.now for lot in self.paper[customer].lots)

    @rule(wait=st.one_of(
        st.timedeltas(timedelta(seconds=1), timedelta(days=40)),
        st.sampled_from([timedelta(days=30), timedelta(days=365), timedelta(days=400)]),
    ))  # fmt: skip
    def wait(self, wait: timedelta) -> None:
        self.now += wait
        clock._fixed.set(self.now)

    @rule()
    def wait_until_something_matures_or_expires(self) -> None:
        moments = [moment for book in self.paper for lot in book.lots for moment in (lot.matures, lot.expires)]
        self.now = min((moment for moment in moments if moment > self.now), default=self.now)
        clock._fixed.set(self.now)

    @rule(size=st.integers(1, 12))
    def roll_over(self, size: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(points.settings, "ROLLOVER_LOTS_PER_RANGE", size)
            points.roll_over_escrow(actors.system(points.ROLLOVER))
        self._land(self.now)
        assert points.preview_rollover(self.now).lots == 0

    @rule(days=st.integers(0, 60))
    def roll_over_what_was_due_some_days_ago(self, days: int) -> None:
        points.roll_over_escrow(actors.system("by-hand"), as_of=self.now - timedelta(days=days))
        self._land(self.now - timedelta(days=days))

    @rule(size=st.integers(1, 12))
    def assess(self, size: int) -> None:
        """The job of the year end: it lands what it closes and judges, for those whom it concerns."""
        concerned = [contact for each in courses.due_ranges(self.now, MOSCOW, size) for contact in each.contacts]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(points.settings, "YEAR_END_ROWS_PER_RANGE", size)
            year_end.assess_due(actors.system(year_end.ASSESS))
        for card, book in zip(self.cards, self.paper, strict=True):
            if card.contact_id in concerned:
                book.land(self.now)
        assert courses.due_ranges(self.now, MOSCOW, size) == []

    def _land(self, moment: datetime) -> None:
        for book in self.paper:
            book.land(moment)

    @invariant()
    def every_law_holds(self) -> None:
        if hasattr(self, "paper"):
            assert invariants.broken() == []

    @invariant()
    def the_pencil_agrees(self) -> None:
        for card, book in zip(getattr(self, "cards", ()), getattr(self, "paper", ()), strict=True):
            paper = book.seen(self.now)
            read = balances.read(card.contact_id, self.now, since=rules.year_began(self.now, MOSCOW))
            told = (read.spendable, read.spendable_escrow, read.qualifying, read.qualifying_escrow, read.burned)
            written = (paper.spendable, paper.escrow, paper.qualifying, paper.qualifying_escrow, paper.burned)
            assert told == tuple(points_of(each(self.now)) for each in written)
            first = paper.next_to_expire(self.now)
            expiring = read.expiring and (read.expiring.amount, read.expiring.expires_at)
            assert expiring == (first and (points_of(first[0]), first[1]))
            self._portions_and_tier_agree(card, paper)

    def _portions_and_tier_agree(self, card: Card, paper: PaperBook) -> None:
        portions = balances.portions(card.contact_id, self.now)
        live = sum(lot.left for lot in paper.live(self.now))
        assert sum(each.amount for each in portions if each.mature) == points_of(live)
        assert sum(each.amount for each in portions if not each.mature) == points_of(paper.escrow(self.now))
        standing = tiers.standing_at(card.contact_id, self.now, MOSCOW)
        assert standing is not None
        assert standing.tier.rank == paper.tier(self.now)


@pytest.mark.django_db
def test_any_history_agrees_with_the_pencil_and_breaks_no_law():
    run_state_machine_as_test(Books)
