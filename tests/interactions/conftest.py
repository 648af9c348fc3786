"""Calls of both surfaces, and the log as it stands after each."""

from collections.abc import Callable
from typing import Any

import pytest

from loyalty.api import interaction_backlog
from loyalty.core import actors
from loyalty.models import ApiClient, Interaction
from loyalty.services import api_clients
from tests.api.cash_desk.desk import Desk
from tests.api.koshelek.conftest import Wallet

Logged = Callable[[], list[Interaction]]


@pytest.fixture
def till(db: None) -> Desk:
    return Desk.with_role("till")


@pytest.fixture
def wallet(db: None) -> Wallet:
    return Wallet()


@pytest.fixture
def logged() -> Logged:
    """Write what waits, and return the whole log, oldest first."""

    def read() -> list[Interaction]:
        interaction_backlog.flush()
        return list(Interaction.objects.order_by("id"))

    return read


@pytest.fixture
def in_full() -> Callable[..., None]:
    """Switch full logging on for whoever calls."""

    def switch(caller: Any, hours: int = 24) -> None:
        client = ApiClient.objects.get(login=caller.login)
        api_clients.log_in_full(actors.system("test"), client.pk, hours=hours)

    return switch


@pytest.fixture
def receipt() -> Callable[..., dict[str, Any]]:
    """The body of a purchase."""
    from loyalty.core import clock

    def body(number: str, purchase_id: str = "R-1", **fields: Any) -> dict[str, Any]:
        whole = {
            "PurchaseId": purchase_id,
            "Number": number,
            "Date": clock.now().isoformat(),
            "Store": "0001",
            "Till": "7",
            "Cashier": "Vera Petrova",
            "Amount": "100.00",
        }
        return whole | fields

    return body
