"""The turn of the year and the ends of standings, for everyone in ranges (specs/points_and_tiers.md, Tiers).

A run finds who has a year to close or a standing to judge and books it for each by the same steps that a purchase or
the rollover takes (`points.settle_many`). What is booked is not due again, so a run may be killed, run twice at once,
or come a month late.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.ledger.rounding import ZERO
from loyalty.models import JobRun
from loyalty.selectors import year_forecast
from loyalty.selectors.year_forecast import Forecast
from loyalty.services import points, program, ranges
from loyalty.services.points import Settled
from loyalty.services.ranges import Progress, RangeJob
from loyalty.services.unit_of_work import unit_of_work
from tiers import courses, rules
from tiers import services as tiers

ASSESS = "assess_tiers"
CLOSE = "close_year"
STALE = timedelta(minutes=2)
"""A run that has reported nothing for so long was killed: the next one takes its work over."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one range came to: contacts looked at, and what was booked for them."""

    contacts: int
    settled: Settled


@dataclass(slots=True)
class YearEndSummary:
    """What a run did: contacts looked at, lots and points closed, new standings by reason, ranges left because busy."""

    contacts: int = 0
    lots: int = 0
    points: Decimal = ZERO
    reasons: Counter[str] = field(default_factory=Counter)
    busy: int = 0

    def add(self, part: Judged) -> None:
        """Count one range."""
        self.contacts += part.contacts
        self.lots += part.settled.closed.lots
        self.points += part.settled.closed.points
        self.reasons += part.settled.moved.reasons

    def result(self) -> dict[str, Any]:
        """Return what the row of the run keeps."""
        return {"lots": self.lots, "points": str(self.points), "standings": dict(self.reasons)}


def close_year(actor: Actor, year: int | None = None, progress: Progress | None = None) -> YearEndSummary:
    """Judge the standings that ended with `year` or before, and close it: the last one that is over unless given.

    Raises InvalidParameter for a year that is not over.
    """
    zone = program.settings().tzinfo
    running = clock.now().astimezone(zone).year
    year = running - 1 if year is None else year
    if year >= running:
        raise InvalidParameter(f"The year {year} is not over. Look ahead with a dry run.", name="year")
    if year < running - rules.YEARS_BACK:
        raise InvalidParameter(f"At most {rules.YEARS_BACK} years back.", name="year")
    return _run(actor, CLOSE, rules.turn_of(year, zone), progress)


def assess_due(actor: Actor) -> YearEndSummary | None:
    """Do what is due now: years that turned, standings that ended, a ladder that changed. The task of Celery beat.

    None when nothing is due, or another run is at work.
    """
    at_work = JobRun.objects.filter(job__in=(ASSESS, CLOSE), finished_at=None, updated_at__gt=clock.now() - STALE)
    if at_work.exists():
        return None
    changes = tiers.ladder_changes()
    summary = _run(actor, ASSESS, clock.now())
    if changes and not summary.busy:
        with unit_of_work():
            tiers.ladder_applied(changes)
    return summary


def preview_year(year: int | None = None) -> Forecast:
    """Return how many contacts the end of `year` (the running one unless given) would move where; writes nothing."""
    zone = program.settings().tzinfo
    running = clock.now().astimezone(zone).year
    year = running if year is None else year
    if not running - rules.YEARS_BACK <= year <= running:
        raise InvalidParameter("Look at the running year, or one that is over.", name="year")
    return year_forecast.forecast(year, zone, settings.YEAR_END_ROWS_PER_RANGE)


def _run(actor: Actor, job: str, until: datetime, progress: Progress | None = None) -> YearEndSummary:
    zone, summary = program.settings().tzinfo, YearEndSummary()
    due = courses.due_ranges(until, zone, settings.YEAR_END_ROWS_PER_RANGE)
    summary.busy = ranges.run(
        RangeJob(
            job,
            actor,
            until,
            work=lambda contacts: Judged(len(contacts), points.settle_many(contacts, until, actor, zone, ended=True)),
            size=lambda part: part.contacts,
            count=summary.add,
            result=summary.result,
            unit="contacts",
        ),
        due,
        progress,
    )
    return summary
