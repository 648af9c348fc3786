"""Every race ends with books in which all laws hold, unless its protection was taken away on purpose."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from cards.models import Card
from loyalty.core import actors, clock
from loyalty.services import books, points, purchases
from loyalty.services.purchases import Sale
from tests.factories import CardFactory

TILL = actors.client("till-1", "till", "cash_desk")
JOB = actors.system(points.ROLLOVER)


def sale(card: Card, receipt: str, *, bonuses: int = 0, amount: int = 1000, days_ago: float = 0) -> Sale:
    """A receipt of one line."""
    return Sale(
        receipt,
        card.number,
        "",
        clock.now() - timedelta(days=days_ago),
        "0001",
        Decimal(amount),
        bonuses_to_pay=Decimal(bonuses),
    )


def buy(card: Card, receipt: str, **given: float) -> purchases.Credited:
    """Send a receipt from a till."""
    return purchases.add_purchase(TILL, sale(card, receipt, **given))  # type: ignore[arg-type]


@pytest.fixture
def rich(transactional_db: None) -> Card:
    """A card whose holder has 100 spendable points, landed."""
    card = CardFactory()
    buy(card, "rich", amount=100, days_ago=31)
    return card


@pytest.fixture(autouse=True)
def _laws(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[None]:
    yield
    if "negative_control" not in request.keywords:
        assert [finding for finding in books.verify() if finding.broken] == []
