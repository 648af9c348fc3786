"""What the end of a year will do to the tiers, for marketers to see in December. Reads only, no locks.

Serves specs/points_and_tiers.md, Tiers. One statement over everyone: the course of a contact (`tiers.assessment`) leads
to the higher of what the year earned and of where its standing leads without points: down a tier, or to Base, at each
end that comes by then. Points in escrow count when they mature before the year is over. For whom a job is late, of an
older year perhaps, the course itself is walked: no sum says where two years lead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from loyalty.core import clock
from loyalty.ledger import rollover
from loyalty.ledger.rounding import ZERO
from tiers import courses, rules, selectors
from tiers.assessment import ZONE_SHIFT, Ladder
from tiers.courses import Course
from tiers.models import ExpiryPolicy

_ALWAYS, _FOR_EVER = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Move:
    """Contacts that go from one tier to another, or stay, and the qualifying points that close with them."""

    source: str
    target: str
    source_rank: int
    target_rank: int
    contacts: int
    points: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """The moves at the turn of a year: `counted_at` the moment of counting, `turn` when the year is over.

    `waiting`: the part of the points that is still in escrow and counts if nothing is returned.
    """

    year: int
    turn: datetime
    moves: list[Move]
    waiting: Decimal

    @property
    def contacts(self) -> int:
        """How many contacts are in the programme."""
        return sum(move.contacts for move in self.moves)

    @property
    def points(self) -> Decimal:
        """How many qualifying points will close."""
        return sum((move.points for move in self.moves), ZERO)


# What a year earned only grows while it runs, so the points of the whole year are enough to judge by. Many standings
# share tier and end: the ways down are walked once for each such pair, however many hold it. `rung`: the ladder in
# each stretch of time between two changes; ends that have come are judged, and given, by that of their day.
_FORECAST = """
WITH RECURSIVE rung AS (
    SELECT * FROM unnest(%(sinces)s::timestamptz[], %(untils)s::timestamptz[], %(tiers)s::bigint[], %(ranks)s::int[],
        %(floors)s::int[], %(policies)s::text[], %(days)s::int[])
        AS rung (since, until, id, rank, floor, policy, days)
), target AS (
    SELECT * FROM unnest(%(reached)s::int[], %(lowest)s::numeric[], %(next)s::numeric[])
        AS target (rank, lowest, next_target)
), opened AS NOT MATERIALIZED (
    SELECT standing.contact_id, standing.tier_id, standing.ends_at, held.rank, held.policy = %(by_year)s AS by_year
    FROM tiers_standing standing JOIN rung held ON held.id = standing.tier_id
        AND standing.entered_at >= held.since AND standing.entered_at < held.until
    WHERE standing.left_at IS NULL
      AND NOT EXISTS (SELECT FROM unnest(%(late)s::bigint[]) AS late (id) WHERE late.id = standing.contact_id)
), way_down AS (
    SELECT DISTINCT opened.tier_id, opened.ends_at, opened.by_year, opened.rank,
        -- The end of a year that was given under another time zone is that of today's.
        CASE WHEN opened.by_year AND opened.ends_at > %(turn)s THEN %(turn)s::timestamptz
            ELSE opened.ends_at END AS until
    FROM opened
    WHERE opened.ends_at <= CASE WHEN opened.by_year THEN %(latest)s::timestamptz ELSE %(turn)s END
    UNION ALL
    SELECT above.tier_id, above.ends_at, above.by_year, lower.rank, CASE lower.policy
        WHEN %(by_year)s THEN (date_trunc('year', (above.until - interval '1 microsecond') AT TIME ZONE %(zone)s)
            + interval '2 years') AT TIME ZONE %(zone)s
        WHEN %(by_days)s THEN
            (above.until AT TIME ZONE %(zone)s + make_interval(days => lower.days)) AT TIME ZONE %(zone)s
        END
    FROM way_down above
    JOIN rung judged ON judged.rank = above.rank AND above.until >= judged.since AND above.until < judged.until
    JOIN rung lower ON lower.rank = judged.floor AND lower.since = judged.since
    WHERE above.until <= %(turn)s AND above.rank > 1
), bottom AS (
    SELECT tier_id, ends_at, by_year, min(rank) AS rank FROM way_down GROUP BY tier_id, ends_at, by_year
), earned AS (
    SELECT contact_id, sum(remaining) AS amount,
        coalesce(sum(remaining) FILTER (WHERE matures_at > %(now)s), 0) AS waiting
    FROM ledger_lot
    WHERE account = 3 AND remaining > 0 AND matures_at >= %(began)s AND matures_at < %(turn)s
    GROUP BY contact_id
), led AS (
    SELECT opened.rank AS source, greatest(target.rank, coalesce(bottom.rank, opened.rank)) AS rank,
        coalesce(earned.amount, 0) AS amount, coalesce(earned.waiting, 0) AS waiting
    FROM opened
    LEFT JOIN bottom ON bottom.tier_id = opened.tier_id AND bottom.ends_at = opened.ends_at
        AND bottom.by_year = opened.by_year
    LEFT JOIN earned ON earned.contact_id = opened.contact_id
    JOIN target ON coalesce(earned.amount, 0) >= target.lowest
        AND (target.next_target IS NULL OR coalesce(earned.amount, 0) < target.next_target)
)
SELECT source, rank, count(*), sum(amount), sum(waiting) FROM led GROUP BY source, rank
"""


@dataclass(frozen=True, slots=True)
class _Year:
    """The year that is looked at, seen from `now`."""

    began: datetime
    turn: datetime
    now: datetime
    ladder: Ladder

    @property
    def looked(self) -> datetime:
        """The moment from which on it is foretold: now, and of a year that is over its last moment."""
        return min(self.now, self.turn - rules.JUST_BEFORE)


_Found = dict[tuple[int, int], tuple[int, Decimal, Decimal]]
"""Contacts, points and those of them in escrow, by the ranks before and after."""


def forecast(year: int, zone: ZoneInfo, rows_per_range: int) -> Forecast:
    """Return where the end of `year` leads the contacts of each tier, by what the books hold now (4 statements).

    Where a job is late, the forecast begins where that job will leave the contact: those are walked one by one, so many
    at a time (1 statement more for each). Of a year that is closed already nothing is left to count.
    """
    seen = _Year(
        rules.turn_of(year - 1, zone), rules.turn_of(year, zone), clock.now(), Ladder(selectors.ladder(), zone)
    )
    late, found = _walked(seen, rows_per_range)
    for pair, counted in _reckoned(seen, late).items():
        before = found.get(pair, (0, ZERO, ZERO))
        found[pair] = (before[0] + counted[0], before[1] + counted[1], before[2] + counted[2])
    names = {tier.rank: tier.name for tier in seen.ladder.tiers}
    moves = [
        Move(names[source], names[target], source, target, contacts, points)
        for (source, target), (contacts, points, _) in sorted(found.items())
    ]
    return Forecast(year, seen.turn, moves, sum((waiting for *_, waiting in found.values()), ZERO))


def _walked(seen: _Year, rows_per_range: int) -> tuple[list[int], _Found]:
    """Return the contacts for whom a job has something to book by now, and where they go."""
    due = courses.due_ranges(seen.looked, seen.ladder.zone, rows_per_range)
    unlanded = rollover.due_ranges(seen.looked, rows_per_range)
    late = sorted({contact for part in (*due, *unlanded) for contact in part.contacts})
    found: _Found = {}
    for first in range(0, len(late), rows_per_range):
        for course in courses.of_all(late[first : first + rows_per_range], seen.turn - rules.JUST_BEFORE):
            pair, points, waiting = _walk(course, seen)
            before = found.get(pair, (0, ZERO, ZERO))
            found[pair] = (before[0] + 1, before[1] + points, before[2] + waiting)
    return late, found


def _walk(course: Course, seen: _Year) -> tuple[tuple[int, int], Decimal, Decimal]:
    periods = course.walk(seen.ladder, seen.turn)
    source = [each for each in periods if each.entered_at <= seen.looked][-1:] or periods[:1]
    landings = [each for each in zip(course.moments or (), course.amounts or (), strict=True) if each[0] >= seen.began]
    points = sum((amount for _, amount in landings), ZERO)
    waiting = sum((amount for moment, amount in landings if moment > seen.now), ZERO)
    return (source[0].tier.rank, periods[-1].tier.rank), points, waiting


def _reckoned(seen: _Year, late: Sequence[int]) -> _Found:
    """Return where all others go, by one statement."""
    moments: dict[str, Any] = {
        "began": seen.began,
        "turn": seen.turn,
        "now": seen.now,
        "latest": seen.turn + ZONE_SHIFT,
        "zone": seen.ladder.zone.key,
        "by_year": ExpiryPolicy.NEXT_YEAR_END.value,
        "by_days": ExpiryPolicy.DAYS.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FORECAST, moments | _rungs(seen.ladder) | _targets(seen) | {"late": list(late)})
        return {(source, rank): (contacts, points, waiting)
                for source, rank, contacts, points, waiting in cursor.fetchall()}  # fmt: skip


def _targets(seen: _Year) -> dict[str, list[Any]]:
    """Return the targets that stand when the year is over, each with the next one."""
    asked = [(tier.rank, tier.target_at(seen.turn)) for tier in seen.ladder.tiers if tier.rank > selectors.BASE_RANK]
    lowest = [(selectors.BASE_RANK, ZERO), *((rank, target) for rank, target in asked if target is not None)]
    return {
        "reached": [rank for rank, _ in lowest],
        "lowest": [target for _, target in lowest],
        "next": [*(target for _, target in lowest[1:]), None],
    }


def _rungs(ladder: Ladder) -> dict[str, list[Any]]:
    """Return the tiers as they were in each stretch of time: how long they last, and which one is the next lower."""
    stretches = [_ALWAYS, *ladder.judging_changes()]
    rows = [
        (since, until, tier.pk, tier.rank, ladder.floor(tier, since).rank, *tier.expiry_at(since))
        for since, until in zip(stretches, [*stretches[1:], _FOR_EVER], strict=True)
        for tier in ladder.tiers
        if tier.rank >= selectors.BASE_RANK
    ]
    names = ("sinces", "untils", "tiers", "ranks", "floors", "policies", "days")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
