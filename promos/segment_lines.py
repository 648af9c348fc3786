"""An uploaded table as people who may be in a segment: a phone, a contact code or a card number in each line. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cards import numbers
from customers import identifiers
from customers.errors import ContactCodeInvalid, PhoneInvalid
from loyalty.core import spreadsheets
from loyalty.core.errors import InvalidParameter

MOST_LINES = 500_000
LARGEST_FILE = 20 * 1024 * 1024
PHONE, CARD, CODE, ANY = "phone", "card", "code", "any"
_HEADINGS = {
    "phone": PHONE, "phones": PHONE, "msisdn": PHONE, "mobile": PHONE, "телефон": PHONE, "номер телефона": PHONE,
    "card": CARD, "cardnumber": CARD, "card number": CARD, "карта": CARD, "номер карты": CARD,
    "code": CODE, "contact": CODE, "contact code": CODE, "код": CODE, "код контакта": CODE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A line that may name somebody: what it could be read as, "" where it could not. All empty: it names nobody."""

    number: int
    text: str
    phone: str = ""
    card: str = ""
    code: str = ""

    @property
    def readable(self) -> bool:
        """Whether it is a phone, a card number or a contact code at all."""
        return bool(self.phone or self.card or self.code)

    @property
    def masked(self) -> str:
        """What stood there, with its ends only: enough to find the line, too little to call anybody."""
        return self.text if len(self.text) <= 4 else f"{self.text[:2]}…{self.text[-2:]}"


def read(content: bytes) -> Iterator[Line]:
    """Yield the lines of a CSV or XLSX table. A heading names the column and what it holds; else the first column is
    read, as whatever each cell looks like. Raises InvalidParameter (`file`)."""
    column, kind = 0, ANY
    for place, (number, cells) in enumerate(spreadsheets.rows(content)):
        if place >= MOST_LINES:
            raise InvalidParameter(f"A table has at most {MOST_LINES} lines. Divide it into several.", name="file")
        if place == 0:
            headed = [(at, _HEADINGS[each.lower()]) for at, each in enumerate(cells) if each.lower() in _HEADINGS]
            if headed:
                column, kind = headed[0]
                continue
        yield _line(number, cells[column] if column < len(cells) else "", kind)


def count(content: bytes) -> int:
    """Return how many lines there are, having read them all. Raises InvalidParameter (`file`), also for none."""
    if len(content) > LARGEST_FILE:
        raise InvalidParameter("The file is larger than 20 MB. Divide it into several.", name="file")
    lines = sum(1 for _ in read(content))
    if not lines:
        raise InvalidParameter("The table has no line that could name a customer.", name="file")
    return lines


def _line(number: int, text: str, kind: str) -> Line:
    if kind in (ANY, CODE) and identifiers.looks_like_code(text):
        return Line(number, text, code=_code(text))
    if kind == CODE:
        return Line(number, text)
    digits = re.sub(r"[ \u00a0-]", "", text)
    return Line(
        number,
        text,
        phone=_phone(text) if kind in (ANY, PHONE) else "",
        card=digits if kind in (ANY, CARD) and numbers.may_be_number(digits) else "",
    )


def _phone(text: str) -> str:
    try:
        return identifiers.read_phone(text)
    except PhoneInvalid:
        return ""


def _code(text: str) -> str:
    try:
        return identifiers.read_code(text)
    except ContactCodeInvalid:
        return ""
