"""What every play of the machine stands on: a shop opened beside the pencil, both compared, nothing left behind."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, invariant

from cards.models import Card
from loyalty.core import clock
from loyalty.ledger import balances, invariants
from loyalty.models import Program
from loyalty.services.purchases import Sale
from promos.basket import Line
from tests.factories import CardFactory
from tests.properties.paper import MOSCOW
from tests.properties.paper_shop import PaperReceipt, PaperShop
from tiers import rules
from tiers import selectors as tiers

START = datetime(2026, 3, 2, 12, 0, tzinfo=MOSCOW)
CUSTOMERS = 3
LAWS_EVERY = 8
"""Laws are checked after so many steps, and at the end."""


def points_of(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)


class Frame(RuleBasedStateMachine):
    """A shop and its pencil, without rules."""

    def open(self, rate: int = 10_000, policy: str = "allow_negative", grace: int = 0) -> None:
        self.rollback = transaction.atomic()
        self.rollback._from_testcase = True  # the use cases open theirs inside, as in any test
        self.rollback.__enter__()
        self.fixed = clock._fixed.set(START)
        self.now, self.numbers, self.steps, self.merged = START, 0, 0, 0
        Program.objects.update(
            earn_rate=Decimal(rate).scaleb(-4), return_policy=policy, restore_grace_days=grace,
            adjustment_alone=Decimal(500), adjustment_alone_daily=Decimal(1_000_000),
        )  # fmt: skip
        self.contacts = [CardFactory().contact_id for _ in range(CUSTOMERS)]
        self.paper = PaperShop(CUSTOMERS, START, rate, policy, grace)
        self.touched: int | None = None
        self.met: set[int] = set()
        """Customers that a merge has touched: their tiers are told in tests/people/test_merging.py."""

    def teardown(self) -> None:
        if hasattr(self, "rollback"):
            try:
                self.the_pencil_agrees()
                self.check_laws()
            finally:
                self.close()

    def close(self) -> None:
        """Leave nothing behind."""
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)
        clock._fixed.reset(self.fixed)

    # Who and what.

    def _who(self, customer: int) -> int:
        merge = self.paper.merge
        self.touched = merge.survivor if merge and merge.absorbed == customer else customer
        return self.touched

    def _left(self, customer: int) -> bool:
        return self.paper.books[customer].left

    def _card(self, customer: int) -> str:
        return Card.objects.get(contact=self.contacts[customer], blocked_for_good=False).number

    def _number(self) -> str:
        self.numbers += 1
        return f"receipt-{self.numbers}"

    def _sale(self, customer: int, number: str, lines: list[int], since: timedelta, pay: int = 0, **more: Any) -> Sale:
        basket = tuple(Line(points_of(amount), sku=f"sku-{at}") for at, amount in enumerate(lines))
        return Sale(
            number, self._card(customer), "", self.now - since, "0001", points_of(sum(lines)), basket,
            bonuses_to_pay=points_of(pay), **more,
        )  # fmt: skip

    def _open_receipts(self) -> list[PaperReceipt]:
        return [each for each in self.paper.receipts.values() if sum(each.left)]

    # What must hold.

    def check_laws(self) -> None:
        assert invariants.broken() == []

    @invariant()
    def the_laws_hold(self) -> None:
        if hasattr(self, "paper"):
            self.steps += 1
            if self.steps % LAWS_EVERY == 0:
                self.check_laws()

    @invariant()
    def the_pencil_agrees(self) -> None:
        """A step of one customer is compared for that one, any other for everybody."""
        if hasattr(self, "paper"):
            for customer in range(CUSTOMERS) if self.touched is None else [self.touched]:
                self._compare(customer)
            self.touched = None

    def _compare(self, customer: int) -> None:
        now, contact = self.now, self.contacts[customer]
        paper, held = self.paper.books[customer].seen(now), self.paper.held(customer, now)
        read = balances.read(contact, now, since=rules.year_began(now, MOSCOW))
        told = {
            "spendable": read.spendable, "escrow": read.spendable_escrow, "qualifying": read.qualifying,
            "qualifying escrow": read.qualifying_escrow, "burned": read.burned, "on hold": read.on_hold,
            "expiring": read.expiring and (read.expiring.amount, read.expiring.expires_at),
            "portions": sorted((each.date, each.mature, each.amount) for each in balances.portions(contact, now)),
        }  # fmt: skip
        first = paper.next_to_expire(now, held)
        written = {
            "spendable": points_of(paper.spendable(now)), "escrow": points_of(paper.escrow(now)),
            "qualifying": points_of(paper.qualifying(now)),
            "qualifying escrow": points_of(paper.qualifying_escrow(now)), "burned": points_of(paper.burned),
            "on hold": points_of(held), "expiring": first and (points_of(first[0]), first[1]),
            "portions": [(moment, mature, points_of(left)) for moment, mature, left in paper.portions(now)],
        }  # fmt: skip
        differ = {name: (told[name], written[name]) for name in told if told[name] != written[name]}
        assert not differ, f"customer {customer}, read and written: {differ}"
        if customer not in self.met:
            standing = tiers.standing_at(contact, now, MOSCOW)
            assert standing is not None
            assert standing.tier.rank == paper.rank, f"customer {customer}: {standing.tier} until {standing.ends_at}"
