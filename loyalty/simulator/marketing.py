"""What the retailer's marketers do in the simulated years: a few promotions, by the use cases of the back office."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.core import actors
from loyalty.services import code_orders, promotions

_MARKETER = actors.staff("simulated-marketer", "")
_REASON = "the plan of the year"
CODE = "POSTER2024"
"""A code for everybody, once each."""


def plan(zone: ZoneInfo) -> None:
    """Make the promotions and let them go live; their own dates begin and end them."""
    for terms in _promotions(zone):
        made = promotions.create_promotion(_MARKETER, terms, _REASON)
        promotions.go_live(_MARKETER, made.pk, _REASON)
        if terms.get("trigger") == "code":
            code_orders.add_shared_code(_MARKETER, made.pk, CODE, _REASON)


def _promotions(zone: ZoneInfo) -> list[dict[str, Any]]:
    def day(year: int, month: int, number: int = 1) -> datetime:
        return datetime(year, month, number, tzinfo=zone)

    return [
        {
            "name": "Points of a birthday, twice",
            "kind": "multiplier",
            "value": Decimal(2),
            "birthday_days": 3,
            "starts_at": day(2024, 2),
        },
        {
            "name": "December of presents",
            "kind": "multiplier",
            "value": Decimal(3),
            "categories": ["sport", "home"],
            "starts_at": day(2024, 12),
            "ends_at": day(2025, 1),
        },
        {
            "name": "Summer groceries",
            "kind": "percent",
            "value": Decimal(20),
            "categories": ["grocery"],
            "minimum_basket": Decimal(300),
            "starts_at": day(2025, 6),
            "ends_at": day(2025, 8),
        },
        {
            "name": "Points of the posters",
            "trigger": "code",
            "kind": "fixed",
            "value": Decimal(100),
            "escrow_days": 0,
            "starts_at": day(2024, 2),
        },
    ]
