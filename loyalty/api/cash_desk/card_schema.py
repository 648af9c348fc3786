"""What the OpenAPI page says of CardService (specs/cash_desk.md, Methods)."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from loyalty.api.cash_desk.schema import (
    CARDS,
    MONEY,
    NUMBER,
    PHONE,
    REQUIRED,
    TEXT,
    Schema,
    answers,
    example,
    in_path,
    record,
)

_BONUS = record(
    {
        "Amount": MONEY,
        "StatusCode": {"type": "string", "enum": ["0", "1", "2", "3", "4"]},
        "StatusName": TEXT,
        "ExpireDate": {"type": "string", "format": "date", "description": "The last day; with StatusCode 4 only."},
        "TypeCode": {"type": "string", "enum": ["0", "1"]},
        "TypeName": TEXT,
    },
    ["Amount", "StatusCode", "StatusName", "TypeCode", "TypeName"],
)
_BALANCE: Schema = {
    "Number": TEXT,
    "MobileNumber": {"type": "string", "description": "E.164 with +; empty while the card belongs to nobody."},
    "Code": {"type": "string", "description": "The contact's code."},
    "StatusCode": {"type": "string", "enum": ["0", "1", "2", "3"]},
    "StatusName": {"type": "string", "enum": ["New", "Issued", "Active", "Blocked"]},
    "Name": TEXT,
    "CategoryCode": {"type": "string", "enum": ["0", "1"]},
    "CategoryName": {"type": "string", "enum": ["Plastic", "Virtual"]},
    "TypeCode": {"type": "string", "enum": ["0", "1", "2"]},
    "TypeName": {"type": "string", "enum": ["Bonus", "Discount", "Bonus/Discount"]},
    "Bonuses": {"type": "array", "items": _BONUS},
}
_BALANCE_EXAMPLE: Schema = {
    "Number": NUMBER,
    "MobileNumber": PHONE,
    "Code": "C0000000014",
    "StatusCode": "2",
    "StatusName": "Active",
    "Name": "Petrova Anna",
    "CategoryCode": "1",
    "CategoryName": "Virtual",
    "TypeCode": "0",
    "TypeName": "Bonus",
    "Bonuses": [
        {"Amount": 100.0, "StatusCode": "0", "StatusName": "active", "TypeCode": "0", "TypeName": "cash"},
        {
            "Amount": 100.0,
            "StatusCode": "4",
            "StatusName": "with the nearest expiry date",
            "ExpireDate": "2027-04-30",
            "TypeCode": "0",
            "TypeName": "cash",
        },
    ],
}


def _number_in_query() -> OpenApiParameter:
    return OpenApiParameter("Number", str, OpenApiParameter.QUERY, required=True, examples=[example(NUMBER)])


balance = extend_schema(
    operation_id="cash_desk_balance",
    tags=[CARDS],
    parameters=[in_path("number", "A card number, or a contact code (C and digits).", NUMBER)],
    responses=answers(
        ["CannotFindCardNumber", "InvalidCardNumber", "CannotFindContactCode", "InvalidContactCode"],
        _BALANCE,
        _BALANCE_EXAMPLE,
    ),
)
balance_by_phone = extend_schema(
    operation_id="cash_desk_balance_by_phone",
    tags=[CARDS],
    parameters=[in_path("phone", "With or without +, blanks, dashes, brackets; or national, 8...", PHONE)],
    responses=answers(["CannotFindMobileNumber", "InvalidMobileNumber"], _BALANCE, _BALANCE_EXAMPLE),
)
issue = extend_schema(
    operation_id="cash_desk_issue",
    tags=[CARDS],
    parameters=[_number_in_query()],
    responses=answers([REQUIRED, "CardNumberCannotFind", "InvalidCardNumber", "StatusError"], {}, {}),
)
bind = extend_schema(
    operation_id="cash_desk_bind",
    tags=[CARDS],
    request={"application/json": record({"Number": TEXT, "MobileNumber": TEXT})},
    examples=[OpenApiExample("Bind", {"Number": NUMBER, "MobileNumber": PHONE}, request_only=True)],
    responses=answers(
        [
            REQUIRED,
            "CannotFindMobile",
            "InvalidMobileNumber",
            "CannotFindCardNumber",
            "InvalidCardNumber",
            "CardNumberBindToAnotherContact",
            "ContactBindToAnotherCardNumber",
            "StatusError",
        ],
        {},
        {},
        body=True,
    ),
)
activate = extend_schema(
    operation_id="cash_desk_activate",
    tags=[CARDS],
    parameters=[_number_in_query()],
    responses=answers([REQUIRED, "CannotFindCardNumber", "InvalidCardNumber", "StatusError"], {}, {}),
)
