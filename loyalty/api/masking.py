"""What the interaction log may show of a call: everything but phones, e-mail addresses, names and secrets. Pure.

Three nets, one behind the other: fields known by name are masked whole; what such a field held is masked wherever
else it stands in the same call; and what looks like a phone or an address is masked in any other text.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from customers import identifiers

MASK = "***"
MORE = "…"
LONGEST_BODY = 16_384
"""Characters kept of a body."""

LONGEST_TEXT = 1_000
_LONGEST_SHAPE = 2_000
_LEAF = 6
_DEEPEST = 12
_MOST_KNOWN = 200
_SHORTEST_KNOWN = 3

PHONES = frozenset({"phone", "mobilenumber", "contactmobilenumber", "msisdn", "mobile", "phonenumber", "mobilephone"})
EMAILS = frozenset({"email", "mail", "emailaddress"})
NAMES = frozenset(
    {
        "name", "firstname", "surname", "lastname", "patronymic", "middlename", "fullname", "birthdate", "dob",
        "address", "address2", "zip", "currentzip",
    }
)  # fmt: skip
SECRETS = frozenset({"secret", "password", "passwd", "token", "authorization", "apikey", "login"})
# A cashier's text is mostly a name, but often a number: masked in its field, not hunted for elsewhere. So are the words
# that somebody types with a block.
HIDDEN = frozenset({"cashier", "blockreasonname", "unblockreasonname"})
CARDS = frozenset({"number", "cardnumber", "barcodenumber", "barcode"})
# Their digits look like phones and are none.
PLAIN = frozenset(
    {"purchaseid", "refundid", "holdid", "sku", "till", "store", "date", "key", "code", "guid", "category", "qrcode"}
)
GOODS = frozenset({"lines", "items"})
"""Lists in which `name` is what goods are called."""

_PERSONAL = PHONES | EMAILS | NAMES | SECRETS
_MASKED = _PERSONAL | HIDDEN

_EMAIL = re.compile(r"[^\s@\"'<>,;:/?&=()]+@[^\s@\"'<>,;/?&()]+")
# An id of ours has digits in a row, too: it is found first, as a whole, and left alone.
_ID = r"(?P<id>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
_PHONE = re.compile(_ID + r"|\+?(?<!\d)\d(?:[ \-().\u00a0]{0,3}\d){6,}", re.IGNORECASE)
_DATE = re.compile(r"(19|20)\d\d-[01]\d-[0-3]\d")
_BROKEN = re.compile(r"[\x00\ud800-\udfff]")
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")

IsCard = Callable[[str], bool]


class Masker:
    """Masks one call. `is_card` tells a card number, which may be shown, from other digits."""

    def __init__(self, is_card: IsCard) -> None:
        self._is_card = is_card
        # In small letters; whether it is hidden inside words, too.
        self._known: dict[str, bool] = {}

    def learn(self, value: Any, name: str = "", *, goods: bool = False, depth: int = 0) -> None:
        """Remember what the personal fields of a body, a query or a route hold, to find it elsewhere."""
        if depth > _DEEPEST or len(self._known) > _MOST_KNOWN:
            return
        if isinstance(value, dict):
            for key, each in value.items():
                self.learn(each, _plain_name(key), goods=goods, depth=depth + 1)
        elif isinstance(value, list):
            inside = goods or name in GOODS
            for each in value:
                self.learn(each, name, goods=inside, depth=depth + 1)
        elif name in _PERSONAL and not (goods and name == "name") and isinstance(value, str | int):
            self._remember(name, str(value).strip())
        elif isinstance(value, str) and value[:1] in ("{", "["):
            self.learn(_parsed(value), depth=depth + 1)

    def value(self, value: Any, *, most: int = LONGEST_BODY) -> str:
        """Return a parsed body as masked JSON of about `most` characters; what is beyond is an ellipsis."""
        budget = [most]
        masked = self._walk(value, "", budget, goods=False, depth=0)
        return orjson.dumps(masked, default=str).decode()[: most + most // 4]

    def text(self, text: str, most: int = LONGEST_TEXT) -> str:
        """Return a free text without what the call's personal fields hold, addresses and phones."""
        text = _BROKEN.sub(" ", text[: 2 * most])
        text = self._forget(text)
        if "@" in text:
            text = _EMAIL.sub(MASK, text)
        return _PHONE.sub(self._digits, text)[:most]

    def plain(self, text: str) -> str:
        """Return an identifier: as it is, unless the call says that it is personal."""
        return self._forget(_BROKEN.sub(" ", text[:LONGEST_TEXT]))

    def card(self, text: str) -> str:
        """Return a card number as it is, of anything else in its place the shape."""
        text = text.strip()
        return self.plain(text) if self._is_card(text) else shape(text, 60)

    def field(self, name: str, text: str) -> str:
        """Return the text of a field of a query or of a route."""
        name = _plain_name(name)
        if name in _MASKED:
            return MASK if text else ""
        if name in CARDS:
            return self.card(text)
        return self.plain(text) if name in PLAIN else self.text(text)

    def path(self, path: str, route: Mapping[str, str]) -> str:
        """Return a path; what the route calls a phone, a number or an id is treated as such."""
        if not route:
            return self.text(path, 400)
        for name, value in route.items():
            before, _, after = path.rpartition(value)
            path = before + self.field(name, value) + after
        return path[:400]

    def query(self, pairs: Iterable[tuple[str, str]]) -> str:
        """Return the parameters of an address, decoded."""
        return "&".join(f"{self.text(name, 60)}={self.field(name, value)}" for name, value in pairs)

    def _walk(self, value: Any, name: str, budget: list[int], *, goods: bool, depth: int) -> Any:
        if budget[0] <= 0 or depth > _DEEPEST:
            return MORE
        if isinstance(value, dict):
            return self._walk_object(value, budget, goods=goods, depth=depth)
        if isinstance(value, list):
            inside = goods or name in GOODS
            found = []
            for each in value:
                found.append(self._walk(each, name, budget, goods=inside, depth=depth + 1))
                if budget[0] <= 0:
                    break
            return found
        masked = self._leaf(value, name, budget[0])
        budget[0] -= len(masked) + _LEAF if isinstance(masked, str) else 2 * _LEAF
        return masked

    def _walk_object(self, value: dict[str, Any], budget: list[int], *, goods: bool, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, each in value.items():
            name, shown = _plain_name(key), self.text(key, 80)
            budget[0] -= len(shown) + _LEAF
            if name in _MASKED and not (goods and name == "name"):
                found[shown] = each if each in (None, "") else MASK
            else:
                found[shown] = self._walk(each, name, budget, goods=goods, depth=depth + 1)
            if budget[0] <= 0:
                found[MORE] = MORE
                break
        return found

    def _leaf(self, value: Any, name: str, room: int) -> Any:
        if isinstance(value, bool | float) or value is None:
            return value
        text = str(value)
        if isinstance(value, str) and text[:1] in ("{", "["):
            inner = _parsed(text)
            if inner is not None:
                return self.value(inner, most=room)
            return shape(text, room)
        if name in CARDS:
            masked = self.card(text) if text else text
        elif name in PLAIN:
            masked = self.plain(text)
        else:
            masked = self.text(text)
        return value if masked == text else masked

    def _remember(self, name: str, text: str) -> None:
        if name in PHONES:
            digits = re.sub(r"\D", "", text)
            if len(digits) >= 6:
                self._known |= {text.lower(): True, identifiers.subscriber(digits): True}
        elif len(text) >= _SHORTEST_KNOWN:
            self._known[text[:LONGEST_TEXT].lower()] = name not in NAMES

    def _forget(self, text: str) -> str:
        """Mask what the call's personal fields hold. Patterns are made for what is found only: making costs more."""
        if not self._known:
            return text
        lowered = text.lower()
        for value in self._known:
            if value in lowered:
                pattern = re.escape(value)
                # A short name stands inside many words; only as a word is it a name.
                whole = pattern if self._known[value] else rf"(?<!\w){pattern}(?!\w)"
                text = re.sub(whole, MASK, text, flags=re.IGNORECASE)
        return text

    def _digits(self, match: re.Match[str]) -> str:
        text = match[0]
        if match["id"]:
            return text
        digits = re.sub(r"\D", "", text)
        harmless = len(digits) < (7 if text.startswith("+") else 10) or _DATE.match(text) or self._is_card(digits)
        return text if harmless else MASK


def parse(content: bytes) -> Any:
    """Return the value of a JSON body, None when it is none."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def pairs(query: str) -> list[tuple[str, str]]:
    """Return the names and values of a query string, at most 50 of them."""
    try:
        return parse_qsl(query[:4_000], keep_blank_values=True)[:50]
    except ValueError:
        return []


def shape(text: str, most: int = _LONGEST_SHAPE) -> str:
    """Return a text with each letter as x and each digit as 0: how it is built, not what it says."""
    return _DIGIT.sub("0", _LETTER.sub("x", _BROKEN.sub(" ", text[:most])))


def _parsed(text: str) -> Any:
    return parse(text.encode("utf-8", "replace"))


def _plain_name(name: Any) -> str:
    return str(name)[:60].strip().lower().replace("_", "").replace("-", "")
