"""Accrual, spend and balance read of the kernel, each beside bare SQL in one connection."""

import itertools
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from loyalty.bench.bare import ACTOR, Bare
from loyalty.bench.rounds import Comparison, alternate
from loyalty.ledger import balances, locks, posting
from loyalty.ledger.posting import Fact
from loyalty.services.unit_of_work import unit_of_work

EARNED = Decimal("12.34")
SPENT = Decimal("0.10")


@dataclass(slots=True)
class KernelRuns:
    """The three runs over contacts 1 to `contacts`, whose lots have all been rolled over."""

    bare: Bare
    contacts: int
    now: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - not a secret
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def accrual(self, seconds: float) -> Comparison:
        """`posting.accrue` in a unit of work."""
        return alternate(Comparison("accrual", aim=0.7), self._accrue, self._accrue_bare, seconds)

    def spend(self, seconds: float) -> Comparison:
        """Balances locked, maturity checked, lots drawn: what a purchase with bonuses does."""
        return alternate(Comparison("spend"), self._spend, self._spend_bare, seconds)

    def balance(self, seconds: float) -> Comparison:
        """`balances.read`: all a door shows of the points."""
        return alternate(Comparison("balance read"), self._read, self._read_bare, seconds)

    def _accrue(self) -> None:
        with unit_of_work():
            posting.accrue(
                self._fact(),
                spendable=EARNED,
                qualifying=EARNED,
                matures_at=self.now + timedelta(days=30),
                expires_at=self.now + timedelta(days=395),
            )

    def _accrue_bare(self) -> None:
        self.bare.accrue(self._contact(), self._key(), EARNED, self.now)

    def _spend(self) -> None:
        fact = self._fact()
        with unit_of_work():
            if locks.lock_balances(fact.contact_id, self.now).due:
                raise RuntimeError("the bench spends only where nothing is due")
            posting.redeem(fact, amount=SPENT)

    def _spend_bare(self) -> None:
        self.bare.spend(self._contact(), self._key(), SPENT, self.now)

    def _read(self) -> None:
        balances.read(self._contact(), self.now)

    def _read_bare(self) -> None:
        self.bare.balance(self._contact(), self.now)

    def _contact(self) -> int:
        return self.chance.randint(1, self.contacts)

    def _key(self) -> str:
        return f"bench:{next(self.numbers)}"

    def _fact(self) -> Fact:
        key = self._key()
        return Fact(self._contact(), key, key, self.now, self.now, ACTOR, "bench")
