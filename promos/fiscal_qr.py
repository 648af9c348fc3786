"""The QR code of a Russian fiscal receipt, read strictly (specs/koshelek.md, call 12). Pure: no database, no clock.

A code is plain text, `key=value` joined by `&`, in any order; it was decoded once, by the camera, and is not decoded
again. Keys that are not named here are ignored.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from promos.errors import ReceiptKindRefused, ReceiptQrInvalid

LONGEST = 400
"""Characters of a code: a real one has about seventy."""

SALE = "1"
_FORMS = {
    "t": (r"[0-9]{8}T[0-9]{4}(?:[0-9]{2})?", "write the till's local time as YYYYMMDDTHHMM or YYYYMMDDTHHMMSS"),
    "s": (r"(?:0|[1-9][0-9]{0,7})\.[0-9]{2}", "write roubles.kopecks, at most 99999999.99"),
    "fn": (r"[0-9]{16}", "a fiscal drive has 16 digits"),
    "i": (r"[0-9]{1,10}", "a document number lies between 1 and 4294967295"),
    "fp": (r"[0-9]{1,10}", "a fiscal sign has at most 10 digits"),
    "n": (r"[1-4]", "write 1, 2, 3 or 4"),
}
_LARGEST_DOCUMENT = 2**32 - 1


@dataclass(frozen=True, slots=True)
class ScannedReceipt:
    """What a code says of a sale: the moment in UTC, the sum in the currency, and the three numbers that name it."""

    purchased_at: datetime
    amount: Decimal
    fiscal_drive: str
    document_number: int
    fiscal_sign: int


def read(text: str, zone: ZoneInfo) -> ScannedReceipt:
    """Return the receipt that a code names; `zone` is the retailer's, in which tills tell the time.

    Raises ReceiptQrInvalid with the key that is missing, repeated or wrong, and ReceiptKindRefused for anything
    but a sale.
    """
    values = _values(text)
    receipt = ScannedReceipt(
        purchased_at=_moment(values["t"], zone),
        amount=Decimal(values["s"]),
        fiscal_drive=values["fn"],
        document_number=_document(values["i"]),
        fiscal_sign=int(values["fp"]),
    )
    if values["n"] != SALE:
        raise ReceiptKindRefused(kind=values["n"])
    return receipt


def readings(moment: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the moments in UTC at which a clock on the wall shows the same: two in the hour that comes twice."""
    wall = moment.astimezone(zone)
    return sorted({wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1)})


def _values(text: str) -> dict[str, str]:
    if len(text) > LONGEST:
        raise _invalid("qrCode", f"at most {LONGEST} characters are allowed")
    found: dict[str, str] = {}
    for part in text.split("&"):
        key, _, value = part.partition("=")
        if key not in _FORMS:
            continue
        if key in found:
            raise _invalid(key, "it is given twice")
        found[key] = value
    for key, (form, told) in _FORMS.items():
        if key not in found:
            raise _invalid(key, "it is missing")
        if not re.fullmatch(form, found[key]):
            raise _invalid(key, told)
    return found


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """Return the moment of a till's local time.

    The hour that comes twice is read as its first; a time that the clocks skipped is one of a till whose clock was
    not put forward yet: both as PEP 495 reads them. A sale happened, so neither is refused.
    """
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    hour, minute, second = int(text[9:11]), int(text[11:13]), int(text[13:] or 0)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _invalid("t", "there is no such time in the calendar") from None


def _document(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _LARGEST_DOCUMENT:
        raise _invalid("i", _FORMS["i"][1])
    return number


def _invalid(key: str, told: str) -> ReceiptQrInvalid:
    return ReceiptQrInvalid(f"{key}: {told}.", name=key)
