"""What the terms of a promotion must be like. Pure: a form, a command and a test ask the same questions.

Each check takes a value as it came and returns it as it is stored, or raises InvalidParameter with the field's name.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from loyalty.core.errors import InvalidParameter
from loyalty.ledger import rounding
from promos.models import COUNTED, TERMS, Audience, PromotionKind, PromotionTrigger

LONGEST_LIST = 1000
LONGEST_NAME = 80
LONGEST_STORE_CODE = 40
MOST_BIRTHDAY_DAYS = 60
MOST_TIMES = 1_000_000_000
LONGEST_ESCROW = 365
KINDS: dict[str, tuple[str, ...]] = {
    PromotionTrigger.PURCHASE: tuple(PromotionKind.values),
    PromotionTrigger.RECEIPT: (PromotionKind.PERCENT, PromotionKind.FIXED),
    PromotionTrigger.CODE: (PromotionKind.FIXED,),
    PromotionTrigger.ANNOUNCEMENT: ("",),
}
"""What each trigger can give."""
LARGEST_VALUE: dict[str, Decimal] = {
    PromotionKind.PERCENT: Decimal(1000),
    PromotionKind.MULTIPLIER: Decimal(100),
    PromotionKind.FIXED: Decimal(1_000_000),
}
"""Beyond these a promotion is a slip of the pen."""


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return terms as they are stored. `values` holds every term. Raises InvalidParameter naming the first wrong one.

    Store codes are compared with the stores by the use case: this module asks no database.
    """
    unknown = set(values) - set(TERMS)
    if unknown:
        raise InvalidParameter("A promotion has no such term.", name=min(unknown))
    terms = {name: _CHECKS[name](name, values[name]) for name in TERMS}
    _require_kind(terms["trigger"], terms["kind"])
    _require_value(terms["kind"], terms["value"])
    _require_counts(terms)
    if terms["ends_at"] is not None and terms["ends_at"] <= terms["starts_at"]:
        raise InvalidParameter("The end must come after the beginning.", name="ends_at")
    if not 0 <= terms["hour_from"] < terms["hour_until"] <= 24:
        raise InvalidParameter(
            "Hours go from 0 to 24, the first before the last. For a night make two promotions.", name="hour_until"
        )
    return terms


def _require_kind(trigger: str, kind: str) -> None:
    if kind not in KINDS[trigger]:
        told = ", ".join(each or "none" for each in KINDS[trigger])
        raise InvalidParameter(f"What makes this promotion give allows these kinds only: {told}.", name="kind")


def _require_counts(terms: dict[str, Any]) -> None:
    for name in ("customer_count", "total_count"):
        if terms[name] is not None and terms["trigger"] not in COUNTED:
            raise InvalidParameter("Only receipts and promo codes are counted. Leave it empty.", name=name)


def _require_value(kind: str, value: Decimal) -> None:
    if not kind:
        if value:
            raise InvalidParameter("An announcement gives no points. Leave it at zero.", name="value")
        return
    least = 1 if kind == PromotionKind.MULTIPLIER else 0
    if value <= least:
        raise InvalidParameter(
            "A multiplier is above 1: 2 gives the base points twice." if least else "The value is above zero.",
            name="value",
        )
    if value > LARGEST_VALUE[kind]:
        raise InvalidParameter("The value is too large: at most 1000 percent, 100 times, 1000000 points.", name="value")


def _name(name: str, value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise InvalidParameter("Give the promotion a name of at most 80 characters.", name=name)
    return text


def _trigger(name: str, value: Any) -> str:
    if value not in PromotionTrigger.values:
        raise InvalidParameter("Choose purchase, receipt, code or announcement.", name=name)
    return str(value)


def _kind(name: str, value: Any) -> str:
    if value not in ("", *PromotionKind.values):
        raise InvalidParameter("Choose percent, multiplier or fixed.", name=name)
    return str(value)


def _audience(name: str, value: Any) -> Audience | None:
    if value is not None and not isinstance(value, Audience):
        raise InvalidParameter("Choose an audience, or leave it empty: then it is for everybody.", name=name)
    return value


def _count(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if not 1 <= _whole(name, value) <= MOST_TIMES:
        raise InvalidParameter(f"Write a whole number from 1 to {MOST_TIMES}, or leave it empty.", name=name)
    return int(value)


def _escrow_days(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if not 0 <= _whole(name, value) <= LONGEST_ESCROW:
        raise InvalidParameter(f"Write a number of days from 0 to {LONGEST_ESCROW}, or leave it empty.", name=name)
    return int(value)


def _amount(name: str, value: Any) -> Decimal:
    if not isinstance(value, Decimal) or not rounding.is_exact(value) or value < 0:
        raise InvalidParameter("Write a number from zero up with at most two decimal places.", name=name)
    return value


def _limit(name: str, value: Any) -> Decimal | None:
    if value is None:
        return None
    if not _amount(name, value):
        raise InvalidParameter("A limit is above zero. Leave it empty for none.", name=name)
    return Decimal(value)


def _moment(name: str, value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidParameter("Write a date and a time.", name=name)
    return value


def _moment_or_none(name: str, value: Any) -> datetime | None:
    return None if value is None else _moment(name, value)


def _whole(name: str, value: Any) -> int:
    if type(value) is not int:
        raise InvalidParameter("Write a whole number.", name=name)
    return value


def _birthday_days(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if not 0 <= _whole(name, value) <= MOST_BIRTHDAY_DAYS:
        raise InvalidParameter("Write a number of days from 0 to 60.", name=name)
    return int(value)


def _flag(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise InvalidParameter("Say yes or no.", name=name)
    return value


def _names(longest: int) -> Callable[[str, Any], list[str]]:
    def check(name: str, value: Any) -> list[str]:
        _require_list(name, value)
        texts = [each.strip() if isinstance(each, str) else "" for each in value]
        if any(not text or len(text) > longest or not text.isprintable() for text in texts):
            raise InvalidParameter(f"Each entry has 1 to {longest} characters.", name=name)
        return list(dict.fromkeys(texts))

    return check


def _weekdays(name: str, value: Any) -> list[int]:
    _require_list(name, value)
    if any(type(day) is not int or not 1 <= day <= 7 for day in value):
        raise InvalidParameter("Weekdays are numbers from 1, Monday, to 7, Sunday.", name=name)
    return sorted(set(value))


def _require_list(name: str, value: Any) -> None:
    if not isinstance(value, list):
        raise InvalidParameter("Give a list; an empty one means any.", name=name)
    if len(value) > LONGEST_LIST:
        raise InvalidParameter(f"A list has at most {LONGEST_LIST} entries.", name=name)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "name": _name,
    "trigger": _trigger,
    "audience": _audience,
    "kind": _kind,
    "value": _amount,
    "starts_at": _moment,
    "ends_at": _moment_or_none,
    "minimum_basket": _amount,
    "categories": _names(LONGEST_NAME),
    "skus": _names(LONGEST_NAME),
    "stores": _names(LONGEST_STORE_CODE),
    "weekdays": _weekdays,
    "hour_from": _whole,
    "hour_until": _whole,
    "first_purchase": _flag,
    "birthday_days": _birthday_days,
    "stacks": _flag,
    "qualifies": _flag,
    "customer_cap": _limit,
    "budget": _limit,
    "customer_count": _count,
    "total_count": _count,
    "escrow_days": _escrow_days,
}
