"""When, where and for whom a promotion applies, apart from what lies in the basket. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from promos.models import Promotion


@dataclass(frozen=True, slots=True)
class Occasion:
    """A purchase as a promotion sees it: the moment in the retailer's zone, the store, what is known of the customer.

    `first_purchase` is asked only when everything else fits a promotion that needs it: the answer costs a statement.
    """

    moment: datetime
    store: str
    first_purchase: Callable[[], bool]
    birth_date: date | None


def applies(promotion: Promotion, occasion: Occasion) -> bool:
    """Tell whether a promotion that was live at the moment is for this occasion."""
    return next(obstacles(promotion, occasion), None) is None


def obstacles(promotion: Promotion, occasion: Occasion) -> Iterator[str]:
    """Yield the names of the conditions that the occasion does not meet.

    Hours and weekdays are those on the wall at the purchase: `hour_until` is the first hour that is too late.
    """
    moment = occasion.moment
    if moment < promotion.starts_at:
        yield "starts_at"
    if promotion.ends_at is not None and moment >= promotion.ends_at:
        yield "ends_at"
    if not promotion.hour_from <= moment.hour < promotion.hour_until:
        yield "hours"
    if promotion.weekdays and moment.isoweekday() not in promotion.weekdays:
        yield "weekdays"
    if promotion.stores and occasion.store not in promotion.stores:
        yield "stores"
    if promotion.birthday_days is not None and not is_near_birthday(occasion, promotion.birthday_days):
        yield "birthday_days"
    if promotion.first_purchase and not occasion.first_purchase():
        yield "first_purchase"


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
