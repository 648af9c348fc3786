"""What the OpenAPI page says of purchases (specs/cash_desk.md, Purchases)."""

from drf_spectacular.utils import OpenApiExample, extend_schema

from loyalty.api.cash_desk.purchase_input import LONGEST, MOST_LINES
from loyalty.api.cash_desk.schema import MONEY, NUMBER, PURCHASES, REQUIRED, TEXT, Schema, answers, in_path, record
from loyalty.ledger.rounding import LARGEST


def text(name: str) -> Schema:
    """Return the schema of a text, bounded as its column is."""
    return {"type": "string", "maxLength": LONGEST[name]}


def amount(meaning: str) -> Schema:
    """Return the schema of an amount in a request."""
    bounded = {"type": "number", "minimum": 0, "maximum": float(LARGEST)}
    return {"oneOf": [bounded, {"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,2})?$"}], "description": meaning}


_LINE = record(
    {
        "Sku": text("Sku"),
        "Name": text("Name"),
        "Category": text("Category"),
        "Quantity": {"type": "number", "minimum": 0.001, "description": "At most three places; 1 when missing."},
        "Price": amount("The price of one."),
        "Amount": amount("Of the line, after discounts."),
    },
    ["Amount"],
)
SALE = record(
    {
        "PurchaseId": {**text("PurchaseId"), "description": "The till's own id of the receipt."},
        "Number": {"type": "string", "description": "The card; this or MobileNumber is required."},
        "MobileNumber": {"type": "string", "description": "The contact's phone."},
        "Date": {"type": "string", "description": "ISO 8601; without offset in the retailer's zone."},
        "Store": text("Store"),
        "Till": text("Till"),
        "Cashier": text("Cashier"),
        "Lines": {"type": "array", "items": _LINE, "maxItems": MOST_LINES},
        "Amount": amount("Of the receipt, after discounts: the sum of the lines, when there are any."),
        "BonusesToPay": amount("Bonuses that pay a part of the amount."),
        "Offline": {"type": "boolean", "description": "The till was offline: accrues, may not spend."},
        "HoldId": {
            "type": "string",
            "format": "uuid",
            "description": "Bonuses held for this PurchaseId, captured with it: BonusesToPay of them, or all.",
        },
    },
    ["PurchaseId", "Date", "Store", "Amount"],
)
SALE_EXAMPLE: Schema = {
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
PURCHASE_KEYS = ["InvalidParameter", "CannotFindCardNumber", "CannotFindMobile", "StatusError"]
_CREDITED: Schema = {"Accrued": MONEY, "Paid": MONEY, "Balance": {**MONEY, "description": "What may be spent now."}}

add_purchase = extend_schema(
    operation_id="cash_desk_add_purchase",
    tags=[PURCHASES],
    request={"application/json": SALE},
    examples=[OpenApiExample("Sale", SALE_EXAMPLE, request_only=True)],
    responses=answers(
        [REQUIRED, *PURCHASE_KEYS, "InsufficientBonuses", "OperationConflict", "LimitExceeded"],
        _CREDITED,
        {"Accrued": 75.0, "Paid": 25.0, "Balance": 75.0},
        body=True,
    ),
)

_QUOTED = ("Number", "MobileNumber", "Date", "Store", "Lines", "Amount", "BonusesToPay")
_PROMOTION = record({"PromotionId": {"type": "integer"}, "Name": TEXT, "Points": MONEY})
quote_purchase = extend_schema(
    operation_id="cash_desk_quote_purchase",
    tags=[PURCHASES],
    request={"application/json": record({name: SALE["properties"][name] for name in _QUOTED}, ["Date", "Store"])},
    examples=[
        OpenApiExample(
            "Basket", {name: SALE_EXAMPLE[name] for name in _QUOTED if name in SALE_EXAMPLE}, request_only=True
        )
    ],
    responses=answers(
        [REQUIRED, *PURCHASE_KEYS, "InsufficientBonuses"],
        {
            "Accrue": {**MONEY, "description": "What `add` would accrue now."},
            "CanPay": {**MONEY, "description": "The most bonuses that may pay this basket."},
            "Promotions": {"type": "array", "items": _PROMOTION},
        },
        {"Accrue": 82.5, "CanPay": 50.0, "Promotions": [{"PromotionId": 7, "Name": "Coffee week", "Points": 7.5}]},
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
_RETURN = record(
    {
        "Kind": {"type": "string", "enum": ["Cancelled", "Refund"]},
        "RefundId": {"type": "string", "description": "Empty for a cancel."},
        "Date": {"type": "string", "format": "date-time"},
        **dict.fromkeys(("Amount", "TakenBack", "Restored"), MONEY),
        "Lines": {"type": "array", "items": record({"Sku": TEXT, "Quantity": MONEY, "Amount": MONEY})},
    }
)
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
    "Returns": {"type": "array", "items": _RETURN},
}
show_purchase = extend_schema(
    operation_id="cash_desk_show_purchase",
    tags=[PURCHASES],
    parameters=[in_path("purchase_id", "The till's own id of the receipt.", "0001-2026-000123")],
    responses=answers(["CannotFindPurchase"], _STORED, {"PurchaseId": "0001-2026-000123", "Amount": 100.0}),
)
