"""The shop of the stories: a wallet app, tills and a nightly job, all through the doors a retailer uses."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.test import Client

from cards.models import Card
from loyalty.core import actors, clock
from loyalty.ledger import balances, invariants
from loyalty.services import api_clients, points, program
from tiers import rules
from tiers import selectors as tiers


@dataclass(frozen=True)
class Balances:
    """The four balances of a shopper: spendable, its escrow, tier-qualifying, its escrow."""

    spendable: Decimal
    spendable_escrow: Decimal
    qualifying: Decimal
    qualifying_escrow: Decimal


def points_of(spendable: str, escrow: str, qualifying: str, qualifying_escrow: str) -> Balances:
    return Balances(*(Decimal(each) for each in (spendable, escrow, qualifying, qualifying_escrow)))


@cache
def http() -> Client:
    """One client for every door: a new one loads the middlewares, and finds the static files, at its first call."""
    return Client()


class Door:
    """One API with one credential."""

    def __init__(self, surface: str, login: str, role: str = "") -> None:
        client, secret = api_clients.create(actors.system("story"), surface=surface, login=login, role=role)
        token = base64.b64encode(f"{client.login}:{secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}"}

    def get(self, path: str, **query: str) -> Any:
        return self._read(http().get(path, query, headers=self.headers))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        text = json.dumps(body, default=str)
        return self._read(http().post(path, text, content_type="application/json", headers=self.headers))

    @staticmethod
    def _read(response: Any) -> Any:
        return json.loads(response.content, parse_float=Decimal) if response.content else None


class Shop:
    """Everything a story needs of the retailer."""

    def __init__(self) -> None:
        self.wallet = Door("koshelek", "wallet-app")
        self.till = Door("cash_desk", "till-1", "till")
        self.other_till = Door("cash_desk", "till-2", "till")

    def give_card(self, phone: str, **person: str) -> str:
        """A shopper takes a card in the wallet app; the number comes back."""
        answer = self.wallet.post("/v1/card/anonymous", {"phone": phone, **person})
        return str(answer["card"]["cardNumber"])

    def sell(
        self, number: str, receipt: str, amount: str, *, at: datetime | None = None, till: Door | None = None,
        **fields: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """A till sends a purchase of one line."""
        body = {
            "PurchaseId": receipt,
            "Number": number,
            "Date": (at or clock.now()).isoformat(),
            "Store": "0001",
            "Till": "1",
            "Cashier": "Vera",
            "Amount": amount,
            "Lines": [{"Sku": "4600001", "Name": "Coffee", "Quantity": 1, "Price": amount, "Amount": amount}],
        }
        return dict((till or self.till).post("/api/purchase/add", body | fields))

    def nightly_job(self) -> None:
        """What Celery beat starts."""
        points.roll_over_escrow(actors.system("beat"))

    def balances(self, number: str) -> Balances:
        """What the books say now; every law is checked as well."""
        for law in invariants.check():
            assert not law.broken, law
        now = clock.now()
        read = balances.read(self._contact(number), now, since=rules.year_began(now, program.settings().tzinfo))
        return Balances(read.spendable, read.spendable_escrow, read.qualifying, read.qualifying_escrow)

    def tier(self, number: str) -> str:
        """The name of the shopper's tier now."""
        standing = tiers.standing_at(self._contact(number), clock.now(), program.settings().tzinfo)
        return standing.tier.name if standing else "Unenrolled"

    @staticmethod
    def _contact(number: str) -> int:
        contact_id = Card.objects.get(number=number).contact_id
        assert contact_id is not None
        return contact_id
