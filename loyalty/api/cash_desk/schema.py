"""What the OpenAPI page says of every call of the cash desk: the envelope, its Keys, the failures outside it."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

CARDS = "Cash desk: cards"
PURCHASES = "Cash desk: purchases"
Schema = dict[str, Any]

NUMBER = "2990000000015"
PHONE = "+79001234567"
REQUIRED = "RequiredParameterNotSpecified"
TEXT: Schema = {"type": "string"}
MONEY: Schema = {"type": "number", "description": "Two places."}
_FAILURES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    429: "TooManyRequests",
    503: "Busy",
}
_BODY_FAILURES = {**_FAILURES, 413: "TooLarge"}
_OK: Schema = {"Status": True, "Key": "OK", "Value": ""}


def record(properties: Schema, required: list[str] | None = None) -> Schema:
    """Return the schema of an object; every property is required unless `required` says which are."""
    return {"type": "object", "properties": properties, "required": required or list(properties)}


def _envelope(status: bool, keys: list[str]) -> Schema:
    return {
        "Status": {"type": "boolean", "enum": [status]},
        "Key": {"type": "string", "enum": keys},
        "Value": {"type": "string", "description": "The error text; empty on success."},
    }


def answers(keys: list[str], fields: Schema, example: Schema, *, body: bool = False) -> dict[int, OpenApiResponse]:
    """Return the answers of a call: its Keys besides OK, its own fields, an example of those; `body`: it takes one."""
    answer = {"oneOf": [record(_envelope(True, ["OK"]) | fields), record(_envelope(False, keys))]}
    refusal = {"Status": False, "Key": keys[0], "Value": "What is wrong, in words."}
    found = {
        200: OpenApiResponse(
            answer,
            "Every business answer.",
            [OpenApiExample("Success", {**_OK, **example}), OpenApiExample("Refusal", refusal)],
        ),
        400: _failure("InvalidRequest"),
    }
    return found | {status: _failure(key) for status, key in (_BODY_FAILURES if body else _FAILURES).items()}


def _failure(key: str) -> OpenApiResponse:
    return OpenApiResponse(record(_envelope(False, [key])), f"`{key}`, in the envelope.")


def in_path(name: str, text: str, sample: str) -> OpenApiParameter:
    """Return a parameter of the address."""
    return OpenApiParameter(name, str, OpenApiParameter.PATH, description=text, examples=[example(sample)])


def example(value: str) -> OpenApiExample:
    """Return an example of a parameter."""
    return OpenApiExample("Example", value)
