"""What the OpenAPI page says of purchases (specs/cash_desk.md, Purchases)."""

from drf_spectacular.utils import OpenApiExample, extend_schema

from loyalty.api.cash_desk.purchase_input import LONGEST, MOST_LINES
from loyalty.api.cash_desk.schema import MONEY, NUMBER, PURCHASES, REQUIRED, TEXT, Schema, answers, in_path, record
from loyalty.ledger.rounding import LARGEST


def _text(name: str) -> Schema:
    return {"type": "string", "maxLength": LONGEST[name]}


def _amount(text: str) -> Schema:
    bounded = {"type": "number", "minimum": 0, "maximum": float(LARGEST)}
    return {"oneOf": [bounded, {"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,2})?$"}], "description": text}


_LINE = record(
    {
        "Sku": _text("Sku"),
        "Name": _text("Name"),
        "Category": _text("Category"),
        "Quantity": {"type": "number", "minimum": 0.001, "description": "At most three places; 1 when missing."},
        "Price": _amount("The price of one."),
        "Amount": _amount("Of the line, after discounts."),
    },
    ["Amount"],
)
_SALE = record(
    {
        "PurchaseId": {**_text("PurchaseId"), "description": "The till's own id of the receipt."},
        "Number": {"type": "string", "description": "The card; this or MobileNumber is required."},
        "MobileNumber": {"type": "string", "description": "The contact's phone."},
        "Date": {"type": "string", "description": "ISO 8601; without offset in the retailer's zone."},
        "Store": _text("Store"),
        "Till": _text("Till"),
        "Cashier": _text("Cashier"),
        "Lines": {"type": "array", "items": _LINE, "maxItems": MOST_LINES},
        "Amount": _amount("Of the receipt, after discounts: the sum of the lines, when there are any."),
        "BonusesToPay": _amount("Bonuses that pay a part of the amount."),
        "Offline": {"type": "boolean", "description": "The till was offline: accrues, may not spend."},
    },
    ["PurchaseId", "Date", "Store", "Amount"],
)
_SALE_EXAMPLE: Schema = {
    "PurchaseId": "0001-2026-000123",
    "Number": NUMBER,
    "Date": "2026-03-02T12:30:00+03:00",
    "Store": "0001",
    "Till": "3",
    "Cashier": "Vera",
    "Lines": [
        {"Sku": "4600001", "Name": "Coffee", "Category": "Drinks", "Quantity": 2, "Price": 50.0, "Amount": 100.0}
    ],
    "Amount": 100.0,
    "BonusesToPay": 25.0,
}
_PURCHASE_KEYS = ["InvalidParameter", "CannotFindCardNumber", "CannotFindMobile", "StatusError"]
_CREDITED: Schema = {"Accrued": MONEY, "Paid": MONEY, "Balance": {**MONEY, "description": "What may be spent now."}}

add_purchase = extend_schema(
    operation_id="cash_desk_add_purchase",
    tags=[PURCHASES],
    request={"application/json": _SALE},
    examples=[OpenApiExample("Sale", _SALE_EXAMPLE, request_only=True)],
    responses=answers(
        [REQUIRED, *_PURCHASE_KEYS, "InsufficientBonuses", "OperationConflict", "LimitExceeded"],
        _CREDITED,
        {"Accrued": 75.0, "Paid": 25.0, "Balance": 75.0},
        body=True,
    ),
)

_STORED_LINE = record(
    {
        **dict.fromkeys(("Sku", "Name", "Category"), TEXT),
        **dict.fromkeys(("Quantity", "Price", "Amount", "Paid", "Accrued"), MONEY),
    }
)
_ACCRUAL = record(
    {
        "Amount": MONEY,
        "TypeCode": {"type": "string", "enum": ["0", "1"]},
        "TypeName": TEXT,
        "InEscrow": {"type": "boolean"},
        "MaturesAt": {"type": "string", "format": "date-time"},
        "ExpireDate": {"type": "string", "format": "date"},
    },
    ["Amount", "TypeCode", "TypeName", "InEscrow"],
)
_REDEMPTION = record({"Amount": MONEY, "ExpireDate": {"type": "string", "format": "date"}}, ["Amount"])
_STORED: Schema = {
    "PurchaseId": TEXT,
    "PurchaseStatus": {"type": "string", "enum": ["Completed", "Cancelled", "Refunded in full"]},
    **dict.fromkeys(("Number", "MobileNumber"), TEXT),
    **{name: {"type": "string", "format": "date-time"} for name in ("Date", "RecordedAt")},
    **dict.fromkeys(("Store", "Till", "Cashier"), TEXT),
    "Offline": {"type": "boolean"},
    **dict.fromkeys(("Amount", "Accrued", "Paid"), MONEY),
    "Lines": {"type": "array", "items": _STORED_LINE},
    "Accruals": {"type": "array", "items": _ACCRUAL},
    "Redemptions": {"type": "array", "items": _REDEMPTION},
    "Returns": {"type": "array", "items": {"type": "object"}},
}
show_purchase = extend_schema(
    operation_id="cash_desk_show_purchase",
    tags=[PURCHASES],
    parameters=[in_path("purchase_id", "The till's own id of the receipt.", "0001-2026-000123")],
    responses=answers(["CannotFindPurchase"], _STORED, {"PurchaseId": "0001-2026-000123", "Amount": 100.0}),
)
