"""The calendar of tiers: years of qualification and ends of standings (specs/points_and_tiers.md, Tiers). Pure."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty.core import clock
from tiers.models import ExpiryPolicy, Tier

JUST_BEFORE = timedelta(microseconds=1)

YEARS_BACK = 20
"""How many turns of the year a close looks back: further back nobody's points can have been forgotten."""


def year_began(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment of the year of qualification that contains `moment`."""
    return datetime(moment.astimezone(zone).year, 1, 1, tzinfo=zone)


def turn_of(year: int, zone: ZoneInfo) -> datetime:
    """Return the moment at which `year` is over: midnight after 31 December in the retailer's zone."""
    return datetime(year + 1, 1, 1, tzinfo=zone)


def nearest_turn(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the turn of the year that lies nearest to `moment`."""
    year = moment.astimezone(zone).year
    return min(turn_of(year - 1, zone), turn_of(year, zone), key=lambda turn: abs(turn - moment))


def turns_until(moment: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the last turns of the year up to `moment`, the oldest first."""
    running = moment.astimezone(zone).year
    return [turn_of(year, zone) for year in range(running - YEARS_BACK, running)]


def closing_year(end: datetime, zone: ZoneInfo) -> int:
    """Return the year whose points judge a standing that ends at `end`: the old one at a turn of the year."""
    return (end - JUST_BEFORE).astimezone(zone).year


def ends_at(tier: Tier, entered_at: datetime, zone: ZoneInfo, year: int | None = None) -> datetime | None:
    """Return the first moment after the standing, by the tier's policy of the entry: None if it does not expire.

    `year` is the year whose points earned it, that of the entry unless given: the standing lasts until the year
    after it is over. "N days" are days of the retailer's calendar, to the same hour.
    """
    entered_at = entered_at.astimezone(zone)
    policy, days = tier.expiry_at(entered_at)
    if policy == ExpiryPolicy.NEXT_YEAR_END:
        return turn_of((entered_at.year if year is None else year) + 1, zone)
    if policy == ExpiryPolicy.DAYS:
        return clock.days_later(entered_at, days or 0, zone)
    return None
