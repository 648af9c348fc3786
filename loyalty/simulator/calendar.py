"""The course of days: what waits on which day, in the order of the clock."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

FIRST_DAY = (2024, 2, 1)
"""Every simulation begins here: 730 days hold a leap day and two turns of the year."""

JOBS_AT = 3 * 3600
"""When the nightly jobs run, in seconds of the day."""


def date_of(day: int) -> date:
    """Return the date of a day, counted from 0."""
    return date(*FIRST_DAY) + timedelta(days=day)


@dataclass(order=True, slots=True)
class Event:
    """Something that happens at a second of a day; of two at the same second the lower serial comes first."""

    second: int
    serial: int
    act: Callable[[], None] = field(compare=False)


class Calendar:
    """Events by day. Whoever acts on a day may put more on that day or later ones."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._midnight = datetime(*FIRST_DAY, tzinfo=zone)
        self._days: dict[int, list[Event]] = defaultdict(list)
        self._serial = 0

    def add(self, day: int, second: int, act: Callable[[], None]) -> None:
        """Let `act` happen on a day, counted from 0."""
        self._serial += 1
        self._days[day].append(Event(second, self._serial, act))

    def of_day(self, day: int) -> Iterator[Event]:
        """Yield the events of a day in order; those of a day are fixed when it begins."""
        yield from sorted(self._days.pop(day, []))

    def moment(self, day: int, second: int = 0) -> datetime:
        """Return the moment of a second of a day by the wall clock of the zone."""
        # On the wall: a day of a clock change has 23 or 25 hours, and shops open at the same hour.
        return (self._midnight + timedelta(days=day)) + timedelta(seconds=second)
