"""What an audience may ask of a contact, and how it must be written. Pure: no database, no clock.

All conditions must hold; without any the audience is everybody. Only a contact that takes part is reached: who is
blocked, has left or was merged into another is in no audience (specs/koshelek.md, call 9).
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from customers.models import ContactStatus
from loyalty.core.errors import InvalidParameter
from loyalty.ledger import rounding
from promos.occasion import birthday_in

REACHED = (ContactStatus.NEW.value, ContactStatus.ACTIVE.value)
"""Statuses of contacts that any audience may hold; a status that is not named here is never reached."""

CARD_STATES = ("active", "issued", "blocked", "none")
"""The state of the one card that is not given up; `none`: there is no such card."""

CONDITIONS = (
    "tiers",
    "segments",
    "not_segments",
    "regions",
    "region_days",
    "purchased_within",
    "not_purchased_within",
    "never_purchased",
    "birthday_before",
    "birthday_after",
    "points_from",
    "points_to",
    "cards",
)
"""Names of the conditions, in the order in which they are asked for.

`tiers`: public ids, in any of them now. `segments`: ids, in any of them; `not_segments`: in none of them. `regions`:
bought in a store of one of them within `region_days`. `purchased_within`, `not_purchased_within`: days;
`never_purchased`. `birthday_before`, `birthday_after`: from so many days before the birthday until so many after it.
`points_from`, `points_to`: spendable points, both included. `cards`: states of the card.
"""

LONGEST_LIST = 100
LONGEST_REGION = 80
LONGEST_NAME = 80
MOST_DAYS = 3660
MOST_BIRTHDAY_DAYS = 60
_CONTRADICTION = "These two leave nobody: the days within which they bought must be more than the days without."


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return conditions as they are stored: JSON, without what asks for nothing.

    Raises InvalidParameter naming the first condition that cannot be so. Whether tiers, segments and regions exist
    is for the use case to say: this module asks no database.
    """
    unknown = set(values) - set(CONDITIONS)
    if unknown:
        raise InvalidParameter("An audience has no such condition.", name=min(unknown))
    given = {name: values[name] for name in CONDITIONS if not _asks_nothing(values.get(name))}
    stored = {name: _CHECKS[name](name, value) for name, value in given.items()}
    _require_sense(stored)
    return stored


def birthdays(conditions: Mapping[str, Any], today: date) -> list[int]:
    """Return month * 100 + day of every birth date whose birthday is near `today`.

    29 February is kept on 28 February in common years, as promotions keep it (promos/occasion.py).
    """
    before, after = conditions.get("birthday_before", 0), conditions.get("birthday_after", 0)
    days = {today + timedelta(days=each) for each in range(-after, before + 1)}
    found = {_folded(day) for day in days}
    leap_day = date(2000, 2, 29)
    years = {day.year for day in days}
    kept = {birthday_in(leap_day, year) for year in years}
    return sorted((found - {_folded(leap_day)}) | ({_folded(leap_day)} if kept & days else set()))


def _folded(day: date) -> int:
    return day.month * 100 + day.day


def _asks_nothing(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, list | tuple | str) and not value)


def _require_sense(stored: Mapping[str, Any]) -> None:
    if ("regions" in stored) != ("region_days" in stored):
        raise InvalidParameter(
            "Say both: in which regions, and within how many days.",
            name="region_days" if "regions" in stored else "regions",
        )
    within, without = stored.get("purchased_within"), stored.get("not_purchased_within")
    if within is not None and without is not None and without >= within:
        raise InvalidParameter(_CONTRADICTION, name="not_purchased_within")
    if stored.get("never_purchased") and {"purchased_within", "regions"} & set(stored):
        raise InvalidParameter("Who never bought did not buy lately either. Leave one out.", name="never_purchased")
    least, most = stored.get("points_from"), stored.get("points_to")
    if least is not None and most is not None and Decimal(least) > Decimal(most):
        raise InvalidParameter("The most is not less than the least.", name="points_to")
    if set(stored.get("segments", ())) & set(stored.get("not_segments", ())):
        raise InvalidParameter("The same segment cannot be wanted and unwanted.", name="not_segments")


def _list(name: str, value: Any) -> Collection[Any]:
    if not isinstance(value, list | tuple):
        raise InvalidParameter("Give a list; an empty one means any.", name=name)
    if len(value) > LONGEST_LIST:
        raise InvalidParameter(f"A list has at most {LONGEST_LIST} entries.", name=name)
    return value


def _tiers(name: str, value: Any) -> list[str]:
    try:
        return list(dict.fromkeys(str(UUID(str(each))) for each in _list(name, value)))
    except ValueError:
        raise InvalidParameter("Choose tiers of the retailer.", name=name) from None


def _segments(name: str, value: Any) -> list[int]:
    if any(type(each) is not int or each < 1 for each in _list(name, value)):
        raise InvalidParameter("Choose segments.", name=name)
    return sorted(set(value))


def _regions(name: str, value: Any) -> list[str]:
    texts = [each.strip() if isinstance(each, str) else "" for each in _list(name, value)]
    if any(not text or len(text) > LONGEST_REGION or not text.isprintable() for text in texts):
        raise InvalidParameter("Choose regions of the stores.", name=name)
    return sorted(set(texts))


def _cards(name: str, value: Any) -> list[str]:
    if any(each not in CARD_STATES for each in _list(name, value)):
        raise InvalidParameter("Choose active, issued, blocked or none.", name=name)
    return [each for each in CARD_STATES if each in value]


def _days(least: int, most: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise InvalidParameter(f"Write a number of days from {least} to {most}.", name=name)
        return value

    return check


def _points(name: str, value: Any) -> str:
    try:
        amount = Decimal(value) if isinstance(value, str) else value
    except InvalidOperation:
        amount = None
    if not isinstance(amount, Decimal) or not rounding.is_exact(amount) or amount < 0:
        raise InvalidParameter("Write points from zero up with at most two decimal places.", name=name)
    return f"{amount:.2f}"


def _yes(name: str, value: Any) -> bool:
    if value is not True:
        raise InvalidParameter("Say yes or no.", name=name)
    return True


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "tiers": _tiers,
    "segments": _segments,
    "not_segments": _segments,
    "regions": _regions,
    "region_days": _days(1, MOST_DAYS),
    "purchased_within": _days(0, MOST_DAYS),
    "not_purchased_within": _days(0, MOST_DAYS),
    "never_purchased": _yes,
    "birthday_before": _days(0, MOST_BIRTHDAY_DAYS),
    "birthday_after": _days(0, MOST_BIRTHDAY_DAYS),
    "points_from": _points,
    "points_to": _points,
    "cards": _cards,
}
