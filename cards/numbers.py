"""Card numbers: a prefix, a serial number and a check digit by python-stdnum. Pure."""

import re

from stdnum import ean, luhn

from cards.errors import CardNumberInvalid
from cards.models import CardSeries, CheckDigit

DEFAULT_PREFIX = "2990"
DEFAULT_LENGTH = 13


def make_number(prefix: str, length: int, check_digit: str, serial: int) -> str:
    """Return the number of a serial; raises ValueError when the series has run out of numbers."""
    width = length - len(prefix) - 1
    body = f"{prefix}{serial:0{width}d}"
    if len(body) != length - 1:
        raise ValueError(f"series {prefix} has no numbers left")
    calculate = ean.calc_check_digit if check_digit == CheckDigit.EAN else luhn.calc_check_digit
    return body + str(calculate(body))


def make_numbers(series: CardSeries, first: int, count: int) -> list[str]:
    """Return the numbers of `count` serials from `first` on, fewer where the series ends."""
    last = 10 ** (series.length - len(series.prefix) - 1) - 1
    serials = range(first, min(first + count - 1, last) + 1)
    return [make_number(series.prefix, series.length, series.check_digit, serial) for serial in serials]


def serial_of(series: CardSeries, number: str) -> int:
    """Return the serial of a number of a series."""
    return int(number[len(series.prefix) : -1])


def has_format(text: str, formats: frozenset[tuple[int, str]]) -> bool:
    """Tell whether `text` has the length and check digit of one of the series' formats (length, check digit)."""
    if not may_be_number(text):
        return False
    return any(len(text) == length and has_check_digit(text, check_digit) for length, check_digit in formats)


def may_be_number(text: str) -> bool:
    """Tell whether `text` has the digits of a card number, whatever its check digit; what has not names no card."""
    return re.fullmatch(r"[0-9]{8,19}", text) is not None


def read_number(text: str, formats: frozenset[tuple[int, str]]) -> str:
    """Return a card number without blanks; raises CardNumberInvalid when no series writes numbers like this."""
    number = text.strip()
    if not has_format(number, formats):
        raise CardNumberInvalid()
    return number


def has_check_digit(number: str, check_digit: str) -> bool:
    """Tell whether the last digit of a number (digits only) is its check digit."""
    if check_digit == CheckDigit.EAN:
        return bool(ean.calc_check_digit(number[:-1]) == number[-1])
    return bool(luhn.is_valid(number))
