"""Shoppers living through the days: all members of a simulation, or a share of them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial

from loyalty.core import clock
from loyalty.services import program
from loyalty.services.purchases import Sale
from loyalty.simulator import people
from loyalty.simulator.calendar import JOBS_AT, Calendar
from loyalty.simulator.faults import Counts, Faults
from loyalty.simulator.order import Order, Share
from loyalty.simulator.people import Return, Shopper, Visit
from loyalty.simulator.shops import Delayed, Shops

Lived = Callable[[], None]
"""Hears of every event that is over."""


@dataclass(slots=True)
class Happened:
    """What happened how often."""

    purchases: int = 0
    returns: int = 0
    apologies: int = 0
    faults: Counts = field(default_factory=Counts)

    def add(self, other: "Happened") -> None:
        """Count what happened elsewhere, too."""
        self.purchases += other.purchases
        self.returns += other.returns
        self.apologies += other.apologies
        self.faults.add(other.faults)

    def as_dict(self) -> dict[str, int]:
        """Return every count by its name."""
        acts = {"purchases": self.purchases, "returns": self.returns, "apologies": self.apologies}
        return {**acts, **asdict(self.faults)}


class Town:
    """The shoppers of a share, and what waits for them on which day."""

    def __init__(self, order: Order, share: Share) -> None:
        self.happened = Happened()
        self._order = order
        self._calendar = Calendar(program.settings().tzinfo)
        self._shops: dict[int, Shops] = {}
        self._kept: list[tuple[Shopper, Sale]] = []
        self.expected = 0.0
        for shopper in people.population(order.seed, share.serials(order.members), order.days):
            faults = Faults(f"{order.seed}:{shopper.serial}", self.happened.faults, on=order.faults)
            self._shops[shopper.serial] = Shops(shopper, faults)
            self._calendar.add(shopper.joins, _joins_at(shopper), partial(self._join, shopper))
            self.expected += 1 + shopper.visits_expected(order.days)

    def live_through(self, day: int, lived: Lived) -> None:
        """Let everybody act, in the order of the clock."""
        for event in self._calendar.of_day(day):
            with clock.at(self._calendar.moment(day, event.second)):
                event.act()
            lived()

    def end(self) -> Happened:
        """Let offline tills send what they still keep, and tell what happened."""
        with clock.at(self._calendar.moment(self._order.days)):
            for shopper, sale in self._kept:
                self._shops[shopper.serial].upload(sale)
        return self.happened

    def _join(self, shopper: Shopper) -> None:
        self._shops[shopper.serial].join()
        self._plan_visit(shopper, shopper.joins)

    def _plan_visit(self, shopper: Shopper, day: int) -> None:
        then = day + shopper.days_to_next_visit()
        if then < self._order.days:
            visit = shopper.visit()
            self._calendar.add(then, visit.second, partial(self._visit, shopper, then, visit))

    def _visit(self, shopper: Shopper, day: int, visit: Visit) -> None:
        receipt, kept = self._shops[shopper.serial].sell(visit)
        self.happened.purchases += 1
        if kept is not None:
            self._upload_later(shopper, day, visit, kept)
        if visit.regret is not None:
            back = partial(self._bring_back, shopper, receipt, visit, visit.regret)
            self._later(day + visit.regret.after_days, visit.second, back)
        if visit.complains:
            self._later(day + 1, visit.second, partial(self._make_up, shopper, receipt, visit))
        self._plan_visit(shopper, day)

    def _upload_later(self, shopper: Shopper, day: int, visit: Visit, kept: Delayed) -> None:
        """Let an offline till send: before anybody brings something back, and at the latest when it all ends."""
        days = min(kept.days, visit.regret.after_days if visit.regret else kept.days)
        if day + days < self._order.days:
            upload = partial(self._shops[shopper.serial].upload, kept.sale)
            self._calendar.add(day + days, JOBS_AT + 3600, upload)
        else:
            self._kept.append((shopper, kept.sale))

    def _bring_back(self, shopper: Shopper, receipt: str, visit: Visit, regret: Return) -> None:
        self._shops[shopper.serial].bring_back(receipt, visit, regret)
        self.happened.returns += 1

    def _make_up(self, shopper: Shopper, receipt: str, visit: Visit) -> None:
        self._shops[shopper.serial].make_up(receipt, visit)
        self.happened.apologies += 1

    def _later(self, day: int, second: int, act: Callable[[], None]) -> None:
        if day < self._order.days:
            self._calendar.add(day, second, act)


def _joins_at(shopper: Shopper) -> int:
    """Return the second of the day at which a shopper joins: all before the shops open."""
    return 8 * 3600 + shopper.serial % 3600
