"""Shoppers living through the days: all members of a simulation, or a share of them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial

from loyalty.core import clock
from loyalty.services import program
from loyalty.services.purchases import Sale
from loyalty.simulator import desk, people, turns
from loyalty.simulator.calendar import JOBS_AT, Calendar
from loyalty.simulator.faults import Counts, Faults
from loyalty.simulator.order import Order, Share
from loyalty.simulator.people import Return, Shopper, Visit
from loyalty.simulator.shops import Delayed, Shops
from loyalty.simulator.turns import Act

Lived = Callable[[], None]
"""Hears of every event that is over."""


@dataclass(slots=True)
class Happened:
    """What happened how often."""

    purchases: int = 0
    returns: int = 0
    apologies: int = 0
    codes: int = 0
    replaced: int = 0
    left: int = 0
    joined_again: int = 0
    merges: int = 0
    unmerges: int = 0
    faults: Counts = field(default_factory=Counts)

    def add(self, other: "Happened") -> None:
        """Count what happened elsewhere, too."""
        for name, value in asdict(other).items():
            if name != "faults":
                setattr(self, name, getattr(self, name) + value)
        self.faults.add(other.faults)

    def as_dict(self) -> dict[str, int]:
        """Return every count by its name."""
        acts = asdict(self)
        wrong: dict[str, int] = acts.pop("faults")
        return {**acts, **wrong}


@dataclass(slots=True)
class _Member:
    """A shopper as it stands: its second record, whether it has left, and what offline tills still keep of it."""

    shopper: Shopper
    second: Shopper
    left: bool = False
    one: bool = False
    kept: list[tuple[Shopper, Sale]] = field(default_factory=list)


class Town:
    """The shoppers of a share, and what waits for them on which day."""

    def __init__(self, order: Order, share: Share) -> None:
        self.happened = Happened()
        self._order = order
        self._calendar = Calendar(program.settings().tzinfo)
        self._shops: dict[str, Shops] = {}
        self._members: list[_Member] = []
        self.expected = 0.0
        for shopper in people.population(order.seed, share.serials(order.members), order.days):
            faults = Faults(f"{order.seed}:{shopper.serial}", self.happened.faults, on=order.faults)
            member = _Member(shopper, people.second_record(order.seed, shopper))
            for each in (shopper, member.second):
                self._shops[each.name] = Shops(each, faults)
            self._members.append(member)
            life = turns.of(order.seed, shopper.serial, shopper.joins, order.days)
            self._calendar.add(shopper.joins, _joins_at(shopper), partial(self._join, member, life))
            self.expected += 1 + len(life) + shopper.events_expected(order.days)

    def live_through(self, day: int, lived: Lived) -> None:
        """Let everybody act, in the order of the clock."""
        for event in self._calendar.of_day(day):
            with clock.at(self._calendar.moment(day, event.second)):
                event.act()
            lived()

    def end(self) -> Happened:
        """Let offline tills send what they still keep, and tell what happened."""
        with clock.at(self._calendar.moment(self._order.days)):
            for member in self._members:
                self._send_kept(member)
        return self.happened

    def _join(self, member: _Member, life: list[turns.Turn]) -> None:
        shopper = member.shopper
        self._shops[shopper.name].join()
        self._plan_visit(member, shopper.joins)
        for turn in life:
            self._calendar.add(turn.day, turn.second, partial(self._turn, member, turn))

    def _turn(self, member: _Member, turn: turns.Turn) -> None:
        # What an offline till keeps was bought before: afterwards its card may be another, or nobody's.
        self._send_kept(member)
        if turn.act == Act.BUY_WITH_IT:
            visit = member.second.visit()
            self._shop(member, member.second, turn.day, visit)
        else:
            _TURNS[turn.act](self, member)

    def _plan_visit(self, member: _Member, day: int) -> None:
        then = day + member.shopper.days_to_next_visit()
        if then < self._order.days:
            visit = member.shopper.visit()
            self._calendar.add(then, visit.second, partial(self._visit, member, then, visit))

    def _visit(self, member: _Member, day: int, visit: Visit) -> None:
        if not member.left:
            self._shop(member, member.shopper, day, visit)
        self._plan_visit(member, day)

    def _shop(self, member: _Member, shopper: Shopper, day: int, visit: Visit) -> None:
        receipt, kept = self._shops[shopper.name].sell(visit)
        self.happened.purchases += 1
        if kept is not None:
            self._upload_later(member, shopper, day, visit, kept)
        if visit.regret is not None:
            back = partial(self._bring_back, shopper, receipt, visit, visit.regret)
            self._later(day + visit.regret.after_days, visit.second, back)
        if visit.complains:
            self._later(day + 1, visit.second, partial(self._make_up, member, shopper, receipt, visit))

    def _upload_later(self, member: _Member, shopper: Shopper, day: int, visit: Visit, kept: Delayed) -> None:
        """Let an offline till send: before anybody brings something back, and at the latest when it all ends."""
        days = min(kept.days, visit.regret.after_days if visit.regret else kept.days)
        member.kept.append((shopper, kept.sale))
        self._later(day + days, JOBS_AT + 3600, partial(self._send_kept, member, kept.sale))

    def _send_kept(self, member: _Member, only: Sale | None = None) -> None:
        """Let offline tills send what they keep of a member, or this receipt only."""
        for shopper, sale in list(member.kept):
            if only is None or sale is only:
                member.kept.remove((shopper, sale))
                self._shops[shopper.name].upload(sale)

    def _bring_back(self, shopper: Shopper, receipt: str, visit: Visit, regret: Return) -> None:
        self._shops[shopper.name].bring_back(receipt, visit, regret)
        self.happened.returns += 1

    def _make_up(self, member: _Member, shopper: Shopper, receipt: str, visit: Visit) -> None:
        if member.left and not (shopper.second and not member.one):
            return
        whose = member.shopper if member.one else shopper
        self._shops[whose.name].make_up(receipt, visit)
        self.happened.apologies += 1

    def _later(self, day: int, second: int, act: Callable[[], None]) -> None:
        if day < self._order.days:
            self._calendar.add(day, second, act)

    # Turns of a life.

    def _type_a_code(self, member: _Member) -> None:
        if not member.left:
            desk.type_a_code(member.shopper)
            self.happened.codes += 1

    def _lose_the_card(self, member: _Member) -> None:
        if not member.left:
            desk.replace_card(member.shopper)
            self.happened.replaced += 1

    def _leave(self, member: _Member) -> None:
        desk.leave(member.shopper)
        member.left = True
        self.happened.left += 1

    def _come_again(self, member: _Member) -> None:
        desk.come_again(member.shopper)
        member.left = False
        self.happened.joined_again += 1

    def _get_a_second_card(self, member: _Member) -> None:
        self._shops[member.second.name].join()

    def _become_one(self, member: _Member) -> None:
        # The call centre merges nobody into who has left.
        if not member.left:
            desk.become_one(member.shopper, member.second)
            member.one = True
            self.happened.merges += 1

    def _become_two(self, member: _Member) -> None:
        if member.one:
            desk.become_two(member.shopper, member.second)
            member.one = False
            self.happened.unmerges += 1


_TURNS: dict[Act, Callable[[Town, _Member], None]] = {
    Act.TYPE_A_CODE: Town._type_a_code,
    Act.LOSE_THE_CARD: Town._lose_the_card,
    Act.LEAVE: Town._leave,
    Act.COME_AGAIN: Town._come_again,
    Act.GET_A_SECOND_CARD: Town._get_a_second_card,
    Act.BECOME_ONE: Town._become_one,
    Act.BECOME_TWO: Town._become_two,
}


def _joins_at(shopper: Shopper) -> int:
    """Return the second of the day at which a shopper joins: all before the shops open."""
    return 8 * 3600 + shopper.serial % 3600
