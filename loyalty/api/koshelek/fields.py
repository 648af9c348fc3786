"""How the wallet writes a value, and how strictly it is read. A bad value names its key.

Read before any rule and before any row is touched: a refusal here writes nothing.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from customers import identifiers
from customers.errors import EmailInvalid, PhoneInvalid
from customers.models import Sex
from loyalty.core import clock
from loyalty.core.errors import InvalidParameter, RequiredParameterMissing
from loyalty.services import program

OLDEST_BIRTH = date(1900, 1, 1)
MOST_CHANNELS = 50
LONGEST_CHANNEL = 40

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MSISDN = re.compile(r"\+?([1-9][0-9]{6,14})")
_SEXES: Mapping[str, str] = {"m": Sex.MALE, "м": Sex.MALE, "f": Sex.FEMALE, "ж": Sex.FEMALE}
# Control characters, halves of characters, line separators; and what turns the direction of the text around it:
# a name could rewrite the operator's page.
_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]")


class TextField(serializers.CharField):
    """A text without blanks around it; `null`, an empty and an absent one are "", or missing where required."""

    def __init__(self, **options: Any) -> None:
        optional = {} if options.get("required") else {"allow_null": True, "allow_blank": True, "required": False}
        super().__init__(**optional | options)

    def run_validation(self, data: Any = empty) -> Any:
        """Return the stored form. Raises InvalidParameter, RequiredParameterMissing and what `read` raises."""
        text = "" if data is empty or data is None else self.read_text(data)
        if text:
            return self.read(text)
        if self.required:
            raise RequiredParameterMissing(f"{self.field_name}: this is required.", names=[self.field_name])
        return ""

    def read_text(self, data: Any) -> str:
        """Return the text of a JSON value."""
        if not isinstance(data, str):
            raise self.refusal("a text is expected")
        if _REFUSED.search(data):
            raise self.refusal("control characters are not allowed")
        text = data.strip()
        if self.max_length is not None and len(text) > self.max_length:
            raise self.refusal(f"at most {self.max_length} characters are allowed")
        return text

    def read(self, text: str) -> Any:
        """Return the stored form of a text that is not empty."""
        return text

    def refusal(self, reason: str) -> InvalidParameter:
        """Return the error that names this key."""
        return InvalidParameter(f"{self.field_name}: {reason}.", name=self.field_name)


class CapitalsField(TextField):
    """A code, kept in capitals."""

    def read(self, text: str) -> str:
        capitals = text.upper()
        return capitals if len(capitals) <= (self.max_length or len(capitals)) else text


@extend_schema_field({"oneOf": [{"type": "string", "maxLength": 40}, {"type": "integer"}], "nullable": True})
class PhoneField(TextField):
    """A phone, as text or whole number; read_phone says in which forms."""

    def read_text(self, data: Any) -> str:
        whole = isinstance(data, int) and not isinstance(data, bool) and data > 0
        return super().read_text(str(data) if whole else data)

    def read(self, text: str) -> str:
        return _phone(text, str(self.field_name))


class MsisdnField(TextField):
    """A phone to look for: digits of E.164. Digits that are no possible phone are nobody's, not an error."""

    def read(self, text: str) -> str:
        match = _MSISDN.fullmatch(text)
        if match is None:
            raise PhoneInvalid(f"{self.field_name}: write 7 to 15 digits of E.164 without +.")
        try:
            return _phone(match[1], str(self.field_name))
        except PhoneInvalid:
            return f"+{match[1]}"


class EmailField(TextField):
    """An e-mail address."""

    def read(self, text: str) -> str:
        try:
            return identifiers.read_email(text)
        except EmailInvalid as error:
            raise EmailInvalid(f"{self.field_name}: {error.text}") from None


class SexField(TextField):
    """m or f, also in Russian letters."""

    def read(self, text: str) -> str:
        sex = _SEXES.get(text.lower())
        if sex is None:
            raise self.refusal("write m or f")
        return str(sex)


@extend_schema_field({"type": "string", "format": "date", "nullable": True})
class DayField(TextField):
    """A calendar day, YYYY-MM-DD."""

    def read(self, text: str) -> date:
        try:
            if _DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self.refusal("write a date of the calendar as YYYY-MM-DD")


class BirthDateField(DayField):
    """A birth date: from 1900 to today in the retailer's zone."""

    def read(self, text: str) -> date:
        day = super().read(text)
        if not OLDEST_BIRTH <= day <= clock.today(program.settings().tzinfo):
            raise self.refusal(f"a birth date lies between {OLDEST_BIRTH} and today")
        return day


class ChannelField(TextField):
    """The name of a channel, in small letters. A few letters are longer when they are small."""

    def read(self, text: str) -> str:
        name = text.lower()
        if len(name) > LONGEST_CHANNEL:
            raise self.refusal(f"at most {LONGEST_CHANNEL} characters are allowed")
        return name


class ChannelsField(serializers.ListField):
    """Names of channels, in small letters."""

    def __init__(self, **options: Any) -> None:
        name = ChannelField(required=True, max_length=LONGEST_CHANNEL)
        super().__init__(child=name, required=False, allow_null=True, max_length=MOST_CHANNELS, **options)

    def run_validation(self, data: Any = empty) -> list[str]:
        """Return the names. Raises InvalidParameter."""
        if data is empty or data is None:
            return []
        if not isinstance(data, list) or len(data) > MOST_CHANNELS:
            reason = f"a list of at most {MOST_CHANNELS} channels is expected"
            raise InvalidParameter(f"{self.field_name}: {reason}.", name=self.field_name)
        # The text field reads each name as if it stood under this list's key, so that a refusal names it.
        self.child.field_name = self.field_name
        return [self.child.run_validation(name) for name in data]


def _phone(text: str, name: str) -> str:
    # A wallet writes international numbers. Only what cannot be one (+89 is nobody's) is read as the Russian
    # `8 9..`: without this order a Vietnamese `84 9..` would become another person's Russian number.
    for candidate in (text if text.startswith("+") else f"+{text}", text):
        try:
            return identifiers.read_phone(candidate)
        except PhoneInvalid:
            continue
    raise PhoneInvalid(f"{name}: {PhoneInvalid.message}")
