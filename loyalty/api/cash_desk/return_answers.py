"""Returns and holds in the words of the cash desk (specs/cash_desk.md, Purchases, Settled points)."""

from decimal import Decimal
from typing import Any

from loyalty.api.json_body import amount
from loyalty.services.refunds import Returned


def returned(answer: Returned) -> dict[str, Any]:
    """Return the fields of `POST /purchase/cancel` and `POST /purchase/refund`."""
    return {
        "TakenBack": amount(answer.taken_back),
        "Restored": amount(answer.restored),
        "Balance": amount(answer.balance),
    }


def held(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of `POST /purchase/hold`."""
    return {
        "HoldId": answer["hold_id"],
        "Held": _amount(answer["held"]),
        "ExpiresAt": answer["ends_at"],
        "Balance": _amount(answer["balance"]),
    }


def captured(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of `POST /purchase/capture`."""
    return {"Captured": _amount(answer["captured"]), "Balance": _amount(answer["balance"])}


def voided(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of `POST /purchase/void`."""
    return {"Balance": _amount(answer["balance"])}


def _amount(text: str) -> Any:
    return amount(Decimal(text))
