"""When, where and for whom a promotion applies, apart from what lies in the basket. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from promos.models import Promotion


@dataclass(frozen=True, slots=True)
class Occasion:
    """A purchase as a promotion sees it: the moment in the retailer's zone, the store, what is known of the customer.

    `first_purchase` and `birthday_taken` are asked only when everything else fits a promotion that needs it: the answer
    costs a statement. `birthday_taken`: whether the promotion has given in that year what it gives around a birthday
    (docs/decisions/birthdays.md).
    """

    moment: datetime
    store: str
    first_purchase: Callable[[], bool]
    birth_date: date | None
    birthday_taken: Callable[[Promotion, date], bool] = lambda promotion, birthday: False


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
    around = days_around(promotion)
    birthday = birthday_near(occasion, *around) if around else None
    if promotion.birthday_days is not None and birthday is None:
        yield "birthday_days"
    if promotion.first_purchase and not occasion.first_purchase():
        yield "first_purchase"
    if birthday is not None and occasion.birthday_taken(promotion, birthday):
        yield "birthday_taken"


def days_around(promotion: Promotion) -> tuple[int, int] | None:
    """Return from how many days before a birthday until how many after it a promotion gives, by its own terms or by its
    audience's; None for one that is for no birthday."""
    if promotion.birthday_days is not None:
        return promotion.birthday_days, promotion.birthday_days
    if promotion.audience is None or not asks_for_birthday(promotion.audience.conditions):
        return None
    conditions = promotion.audience.conditions
    return conditions.get("birthday_before", 0), conditions.get("birthday_after", 0)


def asks_for_birthday(conditions: Mapping[str, Any]) -> bool:
    """Tell whether conditions of an audience ask for the birthday; two absent numbers ask for nothing, a zero asks for
    the day itself."""
    return "birthday_before" in conditions or "birthday_after" in conditions


def birthday_near(occasion: Occasion, before: int, after: int) -> date | None:
    """Return the birthday that the day is at most `before` days before, or `after` days after; None without any.

    29 February is kept on 28 February in common years.
    """
    if occasion.birth_date is None:
        return None
    day = occasion.moment.date()
    birthdays = (birthday_in(occasion.birth_date, day.year + each) for each in (0, -1, 1))
    return next((each for each in birthdays if -before <= (day - each).days <= after), None)


def birthday_in(birth_date: date, year: int) -> date:
    """Return the birthday in a year."""
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
