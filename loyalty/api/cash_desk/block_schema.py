"""What the OpenAPI page says of block and unblock (specs/cash_desk.md, Methods, Code tables)."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema

from cards.blocking import BLOCK_NAMES, UNBLOCK_NAMES
from loyalty.api.cash_desk.schema import CARDS, NUMBER, PHONE, REQUIRED, Schema, answers, record
from loyalty.services.blocking import LONGEST_NAME

_KEYS = [REQUIRED, "CannotFindMobile", "InvalidMobileNumber", "CannotFindCardNumber", "InvalidCardNumber"]


def _request(prefix: str, names: Mapping[Any, str]) -> Schema:
    codes = [reason.value for reason in names]
    text = "; ".join(f"{reason.value} {name}" for reason, name in names.items())
    return record(
        {
            "Number": {"type": "string", "description": "The card; this or ContactMobileNumber is required."},
            "ContactMobileNumber": {
                "type": "string",
                "description": "The holder's phone; a client credential always sends it.",
            },
            f"{prefix}ReasonCode": {
                "oneOf": [
                    {"type": "integer", "enum": codes},
                    {"type": "string", "enum": [str(code) for code in codes]},
                ],
                "description": text,
            },
            f"{prefix}ReasonName": {"type": "string", "maxLength": LONGEST_NAME, "description": "The caller's words."},
        },
        [f"{prefix}ReasonCode"],
    )


def _describe(operation: str, prefix: str, names: Mapping[Any, str], reason: IntEnum) -> Any:
    sample = {"Number": NUMBER, "ContactMobileNumber": PHONE, f"{prefix}ReasonCode": str(reason.value)}
    return extend_schema(
        operation_id=operation,
        tags=[CARDS],
        request={"application/json": _request(prefix, names)},
        examples=[OpenApiExample("Reason", sample | {f"{prefix}ReasonName": names[reason]}, request_only=True)],
        responses=answers([*_KEYS, f"{prefix}ReasonError", "StatusError"], {}, {}, body=True),
    )


block = _describe("cash_desk_block", "Block", BLOCK_NAMES, next(iter(BLOCK_NAMES)))
unblock = _describe("cash_desk_unblock", "UnBlock", UNBLOCK_NAMES, next(iter(UNBLOCK_NAMES)))
