"""The wallet app as a caller: real HTTP through Django's test client, with a real credential."""

import base64
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cards.models import Card
from customers.models import Contact
from loyalty.core import actors, clock
from loyalty.services import api_clients, purchases
from promos.basket import Line

CONTENT_TYPE = "application/json; charset=utf-8"
ANNA = {"phone": "79001234567", "firstname": "Anna", "surname": "Orlova", "birthDate": "1990-05-17"}


def basic(login: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{secret}".encode()).decode()


class Reply:
    """An answer whose header and shape were checked already."""

    def __init__(self, response: Any) -> None:
        self.status = response.status_code
        self.headers = response.headers
        content = response.getvalue() if response.streaming else response.content
        self.text = content.decode()
        self.body = json.loads(self.text) if self.text else None
        assert response.headers["Content-Type"] == CONTENT_TYPE
        assert_texts_only(self.body)
        if self.status != 200 and self.text:
            assert set(self.body) == {"code", "description"}

    @property
    def code(self) -> str:
        return self.body["code"] if self.status != 200 else ""

    @property
    def said(self) -> str:
        return self.body["description"]


def assert_texts_only(value: Any) -> None:
    """Every elementary field is a text, and nothing is null."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            assert_texts_only(each)
    else:
        assert isinstance(value, str) or value is None
    if isinstance(value, dict):
        assert None not in value.values()
        assert "" not in value.values()


class Wallet:
    """The wallet app."""

    def __init__(self) -> None:
        client, secret = api_clients.create(actors.system("test"), surface="koshelek", login="wallet-app")
        self.login, self.secret = client.login, secret
        self.headers = {"Authorization": basic(client.login, secret)}
        self.http = Client(raise_request_exception=True)

    def get(self, path: str, query: Any = None) -> Reply:
        return Reply(self.http.get(path, query, headers=self.headers))

    def send(self, path: str, body: Any, method: str = "POST") -> Reply:
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return Reply(self.http.generic(method, path, text, content_type="application/json", headers=self.headers))

    def find(self, **query: Any) -> Reply:
        return self.get("/v1/card", query)

    def issue(self, **person: Any) -> Reply:
        return self.send("/v1/card/anonymous", person)

    def reserve(self) -> str:
        return str(self.get("/v1/card/anonymous").body["card"]["cardNumber"])

    def register(self, number: str, **person: Any) -> Reply:
        return self.send(f"/v1/card/anonymous/{number}", person)

    def update(self, number: str, **person: Any) -> Reply:
        return self.send(f"/v1/card/{number}", person)

    def channels(self, number: str, **lists: Any) -> Reply:
        return self.send(f"/v1/card/{number}/communication", lists, "PUT")

    def bonus(self, number: str) -> Any:
        return self.get(f"/v1/card/{number}").body["card"]["bonus"]

    def purchases(self, number: str, **period: Any) -> Reply:
        return self.get(f"/v1/card/{number}/purchases", period)


@pytest.fixture
def wallet(db: None) -> Wallet:
    return Wallet()


_receipts = iter(range(1, 10**6))


def buy(number: str, amount: str = "100.00", *, at: datetime | None = None, lines: tuple[Line, ...] = (), **more: Any):
    """A till records a purchase."""
    sale = purchases.Sale(f"R-{next(_receipts)}", number, "", at or clock.now(), "0001", Decimal(amount), lines, **more)
    return purchases.add_purchase(actors.client("till", "till", "cash_desk"), sale)


def state_of(number: str) -> str:
    return Card.objects.get(number=number).get_status_display()


def holder(number: str) -> Contact:
    contact = Card.objects.get(number=number).contact
    assert contact is not None
    return contact


@pytest.fixture
def anna(wallet: Wallet) -> str:
    """Anna's card number: Active, her data suffice."""
    return str(wallet.issue(**ANNA).body["card"]["cardNumber"])


@pytest.fixture
def pool(db: None) -> list[str]:
    """Three free virtual numbers."""
    from cards.models import CardCategory
    from loyalty.services import cards

    return cards.create_card_pool(actors.system("test"), count=3, category=CardCategory.VIRTUAL)
