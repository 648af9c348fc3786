"""Reading the parameters of a call: names in any case, values by type, each bounded.

Empty text and null count as missing (specs/cash_desk.md, RequiredParameterNotSpecified). A value of a wrong
type, too long or out of bounds raises InvalidParameter, which names the parameter.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from rest_framework.request import Request

from loyalty.api.json_body import MalformedJson, read_object
from loyalty.core.errors import InvalidParameter, RequiredParameterMissing
from loyalty.ledger import rounding

THOUSANDTHS = Decimal("0.001")
LARGEST_QUANTITY = Decimal("999999999.999")
# Control characters have no place in a receipt; half a surrogate pair is no text at all.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CODE = re.compile(r"0|[1-9][0-9]{0,3}")
_IDENTITY = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLAIN_NUMBER = re.compile(r"[0-9]{1,10}(\.[0-9]{1,3})?")


class Parameters:
    """The parameters of one call, or of one line of a receipt when `path` says which."""

    def __init__(self, pairs: Iterable[tuple[str, Any]], path: str = "") -> None:
        """Take names and values; raises MalformedJson when a name comes twice, in whatever case."""
        self._path = path
        self._values: dict[str, Any] = {}
        for name, value in pairs:
            known = name.lower()
            if known in self._values:
                raise MalformedJson(f"The parameter {path}{name[:40]!r} is given twice.")
            self._values[known] = value

    @classmethod
    def of_body(cls, request: Request, largest: int | None = None) -> Self:
        """Return the parameters of a JSON body of at most `largest` bytes; raises MalformedJson."""
        return cls(read_object(request, largest).items())

    @classmethod
    def of_query(cls, request: Request) -> Self:
        """Return the parameters of the address; raises MalformedJson."""
        try:
            lists = request._request.GET.lists()
        except SuspiciousOperation:
            raise MalformedJson("The address has too many parameters.") from None
        return cls((name, value) for name, values in lists for value in values)

    def get(self, name: str) -> Any:
        """Return the value as it came, None when it is missing."""
        value = self._values.get(name.lower())
        if isinstance(value, str):
            return value.strip() or None
        return value

    def missing(self, *names: str) -> list[str]:
        """Return those of the names that are missing, in full."""
        return [self._path + name for name in names if self.get(name) is None]

    def require(self, *names: str) -> None:
        """Raise RequiredParameterMissing with every name that is missing."""
        refuse_missing(self.missing(*names))

    def identifier(self, name: str) -> str:
        """Return a card number or a phone as text; what is none the rules refuse, each in its turn."""
        value = self.get(name)
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else "?"

    def text(self, name: str, longest: int) -> str:
        """Return a text without blanks around it, empty when it is missing."""
        value = self.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.invalid(name, "It must be a text.")
        if len(value) > longest:
            raise self.invalid(name, f"It may have at most {longest} characters.")
        if _UNPRINTABLE.search(value):
            raise self.invalid(name, "It contains control characters.")
        return value

    def code(self, name: str) -> int | None:
        """Return a code of a table, sent as an integer or in digits; None for what is no code."""
        value = self.get(name)
        if isinstance(value, str) and _CODE.fullmatch(value):
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def words(self, name: str, longest: int) -> str | None:
        """Return a text as `text` does; None for what is none, so that a rule refuses it in its turn."""
        try:
            return self.text(name, longest)
        except InvalidParameter:
            return None

    def amount(self, name: str) -> Decimal:
        """Return an amount of money or points with two places, zero when it is missing; never below zero."""
        value = self._number(name)
        if value < 0 or not rounding.is_exact(value):
            raise self.invalid(name, f"It must be from 0.00 to {rounding.LARGEST}, with at most two places.")
        return abs(value.quantize(rounding.PLACES))

    def quantity(self, name: str) -> Decimal:
        """Return a quantity above zero with at most three places, 1 when it is missing."""
        value = self._number(name, default=Decimal(1))
        if not 0 < value <= LARGEST_QUANTITY or value != value.quantize(THOUSANDTHS):
            raise self.invalid(name, f"It must be above 0, at most {LARGEST_QUANTITY}, with at most three places.")
        return value

    def positive_amount(self, name: str) -> Decimal | None:
        """Return an amount above zero with two places, None when it is missing."""
        if self.get(name) is None:
            return None
        value = self.amount(name)
        if not value:
            raise self.invalid(name, "It must be above zero.")
        return value

    def identity(self, name: str) -> UUID | None:
        """Return an id that we gave out, None when it is missing."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not _IDENTITY.fullmatch(value):
            raise self.invalid(name, "It is not an id that was given out here.")
        return UUID(value)

    def items(self, name: str, most: int) -> list[Any]:
        """Return a list of at most `most` items, empty when it is missing."""
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.invalid(name, "It must be a list.")
        if len(value) > most:
            raise self.invalid(name, f"It may have at most {most} items.")
        return value

    def objects(self, name: str, most: int) -> list["Parameters"]:
        """Return a list of objects, each with its place in its path."""
        listed = self.items(name, most)
        if not all(isinstance(each, dict) for each in listed):
            raise self.invalid(name, "Each item must be an object.")
        return [Parameters(each.items(), f"{self._path}{name}[{index}].") for index, each in enumerate(listed)]

    def flag(self, name: str) -> bool:
        """Return true or false, false when it is missing."""
        value = self.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self.invalid(name, "It must be true or false.")
        return value

    def invalid(self, name: str, text: str) -> InvalidParameter:
        """Return the refusal of one parameter."""
        return InvalidParameter(text, name=self._path + name)

    def _number(self, name: str, default: Decimal = rounding.ZERO) -> Decimal:
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
            return Decimal(value)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            number = Decimal(value)
            if number.is_finite():
                return number
        raise self.invalid(name, "It must be a number.")


def refuse_missing(names: list[str]) -> None:
    """Raise RequiredParameterMissing when there are names; its text is the names, comma-separated."""
    if names:
        raise RequiredParameterMissing(", ".join(names), names=names)
