"""Readers of environment variables: every setting enters the platform here.

An unset variable and an empty one are the same thing and mean the default. A value that cannot be read
raises `BadSetting`, whose text is one line that names the variable, fit to be shown to an operator.
"""

import contextlib
import datetime
import os
from typing import overload
from urllib.parse import urlsplit

import isodate

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class BadSetting(Exception):
    """An environment variable that cannot be used; the text is one line and names it."""


def _raw(name: str) -> str | None:
    value = os.environ.get(name, "").strip()
    return value or None


@overload
def text(name: str, default: str) -> str: ...
@overload
def text(name: str, default: None = None) -> str | None: ...
def text(name: str, default: str | None = None) -> str | None:
    """Return the variable without surrounding blanks, or `default`."""
    return _raw(name) or default


def required(name: str, why: str) -> str:
    """Return the variable; raise `BadSetting` with the reason `why` when it is missing."""
    value = _raw(name)
    if value is None:
        raise BadSetting(f"{name} is not set: {why}")
    return value


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return the variable, which must be one of `allowed`."""
    value = _raw(name) or default
    if value not in allowed:
        raise BadSetting(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def flag(name: str, default: bool) -> bool:
    """Return True for 1, true, yes, on and False for 0, false, no, off, in any case."""
    value = _raw(name)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise BadSetting(f"{name} must be 1 or 0, not {value!r}")


def integer(name: str, default: int, minimum: int | None = None, maximum: int | None = None) -> int:
    """Return a whole number between `minimum` and `maximum`, both included."""
    value = _raw(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError:
        raise BadSetting(f"{name} must be a whole number, not {value!r}") from None
    if minimum is not None and number < minimum:
        raise BadSetting(f"{name} must be at least {minimum}, not {number}")
    if maximum is not None and number > maximum:
        raise BadSetting(f"{name} must be at most {maximum}, not {number}")
    return number


def web_address(name: str) -> str:
    """Return an address like https://loyalty.example.com without a slash at its end, "" when it is not set."""
    value = (_raw(name) or "").rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise BadSetting(f"{name} must be an address like https://loyalty.example.com, not {value!r}")
    return value


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return the parts of a list separated by commas, without blanks and empty parts."""
    value = _raw(name)
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


def number_list(name: str, default: tuple[int, ...] = ()) -> list[int]:
    """Return whole numbers separated by commas."""
    try:
        return [int(part) for part in words(name)] or list(default)
    except ValueError:
        raise BadSetting(f"{name} must be whole numbers separated by commas, not {_raw(name)!r}") from None


def duration(name: str, default: datetime.timedelta) -> datetime.timedelta:
    """Return an ISO 8601 duration of days and time (`P31D`, `-P1D`, `PT12H`) or a number of seconds.

    Years and months are refused: how long they are depends on the day they start.
    """
    value = _raw(name)
    if value is None:
        return default
    parsed: object = None
    with contextlib.suppress(isodate.ISO8601Error, ValueError, TypeError, OverflowError):
        is_seconds = value.lstrip("+-").isdecimal()
        parsed = datetime.timedelta(seconds=int(value)) if is_seconds else isodate.parse_duration(value)
    if not isinstance(parsed, datetime.timedelta):
        raise BadSetting(f"{name} must be seconds or an ISO 8601 duration such as P31D, not {value!r}")
    return parsed
