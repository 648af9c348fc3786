"""When points expire (specs/points_and_tiers.md, Lots). Pure: dates in the retailer's zone."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


def expires_at(matures_at: datetime, months: int, rounding: str, zone: ZoneInfo) -> datetime:
    """Return the first moment at which points maturing at `matures_at` are burned.

    `months` after maturing, rounded up to the end of that `rounding` (month, quarter or year): midnight
    after its last day.
    """
    day = matures_at.astimezone(zone).date() + relativedelta(months=months)
    period = MONTHS_IN[rounding]
    first_month = (day.month - 1) // period * period + 1
    after = date(day.year, first_month, 1) + relativedelta(months=period)
    return datetime(after.year, after.month, after.day, tzinfo=zone)


def last_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the last calendar day on which points expiring at `moment` can be spent."""
    return (moment - timedelta(microseconds=1)).astimezone(zone).date()
