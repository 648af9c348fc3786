"""What the page of the API says of each call. No behaviour here."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from loyalty.api import openapi
from loyalty.api.loyalty_data import choices, errors, parameters, schema

TAG = "Loyalty data"

openapi.describe(
    TAG,
    f"""Finds a customer and reads points and tiers. Read-only. Amounts are numbers, times are UTC, every id is stable.
The credential's log-in is the `api_key` of the address; send HTTP Basic with `api_key:secret`.

### Fields of `user` that need a word
`available_points`: spendable points, with those in escrow where the retailer's settings say so · `tier_points`:
balance of the tier-qualifying account in the running year · `tier_ends_value`: target of the next tier ·
`next_tier_points`: what is missing to it · `tier_entered_at`, `tier_resets_at`:
when the tier was joined and when it expires (null: never).

### Error codes
{errors.as_markdown()}

### Own choices
{choices.as_markdown()}
""",
)

_USER = {
    "id": "6cb9eee8-4a90-11e9-b863-0242ac11000c",
    "external_id": "ZTEST002",
    "available_points": 2000,
    "email": "ztest002@example.com",
    "tier": "SILVER",
    "tier_system": "ACME Tier System",
    "tier_points": 2000,
    "next_tier_points": 8000,
    "tier_ends_value": 10000,
    "tier_entered_at": "2019-03-22 18:12:02",
    "tier_resets_at": "2020-03-21 18:12:02",
}


def _flag(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, bool, description=description)


_FLAGS = [
    _flag(parameters.PROFILE, "Custom attributes, contact code, consents."),
    _flag(parameters.INCENTIVES, "Points and tiers."),
    _flag(parameters.IDENTIFIERS, "External ids with types, together with the profile flag."),
]
_KEY_TEXTS = {
    "email": "Capitals do not matter.",
    "external_id": "The retailer's own id.",
    "mobile_number": "International, with or without `+`.",
}
_KEYS = [OpenApiParameter(name, str, description=_KEY_TEXTS[name]) for name in parameters.KEYS]


def _documented(operation: str, summary: str, path: list[str], more: list[OpenApiParameter]) -> Any:
    route = [OpenApiParameter(name, str, OpenApiParameter.PATH) for name in ["api_key", *path]]
    answer = OpenApiResponse(
        schema.UserFound, "The customer.", [OpenApiExample("Excerpt", {"status": "ok", "user": _USER})]
    )
    refusals = {
        status: OpenApiResponse(
            schema.LoyaltyDataRefusal, ", ".join(row.code for row in errors.TABLE if row.status == status)
        )
        for status in sorted({row.status for row in errors.TABLE} - {403, 405, 500})
    }
    return extend_schema(
        operation_id=f"loyalty_data_{operation}",
        tags=[TAG],
        summary=summary,
        parameters=[*route, *more, *_FLAGS],
        responses={200: answer} | refusals,
    )


search = _documented("search", "Find a customer by e-mail, external id or mobile number", [], _KEYS)
by_id = _documented("user", "A customer by id", ["user_id"], [])
by_external_id = _documented("external_user", "A customer by external id", ["external_id"], [])
undocumented = extend_schema(exclude=True)
