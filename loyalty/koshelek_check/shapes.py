"""Forms of what answers hold. A value that is no string is another rule's matter and passes here."""

import re
from decimal import Decimal
from typing import Any

STATES = ("active", "inactive")
BARCODE_TYPES = ("EAN_8", "EAN_13", "CODE_128", "UPC_A", "QR_CODE")
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WHOLE = re.compile(r"-?[0-9]+")
_PHONE = re.compile(r"[1-9][0-9]{6,14}")


def card_of(value: Any) -> dict[str, Any]:
    """Return the object `card` of an answer, an empty one when there is none."""
    card = value.get("card") if isinstance(value, dict) else None
    return card if isinstance(card, dict) else {}


def number_of(value: Any) -> str:
    """Return the card number of an answer, also of one that is the bare number; "" when there is none."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    number = card_of(value).get("cardNumber") or (value.get("cardNumber") if isinstance(value, dict) else "")
    return str(number) if isinstance(number, str | int) else ""


def card_problem(value: Any) -> str:
    """Return what a card lacks, "" when nothing."""
    card = card_of(value)
    if not card:
        return "no card"
    barcode = card.get("barcode")
    absent = [name for name in ("cardNumber", "cardState", "barcode") if not card.get(name)]
    if isinstance(barcode, dict):
        absent += [f"barcode.{name}" for name in ("barcodeNumber", "barcodeType") if not barcode.get(name)]
    elif barcode:
        absent.append("barcode as an object")
    return f"no {', no '.join(absent)}" if absent else ""


def missing(value: Any, names: tuple[str, ...]) -> list[str]:
    """Return the names that an object lacks; all of them when it is none."""
    return [name for name in names if not isinstance(value, dict) or name not in value]


def is_day(value: Any) -> bool:
    """Tell whether a text is a date, YYYY-MM-DD."""
    return not isinstance(value, str) or bool(_DAY.fullmatch(value))


def is_decimal(value: Any) -> bool:
    """Tell whether a text is a decimal number."""
    return not isinstance(value, str) or bool(_DECIMAL.fullmatch(value))


def is_whole(value: Any) -> bool:
    """Tell whether a text is a whole number."""
    return not isinstance(value, str) or bool(_WHOLE.fullmatch(value))


def is_phone(value: Any) -> bool:
    """Tell whether a text is a phone in digits, without a plus."""
    return not isinstance(value, str) or bool(_PHONE.fullmatch(value))


def decimal(value: Any) -> Decimal | None:
    """Return a decimal number, None when the text is none."""
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def form(value: Any) -> str:
    """Return the form of a text: its digits as 9 and its letters as a, so that nobody's data are shown."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", str(value)))[:24] or "an empty text"
