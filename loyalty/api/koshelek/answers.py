"""What the wallet gets: our words turned into the partner's. Elementary fields are texts, absent ones are left out.

The serializers describe the answers for the page of the API; the functions write them.
"""
# ruff: noqa: N815 - the partner's own spelling

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import orjson
import structlog
from django.http import StreamingHttpResponse
from rest_framework import serializers
from rest_framework.response import Response

from cards import barcodes
from cards.models import Barcode, Card
from cards.selectors import USABLE
from loyalty.selectors.offers import Offer
from loyalty.selectors.wallet import CardPoints, DatedPoints, HistoryLine
from loyalty.selectors.wallet_lists import Listed
from loyalty.services.wallet_lists import Stream

log = structlog.get_logger(__name__)

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


class ListAnswer(StreamingHttpResponse):
    """A JSON array that is written while it is read: nobody ever holds all of it."""

    def __init__(self, stream: Stream[Any], write: Callable[[Any], bytes]) -> None:
        super().__init__(_array(stream, write), content_type=CONTENT_TYPE)
        # Also when the caller is gone before the first part was sent.
        self._resource_closers.append(stream.close)  # type: ignore[attr-defined]
        self["Cache-Control"] = "no-store"


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
    amount = serializers.CharField(
        help_text="The line after discounts, before bonuses paid, in kopecks. Negative: it came back."
    )
    quantity = serializers.CharField(help_text="Pieces or kilograms. Negative: they came back.")
    location = serializers.CharField(help_text="The store.")
    bonuses = serializers.CharField(help_text="Points earned by the line, with two decimals; negative: taken back.")


class OfferFields(serializers.Serializer[Any]):
    promotionId = serializers.UUIDField()
    title = serializers.CharField()
    description = serializers.CharField(required=False)
    imageUrl = serializers.URLField(required=False, help_text="PNG, JPEG or WebP; may be kept for ever.")
    validFrom = serializers.DateField(help_text="The first day.")
    validUntil = serializers.DateField(required=False, help_text="The last day; left out when there is no end.")
    terms = serializers.CharField(required=False, help_text="Conditions, with line breaks.")


class OffersAnswer(serializers.Serializer[Any]):
    promotions = OfferFields(many=True)


class ParameterAnswer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(["tier", "available", "cardNumber"])
    value = serializers.CharField()


class ListedAnswer(serializers.Serializer[Any]):
    phone = serializers.CharField(help_text="Digits of E.164 without `+`.")
    params = ParameterAnswer(many=True)


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


def offers(found: Iterable[Offer], address_of: Callable[[str], str]) -> dict[str, Any]:
    """Return the body of call 9; `address_of` makes a picture's name a whole address."""
    return {"promotions": [_offer(offer, address_of) for offer in found]}


def phones(part: Iterable[str]) -> bytes:
    """Return a part of the body of call 10, without the brackets around the whole."""
    return orjson.dumps(part)[1:-1]


def profiles(part: Iterable[Listed]) -> bytes:
    """Return a part of the body of call 11, without the brackets around the whole."""
    return orjson.dumps([_profile(listed) for listed in part])[1:-1]


def _offer(offer: Offer, address_of: Callable[[str], str]) -> dict[str, str]:
    shown = {
        "promotionId": str(offer.public_id),
        "title": offer.title,
        "description": offer.description,
        "imageUrl": address_of(offer.image) if offer.image else "",
        "validFrom": offer.first_day.isoformat(),
        "validUntil": offer.last_day.isoformat() if offer.last_day else "",
        "terms": offer.conditions,
    }
    return {name: value for name, value in shown.items() if value}


def _profile(listed: Listed) -> dict[str, Any]:
    params = {"tier": listed.tier, "available": _points(listed.available), "cardNumber": listed.card_number}
    return {
        "phone": listed.phone,
        "params": [{"name": name, "value": value} for name, value in params.items() if value],
    }


def _array(stream: Stream[Any], write: Callable[[Any], bytes]) -> Iterator[bytes]:
    opening = b"["
    try:
        for part in stream:
            yield opening + write(part)
            opening = b","
        yield b"[]" if opening == b"[" else b"]"
    except Exception as error:
        # The status has been sent: all that is left is to break off, so that nobody takes a part for the whole.
        log.error("wallet_list_broken", error=type(error).__name__)
        raise
    finally:
        stream.close()


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
