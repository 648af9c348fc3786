"""A partner that reads loyalty data, and the customer of the vendor's sample."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from customers.models import Contact
from loyalty.core import actors, clock
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import BonusBalance, PointAccount
from loyalty.models import Program
from loyalty.services import api_clients
from tests.factories import ConsentFactory, ContactFactory, StandingFactory, tier_named
from tests.ledger import books
from tiers.models import ExpiryPolicy, Tier, TierSystem

LOG_IN = "crm"
JOINED = datetime(2019, 3, 22, 18, 12, 2, 780_000, tzinfo=UTC)


@dataclass(frozen=True)
class Reply:
    """An answer: status, body, headers."""

    status: int
    body: Any
    headers: Any

    @property
    def user(self) -> dict[str, Any]:
        assert self.status == 200, self.body
        assert self.body["status"] == "ok"
        return dict(self.body["user"])

    @property
    def code(self) -> str:
        assert self.body["status"] == "error"
        assert set(self.body) == {"status", "errors"}
        assert set(self.body["errors"]) == {"code", "message"}
        return str(self.body["errors"]["code"])


class Partner:
    """Calls with a real credential; `query` is written as it stands in an address."""

    def __init__(self) -> None:
        client, self.secret = api_clients.create(actors.system("test"), surface="loyalty_data", login=LOG_IN)
        self.login = client.login
        self.http = Client()

    def get(self, path: str, *, login: str | None = None, secret: str | None = None, method: str = "GET") -> Reply:
        token = base64.b64encode(f"{login or self.login}:{secret or self.secret}".encode()).decode()
        return self.send(path, {"Authorization": f"Basic {token}"}, method)

    def send(self, path: str, headers: dict[str, str], method: str = "GET") -> Reply:
        response = self.http.generic(method, path, headers=headers)
        body = json.loads(response.content) if response.content else None
        return Reply(response.status_code, body, response.headers)

    def search(self, query: str, *flags: str) -> Reply:
        return self.get(f"/priv/v1/apps/{self.login}/users/search?" + "&".join([query, *flags]))


@pytest.fixture
def partner(db: None) -> Partner:
    return Partner()


def _name_everything_as_the_sample_does() -> None:
    Program.objects.update(public_id=UUID("66f9b3f2-7770-4dca-ac8e-2a1ef7e8e54b"))
    TierSystem.objects.update(public_id=UUID("057fa4e6-b443-4a2c-a3da-23629e86b34b"))
    Tier.objects.filter(name="Silver").update(
        public_id=UUID("33fe1242-dbae-4545-95e0-7c73740b7d61"), expiry_policy=ExpiryPolicy.DAYS, expiry_days=365
    )
    Tier.objects.filter(name="Gold").update(
        public_id=UUID("913bc21b-3906-4b86-9e23-016d6b286877"),
        rule_tree_id=UUID("5f8d9fb1-b4de-4d8e-a7d7-b144182fd84a"),
        rule_node_id=UUID("d2a7f6df-d878-4ff8-8a19-5936f5d3573f"),
        rule_id=UUID("f2423f45-cb36-487e-a560-0bc2c6d062f4"),
        rule_constraint_id=UUID("f7cf3877-c83b-40f4-a963-202c4a0ebe58"),
    )
    for account, public_id in (
        (Account.SPENDABLE, "657ebb21-af8a-48f1-86eb-3d239d7731ab"),
        (Account.SPENDABLE_ESCROW, "f7465a37-0c79-45a6-b127-520bf1c696ca"),
        (Account.QUALIFYING, "d519facf-bdf8-41ae-b6a1-a4683b20c6f1"),
    ):
        PointAccount.objects.filter(code=account).update(public_id=UUID(public_id))


@pytest.fixture
def sample(db: None) -> Contact:
    """The vendor's sample customer: 2,000 points to spend, Silver, 8,000 to Gold."""
    _name_everything_as_the_sample_does()
    registered = datetime(2019, 3, 19, 21, 46, 17, tzinfo=UTC)
    contact = ContactFactory(
        public_id=UUID("6cb9eee8-4a90-11e9-b863-0242ac11000c"), external_id="ZTEST002", phone="+15089959991",
        email="ztest002@example.com", first_name="ZZZ002", surname="Lei", sex="m", birth_date=date(1999, 7, 1),
        locality="", country_code="", created_at=registered,
        updated_at=JOINED.replace(microsecond=0) + timedelta(seconds=1),
        attributes={
            "address": "222 Main St.", "address2": "APT 11", "city": "BOSTON", "zip": "02210", "dma": "506",
            "state": "MA", "country": "USA", "profile_photo_url": "/images/account-neutral.png",
            "favourite_colour": "green",
        },
    )  # fmt: skip
    ConsentFactory(contact=contact, channel="email", allowed=True)
    books.credit(contact.pk, spendable=Decimal(2000), qualifying=Decimal(2000), at=JOINED)
    for account, public_id in (
        (Account.SPENDABLE, "2ad0914b-55a8-486c-a565-442e728e4e7f"),
        (Account.QUALIFYING, "282420ea-1a2e-4ce7-8de5-6c007bcec17f"),
    ):
        BonusBalance.objects.filter(contact_id=contact.pk, account=account).update(public_id=UUID(public_id))
    StandingFactory(
        contact=contact, tier=tier_named("Silver"), entered_at=JOINED, ends_at=JOINED + timedelta(days=365),
        public_id=UUID("7cbd3226-94fe-4c7e-b680-16da12483afe"),
    )  # fmt: skip
    return contact


@pytest.fixture
def in_2019() -> Any:
    """The day after the sample customer became Silver."""
    with clock.at(JOINED + timedelta(days=1)):
        yield
