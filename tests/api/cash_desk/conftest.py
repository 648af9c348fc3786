"""A cash desk with a credential for any role, and the cards it meets."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from cards.models import Card
from loyalty.core import clock
from loyalty.ledger import invariants
from loyalty.models import Program
from tests.api.cash_desk.desk import Desk
from tests.conftest import MovingClock
from tests.factories import CardFactory

Sell = Callable[..., dict[str, Any]]


@pytest.fixture
def desk() -> Callable[[str], Desk]:
    """A desk with a new credential of a role."""
    return Desk.with_role


@pytest.fixture
def till() -> Desk:
    return Desk.with_role("till")


@pytest.fixture
def receipt() -> Callable[..., dict[str, Any]]:
    """The body of a purchase of 100.00 by a card, with whatever a test changes."""

    def body(number: str = "", purchase_id: str = "R-1", at: datetime | None = None, **fields: Any) -> dict[str, Any]:
        whole = {
            "PurchaseId": purchase_id,
            "Number": number,
            "Date": (at or clock.now()).isoformat(),
            "Store": "0001",
            "Amount": "100.00",
        } | fields
        return {name: value for name, value in whole.items() if value is not ...}

    return body


@pytest.fixture
def settings_of_retailer() -> Callable[..., None]:
    """Change the retailer's settings."""

    def change(**settings: Any) -> None:
        Program.objects.filter(pk=1).update(**settings)

    return change


@pytest.fixture
def warm_credential(settings: Any) -> Callable[[Desk], None]:
    """Have the process remember credentials as in production, so that a budget counts the call alone."""
    settings.API_CREDENTIAL_CACHE_SECONDS = 30

    def warm(desk: Desk) -> None:
        desk.get("card/balance/by/hello")

    return warm


@pytest.fixture
def laws_hold(db: None) -> Iterator[None]:
    """After the test every law of the ledger holds."""
    yield
    assert not [law for law in invariants.check() if law.broken]


@pytest.fixture
def rich_card(till: Desk, receipt: Callable[..., dict[str, Any]], story_clock: MovingClock) -> Card:
    """A card with 100.00 to spend."""
    card = CardFactory(created_at=story_clock.moment - timedelta(days=60))
    till.post("purchase/add", receipt(card.number, "R-0", at=story_clock.moment - timedelta(days=31)))
    return card
