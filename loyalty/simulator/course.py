"""One simulation: people live through the days, jobs run at night, the books are checked at the end."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from django.db import connection

from cards.models import CardCategory
from loyalty.bench import databases
from loyalty.core import actors, clock
from loyalty.services import books, cards, expiry, points, program, year_end
from loyalty.simulator import crew, marketing, summary
from loyalty.simulator.calendar import JOBS_AT, Calendar
from loyalty.simulator.faults import Counts, Faults
from loyalty.simulator.order import Order, Share
from loyalty.simulator.summary import Month
from loyalty.simulator.town import Happened, Town

ACTOR = actors.system("simulation")
JOBS: tuple[tuple[str, Callable[[], object]], ...] = (
    (points.ROLLOVER, lambda: points.roll_over_escrow(ACTOR)),
    (expiry.EXPIRY, lambda: expiry.expire_points(ACTOR)),
    (year_end.ASSESS, lambda: year_end.assess_due(ACTOR)),
)
"""The nightly jobs in the order in which they run."""

_SPARE_CARDS = 1000
_DAYS_OF_A_PLAN = 30


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a simulation is: days lived, events (joining, visits, returns) that are over, and about how many come."""

    days: int
    events: int
    expected: int


Progress = Callable[[Stage], None]


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


def run(order: Order, progress: Progress, processes: int = 1) -> Outcome:
    """Simulate in a database made for it and dropped after it; the live one is not touched.

    The number of processes changes how long it takes, nothing else.
    """
    with databases.own_database(durable=False):
        return live(order, progress, processes)


def live(order: Order, progress: Progress, processes: int = 1) -> Outcome:
    """Simulate in the present, empty database."""
    simulation = _Simulation(order, progress)
    if processes == 1:
        return simulation.live(_Alone(order))
    with crew.at_work(order, processes, str(connection.settings_dict["NAME"])) as towns:
        return simulation.live(towns)


class _Towns(Protocol):
    expected: float

    def live_through(self, day: int, lived: crew.Lived) -> None:
        """Live through a day."""

    def end(self) -> list[Happened]:
        """End, and tell what happened."""


class _Alone:
    """The only town, in this process."""

    def __init__(self, order: Order) -> None:
        self._town = Town(order, Share())
        self.expected = self._town.expected

    def live_through(self, day: int, lived: crew.Lived) -> None:
        self._town.live_through(day, lambda: lived(1))

    def end(self) -> list[Happened]:
        return [self._town.end()]


class _Simulation:
    """The state between days."""

    def __init__(self, order: Order, progress: Progress) -> None:
        self._order = order
        self._progress = progress
        self._zone = program.settings().tzinfo
        self._calendar = Calendar(self._zone)
        self._of_jobs = Counts()
        self._faults = {name: Faults(f"{order.seed}:{name}", self._of_jobs, on=order.faults) for name, _job in JOBS}
        self._events = 0
        with clock.at(self._calendar.moment(0)):
            # Some have two records for a time, with a card each; some lose one and get a plastic card in its place.
            cards.create_card_pool(ACTOR, count=2 * order.members + _SPARE_CARDS, category=CardCategory.VIRTUAL)
            cards.create_card_pool(ACTOR, count=order.members, category=CardCategory.PLASTIC)
            marketing.plan(self._zone)

    def live(self, towns: _Towns) -> Outcome:
        """Live through all days, a night of jobs before each, and end."""
        for day in range(self._order.days):
            self._jobs(day)

            def lived(events: int, day: int = day) -> None:
                self._events += events
                self._progress(Stage(day, self._events, round(towns.expected)))

            towns.live_through(day, lived)
            lived(0, day + 1)
        return self._end(towns)

    def _jobs(self, day: int) -> None:
        with clock.at(self._calendar.moment(day, JOBS_AT)):
            for name, job in JOBS:
                self._faults[name].run_job(day, job)
        if day % _DAYS_OF_A_PLAN == 1:
            # The tables grow a thousandfold within minutes; the statements' plans have to keep up.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")

    def _end(self, towns: _Towns) -> Outcome:
        """Let the jobs catch up, check the books, count."""
        happened = Happened(faults=self._of_jobs)
        for each in towns.end():
            happened.add(each)
        last = self._calendar.moment(self._order.days)
        with clock.at(last):
            for _name, job in JOBS:
                job()
            findings = list(books.verify())
            months = summary.by_month(self._calendar.moment(0), last)
        broken = [each.name for each in findings if each.broken]
        return Outcome(self._order, months, len(findings), broken, happened.as_dict())
