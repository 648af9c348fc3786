from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.ledger import expiry

MOSCOW, NEW_YORK, HAVANA = ZoneInfo("Europe/Moscow"), ZoneInfo("America/New_York"), ZoneInfo("America/Havana")


@pytest.mark.parametrize(
    ("matures", "months", "rounding", "last_day"),
    [
        ("2026-04-01", 12, "month", "2027-04-30"),
        ("2026-04-30", 12, "month", "2027-04-30"),
        ("2026-12-31", 12, "month", "2027-12-31"),
        ("2026-01-31", 1, "month", "2026-02-28"),
        ("2024-01-31", 1, "month", "2024-02-29"),
        ("2024-02-29", 12, "month", "2025-02-28"),
        ("2023-02-28", 12, "month", "2024-02-29"),
        ("2026-04-01", 12, "quarter", "2027-06-30"),
        ("2026-03-31", 12, "quarter", "2027-03-31"),
        ("2026-11-30", 3, "quarter", "2027-03-31"),
        ("2026-10-01", 3, "quarter", "2027-03-31"),
        ("2026-01-01", 12, "year", "2027-12-31"),
        ("2026-12-31", 12, "year", "2027-12-31"),
        ("2026-12-31", 1, "year", "2027-12-31"),
        ("2024-02-29", 48, "year", "2028-12-31"),
    ],
)
def test_points_can_be_spent_to_the_last_day_of_the_period(matures, months, rounding, last_day):
    matures_at = datetime.fromisoformat(f"{matures}T12:00:00").replace(tzinfo=MOSCOW)
    ends = expiry.expires_at(matures_at, months, rounding, MOSCOW)
    assert expiry.last_day(ends, MOSCOW) == date.fromisoformat(last_day)
    assert (ends.hour, ends.minute, ends.utcoffset()) == (0, 0, ends.astimezone(MOSCOW).utcoffset())


def test_the_day_is_that_of_the_retailers_zone():
    late = datetime(2026, 3, 31, 21, 30, tzinfo=UTC)
    assert expiry.expires_at(late, 12, "month", MOSCOW) == datetime(2027, 4, 30, 21, 0, tzinfo=UTC)
    assert expiry.expires_at(late, 12, "month", ZoneInfo("UTC")) == datetime(2027, 4, 1, tzinfo=UTC)


def test_midnight_follows_daylight_saving():
    winter = expiry.expires_at(datetime(2026, 1, 10, tzinfo=UTC), 1, "month", NEW_YORK)
    summer = expiry.expires_at(datetime(2026, 6, 10, tzinfo=UTC), 1, "month", NEW_YORK)
    assert winter.astimezone(UTC) == datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert summer.astimezone(UTC) == datetime(2026, 8, 1, 4, tzinfo=UTC)


def test_where_midnight_comes_twice_points_end_at_the_first():
    ends = expiry.expires_at(datetime(2025, 10, 10, 12, tzinfo=UTC), 12, "month", HAVANA)
    assert ends.astimezone(UTC) == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert expiry.last_day(ends, HAVANA) == date(2026, 10, 31)
