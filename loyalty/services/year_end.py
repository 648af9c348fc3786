"""The turn of the year and the ends of standings, for everyone in ranges (specs/points_and_tiers.md, Tiers).

A run finds who has a year to close or a standing to judge and books it for each by the same steps that a purchase or
the rollover takes (`points.settle_many`). What is booked is not due again, so a run may be killed, run twice at once,
or come a month late.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy, InvalidParameter
from loyalty.ledger import rollover
from loyalty.ledger.rounding import ZERO
from loyalty.models import JobRun
from loyalty.selectors import year_forecast
from loyalty.selectors.year_forecast import Forecast
from loyalty.services import points, program
from loyalty.services.points import Settled
from loyalty.services.unit_of_work import unit_of_work
from tiers import courses, rules
from tiers import services as tiers
from tiers.courses import DueRange

ASSESS = "assess_tiers"
CLOSE = "close_year"
STALE = timedelta(minutes=2)
"""A run that has reported nothing for so long was killed: the next one takes its work over."""

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class YearEndSummary:
    """What a run did: contacts looked at, lots and points closed, new standings by reason, ranges left because busy."""

    contacts: int = 0
    lots: int = 0
    points: Decimal = ZERO
    reasons: Counter[str] = field(default_factory=Counter)
    busy: int = 0

    def add(self, contacts: int, settled: Settled) -> None:
        """Count one range."""
        self.contacts += contacts
        self.lots += settled.closed.lots
        self.points += settled.closed.points
        self.reasons += settled.moved.reasons


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
    return _run(actor, CLOSE, rules.turn_of(year, zone), progress or _silent)


def assess_due(actor: Actor) -> YearEndSummary | None:
    """Do what is due now: years that turned, standings that ended, a ladder that changed. The task of Celery beat.

    None when nothing is due, or another run is at work.
    """
    at_work = JobRun.objects.filter(job__in=(ASSESS, CLOSE), finished_at=None, updated_at__gt=clock.now() - STALE)
    if at_work.exists():
        return None
    changes = tiers.ladder_changes()
    summary = _run(actor, ASSESS, clock.now(), _silent)
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
    return year_forecast.forecast(year, zone)


def _run(actor: Actor, job: str, until: datetime, progress: Progress) -> YearEndSummary:
    zone = program.settings().tzinfo
    ranges = courses.due_ranges(until, zone, settings.YEAR_END_ROWS_PER_RANGE)
    summary = YearEndSummary()
    if not ranges:
        return summary
    now, total = clock.now(), sum(len(each.contacts) for each in ranges)
    run = JobRun.objects.create(job=job, actor=str(actor), as_of=until, started_at=now, updated_at=now, total=total)
    for each in ranges:
        try:
            summary.add(len(each.contacts), _settle_range(actor, until, each, zone, run))
        except Busy:
            summary.busy += 1
        progress(summary.contacts, total)
    _finish(run, summary)
    return summary


def _settle_range(actor: Actor, until: datetime, each: DueRange, zone: ZoneInfo, run: JobRun) -> Settled:
    with unit_of_work():
        rollover.commit_without_waiting()
        settled = points.settle_many(each.contacts, until, actor, zone, ended=True)
        JobRun.objects.filter(pk=run.pk).update(done=F("done") + len(each.contacts), updated_at=clock.now())
    return settled


def _finish(run: JobRun, summary: YearEndSummary) -> None:
    JobRun.objects.filter(pk=run.pk).update(
        finished_at=clock.now(),
        result={
            "contacts": summary.contacts,
            "lots": summary.lots,
            "points": str(summary.points),
            "standings": dict(summary.reasons),
            "busy_ranges": summary.busy,
        },
    )


def _silent(_done: int, _total: int) -> None:
    return None
