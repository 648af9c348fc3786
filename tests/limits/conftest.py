"""A shop whose administrator sets limits."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cards.models import Card
from loyalty.core import actors, clock
from loyalty.models import Limit
from loyalty.services import limits, purchases
from loyalty.services.purchases import Credited, Sale
from tests.factories import CardFactory

ADMIN = actors.staff("root", "administrator")
TILL = actors.client("till-1", "till", "cash_desk")

SetLimit = Callable[..., Limit]


def set_limit(scope: str, what: str, measure: str, *, soft: Any = None, hard: Any = None) -> Limit:
    """Set the bounds of one of the twelve limits."""
    bounds = {name: None if value is None else Decimal(value) for name, value in (("soft", soft), ("hard", hard))}
    limit = Limit.objects.get(scope=scope, what=what, measure=measure)
    return limits.set_bounds(ADMIN, limit.pk, **bounds, reason="a test")  # type: ignore[arg-type]


def buy(card: Card, receipt: str, *, amount: Any = 100, bonuses: Any = 0, **given: Any) -> Credited:
    """A receipt from a till, 100.00 unless said otherwise."""
    values = {"till": "7", "cashier": "Vera", "purchased_at": clock.now(), "actor": TILL} | given
    actor = values.pop("actor")
    sale = Sale(
        purchase_id=receipt,
        number=card.number,
        phone="",
        store="0001",
        amount=Decimal(amount),
        bonuses_to_pay=Decimal(bonuses),
        **values,  # type: ignore[arg-type]
    )
    return purchases.add_purchase(actor, sale)


def rich_card(name: str) -> Card:
    """A card whose holder has 500 points to spend."""
    from datetime import timedelta

    card = CardFactory(created_at=clock.now() - timedelta(days=60))
    buy(card, f"rich-{name}", amount=500, purchased_at=clock.now() - timedelta(days=31), till="office", cashier="Boss")
    return card


@pytest.fixture
def card(db: None, story_clock: Any) -> Card:
    return rich_card("first")
