"""What the page of the API says of each call. No behaviour here."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from loyalty.api import openapi
from loyalty.api.koshelek import answers, choices, errors, serializers

TAG = "Koshelek wallet"

_DESCRIPTION = f"""The wallet app finds, issues and shows cards. Every answer carries the header
`Content-Type: {answers.CONTENT_TYPE}`, every elementary field of an answer is a text, and what is absent is left out.
200 is a success, 422 a refusal; the other codes belong to calls that never reached a rule.

### Error codes
{errors.as_markdown()}

### Own choices
{choices.as_markdown()}
"""

openapi.describe(TAG, _DESCRIPTION)

_CARD = {
    "cardNumber": "2990000000017",
    "cardState": "active",
    "barcode": {"barcodeNumber": "2990000000017", "barcodeType": "EAN_13"},
}
_POINTS = {
    "total": "2000.00",
    "available": "1200.00",
    "bonuses": [
        {"description": "Can be spent, valid until 2027-04-30", "amount": "1200.00", "validUntil": "2027-04-30"},
        {
            "description": "In escrow until 2026-04-11, can be spent after that",
            "amount": "800.00",
            "validUntil": "2026-04-11",
        },
    ],
}
_LINE = {
    "date": "2026-03-02",
    "item": "Coffee",
    "amount": "120000",
    "quantity": "1",
    "location": "Store 0001",
    "bonuses": "1200.00",
}
_OFFER = {
    "promotionId": "8a2f0c5e-51c8-4f1c-9a37-0d9d2b1f6a11",
    "title": "Coffee week",
    "description": "Twice the points for every coffee.",
    "imageUrl": "https://loyalty.example.com/offers/9f86d081884c7d65.png",
    "validFrom": "2026-03-02",
    "validUntil": "2026-03-08",
    "terms": "In every store, with your card.",
}
_PROFILE = {
    "phone": "79001234567",
    "params": [
        {"name": "tier", "value": "Silver"},
        {"name": "available", "value": "1200.00"},
        {"name": "cardNumber", "value": "2990000000017"},
    ],
}
_PERSON = {
    "phone": "79001234567",
    "email": "anna@example.com",
    "firstname": "Anna",
    "surname": "Orlova",
    "sex": "f",
    "birthDate": "1990-05-17",
    "countryCode": "RU",
    "locality": "Moscow",
}

_RECEIPT = {
    "msisdn": "79001234567",
    "qrCode": "t=20260118T1216&s=943.26&fn=9282000100072197&i=64318&fp=2918241905&n=1",
}

_NUMBER = OpenApiParameter("card_number", str, OpenApiParameter.PATH, description="The card's number.")


def _answer(form: Any, description: str, value: Any = None) -> OpenApiResponse:
    examples = [] if value is None else [OpenApiExample("Example", value)]
    return OpenApiResponse(form, description, examples)


def _documented(number: int, summary: str, success: OpenApiResponse, *, body: Any = None, **options: Any) -> Any:
    statuses = (401, 422, 429, 503) if body is None else (401, 413, 422, 429, 503)
    refusals = {
        status: OpenApiResponse(answers.ErrorAnswer, _status_text(status), _refusals(status)) for status in statuses
    }
    return extend_schema(
        operation_id=f"koshelek_{number}",
        tags=[TAG],
        summary=f"{number}. {summary}",
        request=body,
        responses={200: success} | refusals,
        **options,
    )


def _status_text(status: int) -> str:
    if status == 422:
        return "A refusal: one of the codes 1009 and above of the table."
    return "Codes: " + ", ".join(f"{row.code} {row.error}" for row in errors.TABLE if row.status == status)


def _refusals(status: int) -> list[OpenApiExample]:
    row = next(row for row in errors.TABLE if row.status == status and not row.detailed)
    return [OpenApiExample("Refusal", {"code": row.code, "description": row.description})]


_DONE = _answer(None, "Done. The body is empty.")

find = _documented(
    1,
    "Find the customer's card",
    _answer(answers.CardAnswer, "The card; an empty body when there is none.", {"card": _CARD}),
    parameters=[serializers.SearchQuery],
)
channels = _documented(
    2,
    "Allowed and denied channels",
    _DONE,
    body=serializers.Channels,
    parameters=[_NUMBER],
    examples=[OpenApiExample("Example", {"allow": ["sms", "email"], "deny": ["call"]}, request_only=True)],
)
balance = _documented(
    3,
    "Card with its balance",
    _answer(answers.CardPointsAnswer, "The card and its points.", {"card": _CARD | {"bonus": _POINTS}}),
    parameters=[_NUMBER],
)
update = _documented(
    4,
    "Update personal data",
    _DONE,
    body=serializers.Person,
    parameters=[_NUMBER],
    examples=[OpenApiExample("Example", {"email": "anna@example.com"}, request_only=True)],
)
history = _documented(
    5,
    "Purchase history",
    _answer(answers.PurchaseLineAnswer(many=True), "One element a line of a receipt, newest first.", [_LINE]),
    parameters=[_NUMBER, serializers.HistoryQuery],
)
reserve = _documented(
    6,
    "Reserve a free number",
    _answer(answers.CardAnswer, "The number held.", {"card": _CARD | {"cardState": "inactive"}}),
)
register = _documented(
    7,
    "Register a person on the reserved number",
    _DONE,
    body=serializers.NewHolder,
    parameters=[_NUMBER],
    examples=[OpenApiExample("Example", _PERSON, request_only=True)],
)
issue = _documented(
    8,
    "Issue a card without reserving",
    _answer(answers.CardAnswer, "The person's card.", {"card": _CARD}),
    body=serializers.NewHolder,
    examples=[OpenApiExample("Example", _PERSON, request_only=True)],
)
promotions = _documented(
    9,
    "Offers for a card",
    _answer(answers.OffersAnswer, "What ends soonest comes first.", {"promotions": [_OFFER]}),
    parameters=[_NUMBER],
)
phones = _documented(
    10,
    "Phones of the chosen audience",
    _answer({"type": "array", "items": {"type": "string"}}, "Digits of E.164 without `+`.", ["79001234567"]),
)
profiles = _documented(
    11,
    "Phones of the chosen audience with parameters",
    _answer(answers.ListedAnswer(many=True), "One element a person.", [_PROFILE]),
)
receipt = _documented(
    12,
    "Scanned cash receipt",
    _answer(None, "Accepted. The body is empty; the award is decided in the background."),
    body=serializers.ScannedReceipt,
    examples=[OpenApiExample("Example", _RECEIPT, request_only=True)],
)
promo_code = _documented(
    13,
    "Use a promo code that the customer typed",
    _answer(
        None, "Used: its points stand in the balance, to be spent now or when their escrow ends. The body is empty."
    ),
    body=serializers.PromoCode,
    examples=[
        OpenApiExample("Example", {"msisdn": "79001234567", "code": "NY26-P2C8-954T-2352"}, request_only=True),
        OpenApiExample("Shared", {"cardNumber": "2990000000017", "code": "SUMMER2026"}, request_only=True),
    ],
)
undocumented = extend_schema(exclude=True)
