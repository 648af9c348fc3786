"""When a standing ends (specs/points_and_tiers.md, Tiers). Pure."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tiers.models import ExpiryPolicy, Tier


def ends_at(tier: Tier, entered_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the first moment after the standing: None if the tier does not expire.

    "End of the following calendar year" is midnight after 31 December of the next year in the retailer's zone.
    """
    if tier.expiry_policy == ExpiryPolicy.NEXT_YEAR_END:
        year = entered_at.astimezone(zone).year
        return datetime(year + 2, 1, 1, tzinfo=zone)
    if tier.expiry_policy == ExpiryPolicy.DAYS:
        return entered_at + timedelta(days=tier.expiry_days or 0)
    return None
