"""When, where and for whom a promotion applies, apart from what lies in the basket. Pure."""

from dataclasses import dataclass
from datetime import date, datetime

from promos.models import Promotion


@dataclass(frozen=True, slots=True)
class Occasion:
    """A purchase as a promotion sees it: the local moment, the store, and what is known of the customer."""

    moment: datetime
    store: str
    first_purchase: bool
    birth_date: date | None


def applies(promotion: Promotion, occasion: Occasion) -> bool:
    """Tell whether a promotion that was live at the moment is for this occasion. `moment` is in the retailer's zone."""
    moment = occasion.moment
    return (
        promotion.starts_at <= moment
        and (promotion.ends_at is None or moment < promotion.ends_at)
        and promotion.hour_from <= moment.hour < promotion.hour_until
        and (not promotion.weekdays or moment.isoweekday() in promotion.weekdays)
        and (not promotion.stores or occasion.store in promotion.stores)
        and (not promotion.first_purchase or occasion.first_purchase)
        and (promotion.birthday_days is None or is_near_birthday(occasion, promotion.birthday_days))
    )


def is_near_birthday(occasion: Occasion, days: int) -> bool:
    """Tell whether the day is at most `days` from a birthday; 29 February is kept on 28 February in common years."""
    if occasion.birth_date is None:
        return False
    day = occasion.moment.date()
    years = (day.year - 1, day.year, day.year + 1)
    return any(abs((day - birthday_in(occasion.birth_date, year)).days) <= days for year in years)


def birthday_in(birth_date: date, year: int) -> date:
    """Return the birthday in a year."""
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
