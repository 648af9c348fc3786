"""What a hostile internet sends in place of a value, and a customer whose data must never come back."""

import json
from datetime import date
from typing import Any
from urllib.parse import quote

from tests.factories import CardFactory, ContactFactory

LONG = 100_000

TEXTS: tuple[str, ...] = (
    "", " ", " \t\n ", "\x00", "a\x00b", "\ud800", "\udc00\ud800", "\u202egnp.exe", "\u2066x\u2069", "\ufeffAnna",
    "\u2028", "\x7f\x1b[31m", "\r\nSet-Cookie: a=1", "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "Z" + "\u0351" * 60, "\u0130stanbul", "\u00df" * 80, "\u212a@\u212a.com", "e\u0301", "\uffff", "\U0010ffff",
    "' OR 1=1 --", "'; DROP TABLE customers_contact; --", "\\", '"', "%", "_", "*", "%%%s%(value)s", "{0}{x.__class__}",
    "<script>alert(1)</script>", "{{7*7}}${7*7}", "../../etc/passwd", "null", "true", "NaN", "1e3", "0x10", "1_000",
    "\u0667\u0669\u0660\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "\uff17\uff19\uff10\uff10", "-1", "+", "0",
    "1900-02-29", "0000-00-00", "2026-02-30", "9999-12-31", "10000-01-01", "-001-01-01", "1990-05-17T00:00:00Z",
    "x" * 41, "x" * 300, "9" * 300, "x" * LONG,
)  # fmt: skip

OTHER_JSON: tuple[str, ...] = (
    "null", "true", "false", "0", "-0", "-1", "1.5", "79001234567.0", "1e400", "-1e400", "1e-400", "1E9", "NaN",
    "Infinity", "-Infinity", "9" * 40, "9" * 4000, "9" * 5000, "[]", "[[]]", '["sms"]', "[null]", "{}", '{"$ne": null}',
    '{"a": {"a": {"a": 1}}}', "[" * 15 + "]" * 15, "[" * 200 + "]" * 200, "[" * 100_000, '{"__proto__": {"a": 1}}',
    "[" + ",".join(["1"] * 20_000) + "]",
)  # fmt: skip

# A whole body, where VALUE stands for the text of a right value: each is broken in another way.
BROKEN_BODIES: tuple[str, ...] = ("{NAME: VALUE, NAME: VALUE}", "{NAME: VALUE", "{NAME: VALUE}{}", "[VALUE]")

# Bytes after the `=` of a query, or in place of a part of a path.
OTHER_BYTES: tuple[str, ...] = (
    "%",
    "%zz",
    "%00",
    "%ff%fe",
    "%ed%a0%80",
    "%c0%af",
)

MARKS = {
    "phone": "+79161112233", "email": "veronika.secret@example.net", "first_name": "Veronikamark",
    "surname": "Zavadskayamark", "patronymic": "Lvovnamark", "locality": "Kologrivmark", "external_id": "EXTMARK-77",
}  # fmt: skip


def in_json() -> list[str]:
    """Return every hostile value as it is written in a JSON body."""
    # Lone surrogates stay escaped, as a caller has to write them.
    return [json.dumps(text) for text in TEXTS] + list(OTHER_JSON)


def in_address() -> list[str]:
    """Return every hostile value as it is written in an address."""
    return [quote(text, safe="", errors="surrogatepass") for text in TEXTS] + list(OTHER_BYTES)


def bystander() -> list[str]:
    """Make a customer who has nothing to do with any call; return what of hers would betray her."""
    contact = ContactFactory(**MARKS, birth_date=date(1961, 11, 23), attributes={"zip": "ZIPMARK"})
    card = CardFactory(contact=contact)
    phone = MARKS["phone"][1:]
    names = [value for name, value in MARKS.items() if name != "phone"]
    return [*names, phone, "1961-11-23", "ZIPMARK", card.number, contact.code, str(contact.public_id)]


def betrayed(marks: list[str], response: Any) -> list[str]:
    """Return which of the marks stand in an answer, its headers included."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    text = content.decode() + str(response.headers)
    return [mark for mark in marks if mark.lower() in text.lower()]
