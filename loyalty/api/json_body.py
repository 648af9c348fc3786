"""Reading JSON strictly and writing it fast. Amounts never pass through a float."""

import json
from decimal import Decimal
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from loyalty.core.errors import LoyaltyError

DEEPEST = 20


class MalformedJson(LoyaltyError):
    code = "MalformedJson"
    message = "The body is not a JSON object."


class _TooDeep(ValueError):
    pass


def read_object(request: Request, largest: int | None = None) -> dict[str, Any]:
    """Return the body as a dict; numbers with a point are Decimal. Raises MalformedJson.

    Refused: anything but one object in UTF-8, a name given twice, NaN and Infinity, nesting beyond 20 levels.
    A body over `largest` bytes, settings.DATA_UPLOAD_MAX_MEMORY_SIZE unless given, raises Django's RequestDataTooBig.
    """
    body = request._request.body if largest is None else _read_larger(request, largest)
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique_names,
        )
        _measure(value, 0)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise MalformedJson(f"The body is not a JSON object: {_reason(error)}.") from None
    if not isinstance(value, dict):
        raise MalformedJson()
    return value


def _read_larger(request: Request, largest: int) -> bytes:
    """Return a body that may be larger than those of other calls; Django has one limit for all of them."""
    raw: Any = request._request
    if int(raw.META.get("CONTENT_LENGTH") or 0) > largest:
        raise RequestDataTooBig()
    raw._body = raw.read(largest + 1)
    if len(raw._body) > largest:
        raise RequestDataTooBig()
    return bytes(raw._body)


def amount(value: Decimal) -> orjson.Fragment:
    """Return a JSON number with two places, written from the decimal itself."""
    return orjson.Fragment(f"{value:.2f}".encode())


class JsonRenderer(BaseRenderer):
    """JSON in UTF-8; None is an empty body. The header is `application/json; charset=utf-8`, to the letter."""

    media_type = "application/json"
    format = "json"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """Return the body."""
        return b"" if data is None else orjson.dumps(data, default=str)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:40]!r} is given twice")
        found[name] = value
    return found


def _measure(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise _TooDeep("it is nested too deeply")
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            _measure(each, depth + 1)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return str(error)[:120] or "it cannot be read"
