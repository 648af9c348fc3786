"""What the OpenAPI page says of returns, holds and batches (specs/cash_desk.md, Purchases, Settled points)."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema

from loyalty.api.cash_desk import purchase_schema
from loyalty.api.cash_desk.purchase_input import MOST_LINES
from loyalty.api.cash_desk.schema import MONEY, NUMBER, PURCHASES, REQUIRED, TEXT, Schema, answers, record
from loyalty.services.batches import LARGEST_BATCH

_RECEIPT, _HOLD = "0001-2026-000123", "5b0ad3c8-6a0e-4a52-9d1b-0f4b8d0c7e11"
_BALANCE: Schema = {**MONEY, "description": "What may be spent now."}
_HOLD_ID: Schema = {"type": "string", "format": "uuid", "description": "As `hold` answered it."}
_RETURNED: Schema = {"TakenBack": MONEY, "Restored": MONEY, "Balance": _BALANCE}
_RETURNED_EXAMPLE: Schema = {"TakenBack": 75.0, "Restored": 25.0, "Balance": 100.0}


def _call(name: str, request: Schema, sample: Schema, responses: Any) -> Any:
    return extend_schema(
        operation_id=f"cash_desk_{name}",
        tags=[PURCHASES],
        request={"application/json": request},
        examples=[OpenApiExample("Call", sample, request_only=True)],
        responses=responses,
    )


cancel_purchase = _call(
    "cancel_purchase",
    record({"PurchaseId": purchase_schema.text("PurchaseId")}),
    {"PurchaseId": _RECEIPT},
    answers(
        [REQUIRED, "InvalidParameter", "CannotFindPurchase", "StatusError"], _RETURNED, _RETURNED_EXAMPLE, body=True
    ),
)
_GOODS = record(
    {
        "Sku": purchase_schema.text("Sku"),
        "Quantity": {"type": "number", "minimum": 0.001, "description": "Pieces; this, Amount or both."},
        "Amount": purchase_schema.amount(
            "Money; without it the pieces' part of what is left of their line. 0.00 for goods that were given away."
        ),
    },
    ["Sku"],
)
refund_purchase = _call(
    "refund_purchase",
    record(
        {
            "PurchaseId": purchase_schema.text("PurchaseId"),
            "RefundId": {**purchase_schema.text("RefundId"), "description": "The till's own id of the refund."},
            "Lines": {"type": "array", "items": _GOODS, "maxItems": MOST_LINES},
            "Amount": purchase_schema.amount(
                "Without Lines: money, spread over all that is left. With them: their sum."
            ),
        },
        ["PurchaseId", "RefundId"],
    ),
    {"PurchaseId": _RECEIPT, "RefundId": "R-17", "Lines": [{"Sku": "4600001", "Quantity": 1}]},
    answers(
        [
            REQUIRED,
            "InvalidParameter",
            "CannotFindPurchase",
            "StatusError",
            "RefundExceedsPurchase",
            "OperationConflict",
        ],
        _RETURNED,
        _RETURNED_EXAMPLE,
        body=True,
    ),
)

hold_bonuses = _call(
    "hold_bonuses",
    record(
        {
            "Number": {"type": "string", "description": "The card; this or MobileNumber is required."},
            "MobileNumber": {"type": "string", "description": "The contact's phone."},
            "PurchaseId": {**purchase_schema.text("PurchaseId"), "description": "The receipt to be; it has one hold."},
            "BonusesToPay": purchase_schema.amount("Bonuses to set aside, above zero."),
            "Amount": purchase_schema.amount("Of the receipt to be: bonuses pay at most their share of it."),
        },
        ["PurchaseId", "BonusesToPay", "Amount"],
    ),
    {"Number": NUMBER, "PurchaseId": _RECEIPT, "BonusesToPay": 25.0, "Amount": 100.0},
    answers(
        [REQUIRED, *purchase_schema.PURCHASE_KEYS, "InsufficientBonuses", "OperationConflict"],
        {"HoldId": TEXT, "Held": MONEY, "ExpiresAt": {"type": "string", "format": "date-time"}, "Balance": _BALANCE},
        {"HoldId": _HOLD, "Held": 25.0, "ExpiresAt": "2026-03-02T12:45:00+03:00", "Balance": 75.0},
        body=True,
    ),
)
capture_hold = _call(
    "capture_hold",
    record({"HoldId": _HOLD_ID, "Amount": purchase_schema.amount("A part of the hold; all when missing.")}, ["HoldId"]),
    {"HoldId": _HOLD, "Amount": 20.0},
    answers(
        [REQUIRED, "InvalidParameter", "StatusError", "InsufficientBonuses", "OperationConflict"],
        {"Captured": MONEY, "Balance": _BALANCE},
        {"Captured": 20.0, "Balance": 80.0},
        body=True,
    ),
)
void_hold = _call(
    "void_hold",
    record({"HoldId": _HOLD_ID}),
    {"HoldId": _HOLD},
    answers([REQUIRED, "InvalidParameter", "StatusError"], {"Balance": _BALANCE}, {"Balance": 100.0}, body=True),
)

_RESULT = record(
    {
        "PurchaseId": TEXT,
        "Status": {"type": "boolean"},
        "Key": {
            "type": "string",
            "description": "As `add` would answer it; `InvalidRequest`: a parameter of the item is given twice; "
            "`Busy`: send the item again.",
        },
        "Value": TEXT,
        "Accrued": MONEY,
        "Paid": MONEY,
    }
)
add_batch = _call(
    "add_batch",
    record({"Purchases": {"type": "array", "items": purchase_schema.SALE, "maxItems": LARGEST_BATCH}}),
    {"Purchases": [purchase_schema.SALE_EXAMPLE | {"BonusesToPay": 0, "Offline": True}]},
    answers(
        [REQUIRED, "InvalidParameter"],
        {"Results": {"type": "array", "items": _RESULT}},
        {
            "Results": [
                {"PurchaseId": _RECEIPT, "Status": True, "Key": "OK", "Value": "", "Accrued": 100.0, "Paid": 0.0}
            ]
        },
        body=True,
    ),
)
