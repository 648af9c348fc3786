"""Shoppers and their habits, all from the seed: what they will do does not depend on what the platform answers."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from promos.basket import Line

GOODS = (
    ("4600001", "Coffee beans, 250 g", "grocery", "429.00"),
    ("4600002", "Dark chocolate", "grocery", "149.90"),
    ("4600003", "Running shoes", "sport", "6990.00"),
    ("4600004", "Thermos", "home", "1850.00"),
    ("4600005", "Green tea", "grocery", "32.55"),
    ("4600006", "Rye bread", "grocery", "67.33"),
)
_WEIGHTS = (15, 30, 1, 2, 20, 40)
STORES = ("0001", "0002", "0003")
_OPENS, _CLOSES = 9 * 3600, 21 * 3600

# Share of the members, days between their visits on average, how gladly they pay with points.
_HABITS = ((0.55, 110.0, 0.15), (0.33, 35.0, 0.35), (0.12, 9.0, 0.5))
_JOINS_AT_ONCE = 0.6
_RETURNS, _RETURNS_ALL, _HOLDS, _COMPLAINS = 0.06, 0.4, 0.2, 0.01
_LATEST_RETURN = 50


@dataclass(frozen=True, slots=True)
class Return:
    """Goods that will come back: after how many days, and which part of the receipt (1: the sale is cancelled)."""

    after_days: int
    part: Decimal


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit to a shop: when in the day, what is bought, whether points should pay, and how it will be regretted.

    `complains`: the call centre hears of it, and makes up for it with points.
    """

    second: int
    store: str
    lines: tuple[Line, ...]
    spends: bool
    holds_first: bool
    regret: Return | None
    complains: bool = False

    @property
    def amount(self) -> Decimal:
        """What the receipt costs."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(slots=True)
class Shopper:
    """A member: when it joins, how often it comes, and its own source of chance."""

    serial: int
    joins: int
    gap_days: float
    spends: float
    chance: random.Random
    number: str = ""
    contact_id: int = 0
    visits: int = field(default=0)
    second: bool = False

    @property
    def name(self) -> str:
        """What its receipts are named by: one person may be known under two."""
        return f"{self.serial}-2" if self.second else str(self.serial)

    @property
    def phone(self) -> str:
        """Its phone; nobody else has it."""
        return f"+790{2 if self.second else 1}{self.serial:07d}"

    @property
    def birth_date(self) -> date:
        """Its birthday."""
        return date(1950 + self.serial % 55, 1 + self.serial % 12, 1 + self.serial % 28)

    def days_to_next_visit(self) -> int:
        """Return in how many days it comes next."""
        return max(1, round(self.chance.expovariate(1 / self.gap_days)))

    def events_expected(self, days: int) -> float:
        """Return how many visits lie between joining and the last day, and what comes of them, on average."""
        return max(days - self.joins, 0) / self.gap_days * (1 + _RETURNS + _COMPLAINS)

    def visit(self) -> Visit:
        """Return what it does when it comes."""
        chance = self.chance
        self.visits += 1
        lines = tuple(_line(chance) for _ in range(chance.randint(1, 4)))
        regret = None
        if chance.random() < _RETURNS:
            part = Decimal(1) if chance.random() < _RETURNS_ALL else Decimal(chance.randint(10, 90)) / 100
            regret = Return(chance.randint(1, _LATEST_RETURN), part)
        return Visit(
            second=chance.randrange(_OPENS, _CLOSES),
            store=chance.choice(STORES),
            lines=lines,
            spends=chance.random() < self.spends,
            holds_first=chance.random() < _HOLDS,
            regret=regret,
            complains=chance.random() < _COMPLAINS,
        )


def population(seed: int, serials: Iterable[int], days: int) -> list[Shopper]:
    """Return the members with these numbers: most are there on the first day, the others join in the course of it."""
    return [_shopper(seed, serial, days) for serial in serials]


def second_record(seed: int, shopper: Shopper) -> Shopper:
    """Return the same person as it is known under another phone, with chances of its own."""
    chance = random.Random(f"{seed}:{shopper.serial}:second")  # noqa: S311 - a story, not a secret
    return Shopper(shopper.serial, shopper.joins, shopper.gap_days, shopper.spends, chance, second=True)


def _shopper(seed: int, serial: int, days: int) -> Shopper:
    chance = random.Random(f"{seed}:{serial}")  # noqa: S311 - a story, not a secret
    joins = 0 if chance.random() < _JOINS_AT_ONCE else chance.randrange(1, max(days - 1, 2))
    ((_share, gap, spends),) = chance.choices(_HABITS, weights=[share for share, _, _ in _HABITS])
    return Shopper(serial, joins, gap * chance.uniform(0.6, 1.6), spends, chance)


def _line(chance: random.Random) -> Line:
    ((sku, name, category, price),) = chance.choices(GOODS, weights=_WEIGHTS)
    quantity = Decimal(chance.randint(1, 2))
    return Line(
        amount=Decimal(price) * quantity,
        sku=sku,
        name=name,
        category=category,
        quantity=quantity,
        price=Decimal(price),
    )
