"""One simulation: people live through the days, jobs run at night, the books are checked at the end."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from cards.models import CardCategory
from loyalty.bench import databases
from loyalty.core import actors, clock
from loyalty.services import books, cards, points, program
from loyalty.services.purchases import Sale
from loyalty.simulator import people, summary
from loyalty.simulator.calendar import JOBS_AT, Calendar
from loyalty.simulator.faults import Faults
from loyalty.simulator.people import Return, Shopper, Visit
from loyalty.simulator.shops import Delayed, Shops
from loyalty.simulator.summary import Month

Progress = Callable[[int, int], None]
Job = Callable[[Progress], object]

JOBS: tuple[tuple[str, Callable[[Progress], object]], ...] = (
    ("roll_over_escrow", lambda progress: points.roll_over_escrow(actors.system("simulation"), progress=progress)),
)
"""The nightly jobs in the order in which they run."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: how many members, how many days, the seed of all chance, whether things go wrong."""

    members: int
    days: int
    seed: int
    faults: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: months, the laws that were checked and broken, what happened how often."""

    order: Order
    months: list[Month]
    laws: int
    broken: list[str]
    counts: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it; the same order gives the same dict."""
        return {
            "order": asdict(self.order),
            "months": [month.as_dict() for month in self.months],
            "laws": self.laws,
            "broken": self.broken,
            "counts": self.counts,
        }


def run(order: Order, progress: Progress) -> Outcome:
    """Simulate in a database made for it and dropped after it; the live one is not touched."""
    with databases.own_database(durable=False):
        return live(order, progress)


def live(order: Order, progress: Progress) -> Outcome:
    """Simulate in the present, empty database."""
    simulation = _Simulation(order)
    for day in range(order.days):
        simulation.live_through(day)
        progress(day + 1, order.days)
    return simulation.end()


class _Simulation:
    """The state between days."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.faults = Faults(order.seed, order.faults)
        self.shops = Shops(self.faults)
        self.calendar = Calendar(program.settings().tzinfo)
        self.returned = 0
        self.kept: list[Sale] = []
        with clock.at(self.calendar.moment(0)):
            cards.create_card_pool(actors.system("simulation"), count=order.members, category=CardCategory.VIRTUAL)
        for shopper in people.population(order.seed, order.members, order.days):
            self.calendar.add(shopper.joins, people_join_at(shopper), partial(self._join, shopper, shopper.joins))

    def live_through(self, day: int) -> None:
        """Let the jobs run and everybody act, in the order of the clock."""
        with clock.at(self.calendar.moment(day, JOBS_AT)):
            for _name, job in JOBS:
                self.faults.run_job(day, job)
        for event in self.calendar.of_day(day):
            with clock.at(self.calendar.moment(day, event.second)):
                event.act()

    def end(self) -> Outcome:
        """Let the jobs catch up, check the books, count."""
        last = self.calendar.moment(self.order.days)
        with clock.at(last):
            for sale in self.kept:
                self.shops.upload(sale)
            for _name, job in JOBS:
                job(lambda _done, _total: None)
            findings = list(books.verify())
            months = summary.by_month(self.calendar.moment(0), last)
        counts = {"purchases": self.shops.purchases, "returns": self.returned, **asdict(self.faults.counts)}
        return Outcome(self.order, months, len(findings), [each.name for each in findings if each.broken], counts)

    def _join(self, shopper: Shopper, day: int) -> None:
        self.shops.join(shopper)
        self._plan_visit(shopper, day)

    def _plan_visit(self, shopper: Shopper, day: int) -> None:
        then = day + shopper.days_to_next_visit()
        if then < self.order.days:
            visit = shopper.visit()
            self.calendar.add(then, visit.second, partial(self._visit, shopper, then, visit))

    def _visit(self, shopper: Shopper, day: int, visit: Visit) -> None:
        receipt, kept = self.shops.sell(shopper, visit)
        if kept is not None:
            self._upload_later(day, visit, kept)
        if visit.regret is not None:
            self._later(day + visit.regret.after_days, visit.second, partial(self._bring_back, receipt, visit))
        self._plan_visit(shopper, day)

    def _upload_later(self, day: int, visit: Visit, kept: Delayed) -> None:
        """Let an offline till send: before anybody brings something back, and at the latest when it all ends."""
        days = min(kept.days, visit.regret.after_days if visit.regret else kept.days)
        if day + days < self.order.days:
            self.calendar.add(day + days, JOBS_AT + 3600, partial(self.shops.upload, kept.sale))
        else:
            self.kept.append(kept.sale)

    def _bring_back(self, receipt: str, visit: Visit) -> None:
        regret: Return | None = visit.regret
        if regret is not None:
            self.shops.bring_back(receipt, visit, regret)
            self.returned += 1

    def _later(self, day: int, second: int, act: Callable[[], None]) -> None:
        if day < self.order.days:
            self.calendar.add(day, second, act)


def people_join_at(shopper: Shopper) -> int:
    """Return the second of the day at which a shopper joins: all before the shops open."""
    return 8 * 3600 + shopper.serial % 3600
