"""What the wallet gets: our words turned into the partner's. Elementary fields are texts, absent ones are left out.

The serializers describe the answers for the page of the API; the functions write them.
"""
# ruff: noqa: N815 - the partner's own spelling

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.response import Response

from cards import barcodes
from cards.models import Barcode, Card
from cards.selectors import USABLE
from loyalty.selectors.wallet import CardPoints, DatedPoints, HistoryLine

CONTENT_TYPE = "application/json; charset=utf-8"


class Answer(Response):
    """An answer with the header of the contract, also when its body (None) is empty."""

    @property
    def rendered_content(self) -> Any:
        """Return the body; DRF drops the header of an empty one, the contract wants it."""
        content = super().rendered_content
        self["Content-Type"] = CONTENT_TYPE
        self["Cache-Control"] = "no-store"
        return content


class BarcodeAnswer(serializers.Serializer[Any]):
    barcodeNumber = serializers.CharField()
    barcodeType = serializers.ChoiceField(Barcode.choices)


class CardFields(serializers.Serializer[Any]):
    cardNumber = serializers.CharField()
    cardState = serializers.ChoiceField(["active", "inactive"], help_text="`active`: Issued or Active.")
    barcode = BarcodeAnswer()


class CardAnswer(serializers.Serializer[Any]):
    card = CardFields()


class DatedBonus(serializers.Serializer[Any]):
    description = serializers.CharField(help_text="Says whether the points can be spent or are in escrow.")
    amount = serializers.CharField(help_text="Points with two decimals.")
    validUntil = serializers.DateField(
        required=False, help_text="Last valid day; the day escrow ends; left out when points never expire."
    )


class Bonus(serializers.Serializer[Any]):
    total = serializers.CharField(help_text="Spendable points and points in escrow.")
    available = serializers.CharField(help_text="What can be spent now; `0.00` while the card is blocked.")
    bonuses = DatedBonus(many=True)


class CardPointsFields(CardFields):
    bonus = Bonus()


class CardPointsAnswer(serializers.Serializer[Any]):
    card = CardPointsFields()


class PurchaseLineAnswer(serializers.Serializer[Any]):
    date = serializers.DateField()
    item = serializers.CharField(required=False, help_text="Name, else SKU; left out when the till sent neither.")
    amount = serializers.CharField(help_text="The line after discounts, before bonuses paid, in kopecks.")
    quantity = serializers.CharField()
    location = serializers.CharField(help_text="The store.")
    bonuses = serializers.CharField(help_text="Points earned by the line, with two decimals.")


class ErrorAnswer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="See the table of codes.")
    description = serializers.CharField()


def card(held: Card) -> dict[str, Any]:
    """Return the body of calls 1, 6 and 8."""
    return {"card": _card(held.number, held.status, held.series.barcode)}


def card_points(found: CardPoints) -> dict[str, Any]:
    """Return the body of call 3."""
    bonus = {
        "total": _points(found.total),
        "available": _points(found.available),
        "bonuses": [_dated(points) for points in found.dated],
    }
    return {"card": _card(found.card.number, found.card.status, found.card.barcode) | {"bonus": bonus}}


def history(lines: Iterable[HistoryLine]) -> list[dict[str, str]]:
    """Return the body of call 5."""
    return [_line(line) for line in lines]


def _card(number: str, status: int, barcode: str) -> dict[str, Any]:
    return {
        "cardNumber": number,
        "cardState": card_state(status),
        "barcode": {"barcodeNumber": number, "barcodeType": barcodes.kind_of(barcode, number)},
    }


def card_state(status: int) -> str:
    """Return a card's state in the wallet's words."""
    return "active" if status in USABLE else "inactive"


def _dated(points: DatedPoints) -> dict[str, str]:
    day = points.day.isoformat() if points.day else ""
    if points.mature:
        description = f"Can be spent, valid until {day}" if day else "Can be spent, valid without end"
    else:
        description = f"In escrow until {day}, can be spent after that"
    shown = {"description": description, "amount": _points(points.amount), "validUntil": day}
    return {name: value for name, value in shown.items() if value}


def _line(line: HistoryLine) -> dict[str, str]:
    shown = {
        "date": line.day.isoformat(),
        "item": line.item,
        "amount": f"{line.amount * 100:.0f}",
        "quantity": f"{line.quantity.normalize():f}",
        "location": line.location,
        "bonuses": _points(line.earned),
    }
    return {name: value for name, value in shown.items() if value}


def _points(amount: Decimal) -> str:
    return f"{amount:.2f}"
