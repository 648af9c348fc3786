"""Days of the calendar over changes of the clocks (docs/decisions/days-of-the-calendar.md)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.core import clock

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("moment", "days", "later"),
    [
        ("2026-02-10T12:00:00+01:00", 30, "2026-03-12T12:00:00+01:00"),
        # The clocks go forward on 29 March 2026 and back on 25 October.
        ("2026-03-01T23:30:00+01:00", 30, "2026-03-31T23:30:00+02:00"),
        ("2026-10-01T00:00:00+02:00", 30, "2026-10-31T00:00:00+01:00"),
        # Half past two is skipped in spring; in autumn it comes twice.
        ("2026-02-27T02:30:00+01:00", 30, "2026-03-29T03:30:00+02:00"),
        ("2026-09-25T02:30:00+02:00", 30, "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:30:00+01:00", 30, "2026-11-24T02:30:00+01:00"),
        ("2026-10-25T02:30:00+01:00", 0, "2026-10-25T02:30:00+01:00"),
        # The zone of the one who tells the time does not matter.
        ("2026-03-01T22:30:00+00:00", 30, "2026-03-31T21:30:00+00:00"),
        ("2028-02-29T12:00:00+01:00", 365, "2029-02-28T12:00:00+01:00"),
    ],
)
def test_days_later_it_is_the_same_time_on_the_wall(moment: str, days: int, later: str) -> None:
    assert clock.days_later(datetime.fromisoformat(moment), days, BERLIN) == datetime.fromisoformat(later)
