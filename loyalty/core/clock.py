"""The only clock of the platform (specs/points_and_tiers.md, "Time: one clock seam").

Nothing else may ask the operating system or the database for the time: a story in a test, the
simulator and a whole service started with CLOCK_OFFSET live through months by moving this one seam.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

_fixed: ContextVar[datetime | None] = ContextVar("loyalty_clock", default=None)


def now() -> datetime:
    """Return the platform's present moment, aware, in UTC, shifted by CLOCK_OFFSET."""
    fixed = _fixed.get()
    if fixed is not None:
        return fixed
    return timezone.now() + offset()


def offset() -> timedelta:
    """Return by how much this process's clock is shifted (zero in production, a system check says so)."""
    shift: timedelta = settings.CLOCK_OFFSET
    return shift


def today(zone: ZoneInfo) -> date:
    """Return the present calendar day in the given time zone."""
    return now().astimezone(zone).date()


def days_later(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the moment `days` of the calendar later, at the same time on the wall in `zone`; in UTC.

    The retailer's zone decides days (specs/points_and_tiers.md, Time): over a change of the clocks thirty days are not
    720 hours. A time that the change skips counts as much later; of one that comes twice the first counts.
    """
    if not days:
        return moment.astimezone(UTC)
    return (moment.astimezone(zone) + timedelta(days=days)).astimezone(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock at an aware `moment` inside the block: for stories, simulations and reports."""
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware moments only")
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)
