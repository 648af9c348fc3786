"""How a contact's tier moves through time: landings, ends of standings, turns of the year. Pure.

Serves specs/points_and_tiers.md, Tiers and Settled points. Whoever asks - the rollover, the job of the year end, a till
before either has run - walks the same course, so a late job books what a prompt one would have booked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from tiers import rules
from tiers.models import AssessmentPolicy, ExpiryPolicy, Standing, StandingReason, Tier

ZERO = Decimal(0)

ZONE_SHIFT = timedelta(hours=26)
"""An end given under another time zone lies at most this far from the turn of the year that it means."""

Landing = tuple[datetime, Decimal]
"""When qualifying points landed, and how many."""


@dataclass(frozen=True, slots=True)
class Period:
    """A contact in a tier. `joined_at`: since when without a break; `year`: whose points earned it; open: no left_at.

    `public_id` follows from the period before, so a read before the job names the period as the job will.
    """

    public_id: UUID
    tier: Tier
    entered_at: datetime
    joined_at: datetime
    ends_at: datetime | None
    reason: str
    year: int
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tiers by rank and how a standing is judged at its end."""

    tiers: Sequence[Tier]
    zone: ZoneInfo

    def reached(self, balance: Decimal, moment: datetime) -> Tier | None:
        """Return the highest tier whose target the balance met, among the targets that stood at `moment`."""
        for tier in reversed(self.tiers):
            target = tier.target_at(moment)
            if target is not None and target <= balance:
                return tier
        return None

    def after(self, tier: Tier, balance: Decimal, moment: datetime) -> Tier:
        """Return the tier after a standing in `tier` ends: what the balance earned; by `one_down` at most one lower."""
        base = next(each for each in self.tiers if each.rank == 1)
        earned = self.reached(balance, moment) or base
        return max(earned, self.floor(tier, moment), key=lambda each: each.rank)

    def floor(self, tier: Tier, moment: datetime) -> Tier:
        """Return the tier that a standing in `tier` that ends at `moment` leads to without any points."""
        base = next(each for each in self.tiers if each.rank == 1)
        if self.tiers[0].system.assessment_at(moment) != AssessmentPolicy.ONE_DOWN:
            return base
        # A tier that was inserted later stood nowhere then, and nobody steps down to it.
        lower = [each for each in self.tiers if base.rank < each.rank < tier.rank]
        return next((each for each in reversed(lower) if each.target_at(moment) is not None), base)

    def judging_changes(self) -> list[datetime]:
        """Return the moments at which a change was made of how standings end, the oldest first."""
        moments = {moment for tier in self.tiers for moment in (*tier.target_changes(), *tier.expiry_changes())}
        return sorted(moments | set(self.tiers[0].system.assessment_changes()))

    def changes(self, after: datetime | None, until: datetime) -> Iterable[datetime]:
        """Return the moments at which a target was set or changed."""
        moments = {moment for tier in self.tiers for moment in tier.target_changes()}
        return (moment for moment in moments if after is not None and after < moment <= until)


def opened(
    public_id: UUID,
    tier: Tier,
    entered_at: datetime,
    ends_at: datetime | None,
    reason: str,
    joined_at: datetime | None,
    zone: ZoneInfo,
) -> Period:
    """Return a standing that is open in the database as a period to walk on from."""
    assessed = reason == StandingReason.ASSESSED
    began = joined_at if joined_at is not None and reason == StandingReason.MERGED else entered_at
    year = rules.closing_year(entered_at, zone) if assessed else began.astimezone(zone).year
    return Period(public_id, tier, entered_at, joined_at or entered_at, ends_at, reason, year)


def held_by(standing: Standing, zone: ZoneInfo) -> Period:
    """Return an open standing as a period to walk on from."""
    return opened(
        standing.public_id, standing.tier, standing.entered_at, standing.ends_at, standing.reason, standing.joined_at,
        zone,
    )  # fmt: skip


def walk(held: Period, landings: Sequence[Landing], ladder: Ladder, until: datetime) -> list[Period]:
    """Return the periods from `held` on, as they stand at `until`; the last is open. One: nothing changed.

    `landings`: the points of every year not closed yet, by moment. The balance begins anew at each turn of the year,
    after standings that end then are judged by it. No period begins before `held` did.
    """
    course = _Course(held, ladder)
    first = landings[0][0] if landings else None
    events = [*landings, *((moment, ZERO) for moment in ladder.changes(first, until))]
    for moment, amount in sorted(events, key=lambda event: event[0]):
        course.land(moment, amount)
    course.pass_until(until)
    return course.periods


class _Course:
    """One contact on its way: the periods so far, the balance of the running year, and when that year is over."""

    def __init__(self, held: Period, ladder: Ladder) -> None:
        self.periods = [held]
        self._ladder = ladder
        self._balance = ZERO
        self._turn: datetime | None = None

    def land(self, moment: datetime, amount: Decimal) -> None:
        """Count points that land, and move up or extend at once."""
        self.pass_until(moment)
        if self._turn is None:
            self._turn = rules.turn_of(moment.astimezone(self._ladder.zone).year, self._ladder.zone)
        self._balance += amount
        self._rise(moment)

    def pass_until(self, moment: datetime) -> None:
        """Judge every standing that ends, and close every year that is over, up to and including `moment`."""
        while True:
            end = self._end()
            if end is not None and end <= moment and (self._turn is None or end <= self._turn):
                tier = self._ladder.after(self.periods[-1].tier, self._balance, end)
                self._enter(tier, end, StandingReason.ASSESSED, rules.closing_year(end, self._ladder.zone))
            elif self._turn is not None and self._turn <= moment:
                self._balance, self._turn = ZERO, None
            else:
                return

    def _end(self) -> datetime | None:
        """Return when the last period ends; the end of a year is that of today's time zone."""
        period = self.periods[-1]
        if period.ends_at is None or period.tier.expiry_at(period.entered_at)[0] != ExpiryPolicy.NEXT_YEAR_END:
            return period.ends_at
        turn = rules.nearest_turn(period.ends_at, self._ladder.zone)
        return turn if abs(period.ends_at - turn) < ZONE_SHIFT else period.ends_at

    def _rise(self, moment: datetime) -> None:
        period, zone = self.periods[-1], self._ladder.zone
        moment = max(moment, period.entered_at)
        reached = self._ladder.reached(self._balance, moment)
        if reached is None or reached.rank < period.tier.rank:
            return
        year = moment.astimezone(zone).year
        if reached.rank > period.tier.rank:
            self._enter(reached, moment, StandingReason.UPGRADED, year)
        elif period.ends_at is not None and year > period.year:
            later = rules.ends_at(reached, moment, zone, year)
            if later is None or later > period.ends_at:
                self._enter(reached, moment, StandingReason.EXTENDED, year)

    def _enter(self, tier: Tier, moment: datetime, reason: StandingReason, year: int) -> None:
        held = self.periods.pop()
        moment = max(moment, held.entered_at)
        # A period that was entered on the way and left at the same moment was none; the one in the database stands.
        if not self.periods or held.entered_at < moment:
            self.periods.append(replace(held, left_at=moment))
        before = self.periods[-1]
        joined_at = before.joined_at if before.tier.pk == tier.pk else moment
        ends_at = rules.ends_at(tier, moment, self._ladder.zone, year)
        public_id = uuid5(before.public_id, moment.astimezone(UTC).isoformat())
        self.periods.append(Period(public_id, tier, moment, joined_at, ends_at, reason.value, year))
