"""A retailer with a little of everything, and a browser for each role."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cards.models import Card, CardCategory, ImportMode
from customers.models import Contact
from customers.services import PersonalData
from loyalty.core import actors, clock
from loyalty.ledger.accounts import Account
from loyalty.models import Interaction, JobRun
from loyalty.services import (
    adjustments,
    api_clients,
    audiences,
    card_imports,
    cards,
    code_orders,
    promotions,
    purchases,
    segments,
    staff,
    wallet,
)
from loyalty.services.adjustments import Wanted
from loyalty.services.purchases import Sale
from promos.basket import Line

APP = actors.client("wallet-app", "", "koshelek")
TILL = actors.client("till-1", "till", "cash_desk")
SYSTEM = actors.system("test")

Browser = Callable[..., Client]


@pytest.fixture
def browser(db: None) -> Browser:
    """Open a browser logged in as a person with a role; the role None is nobody."""

    def open_as(role: str | None, username: str = "") -> Client:
        client = Client()
        if role is not None:
            user, _ = staff.create(SYSTEM, username=username or f"p-{role.replace('_', '-')}", role=role)
            client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return open_as


def shopper(serial: int = 1, **person: object) -> Card:
    """A person with a virtual card, and one purchase of two lines."""
    data: dict[str, object] = {
        "phone": f"+7900123{serial:04d}",
        "email": f"Anna{serial}@example.com",
        "first_name": "Анна",
        "surname": "Иванова",
        "birth_date": date(1990, 1, 1),
    }
    card = wallet.issue_virtual(APP, PersonalData(**(data | person)))  # type: ignore[arg-type]
    wallet.set_channels(APP, card.number, allow=["email"], deny=["call"])
    return card


def buy(card: Card, purchase_id: str, amount: str = "100.00", paid: str = "0.00") -> None:
    """A purchase at the first store, a part of it paid with bonuses."""
    lines = (Line(Decimal(amount) / 2, sku="1", name="Tea"), Line(Decimal(amount) / 2, sku="2", name="Coffee"))
    sale = Sale(
        purchase_id, card.number, "", clock.now(), "0001", Decimal(amount), lines,
        till="1", cashier="Vera", bonuses_to_pay=Decimal(paid),
    )  # fmt: skip
    purchases.add_purchase(TILL, sale)


@pytest.fixture
def retailer(story_clock: object, db: None) -> Contact:
    """One shopper with a card, points, a tier; a pool, an API client, a promotion, a job run, a waiting adjustment."""
    card = shopper()
    buy(card, "R-1")
    cards.create_card_pool(SYSTEM, count=1, category=CardCategory.PLASTIC)
    api_clients.create(SYSTEM, surface="koshelek", login="app")
    now = clock.now()
    terms = {"name": "Coffee week", "kind": "percent", "value": Decimal(10), "starts_at": now}
    promotions.create_promotion(SYSTEM, terms, "spring")
    audiences.create_audience(SYSTEM, "Everybody", {}, "spring")
    segment = segments.create_segment(SYSTEM, "Regulars", "", "spring")
    segments.upload(
        SYSTEM, segment.pk, mode="add", file_name="list.csv", content=b"79001230001\n79990000000\n", reason="spring"
    )
    coded = {"name": "Poster", "trigger": "code", "kind": "fixed", "value": Decimal(50), "starts_at": now}
    poster = promotions.create_promotion(SYSTEM, coded, "spring")
    code_orders.add_shared_code(SYSTEM, poster.pk, "SUMMER2026", "posters")
    code_orders.order_codes(SYSTEM, poster.pk, count=5, prefix="NY26", length=12, reason="flyers")
    JobRun.objects.create(job="roll_over_escrow", actor="system:x", as_of=now, started_at=now, updated_at=now, total=9)
    wanted = Wanted("form-1", int(card.contact_id or 0), Account.SPENDABLE, Decimal(2000), "late parcel")
    adjustments.ask(actors.staff("vera", "cc_operator"), wanted)
    Interaction.objects.create(
        recorded_at=now, surface="cash_desk", login="till-1", method="GET", path="/x", status=200, failed=True,
        key="StatusError", duration_ms=1, correlation_id="c-1",
    )  # fmt: skip
    card_imports.start(
        SYSTEM,
        series_id=card.series_id,
        category=CardCategory.VIRTUAL,
        mode=ImportMode.SKIP_BAD,
        file_name="numbers.csv",
        content=b"1\n2\n",
        reason="a print run",
    )
    card_imports.run_waiting()
    assert card.contact is not None
    return card.contact


@pytest.fixture
def person(db: None) -> User:
    """Somebody of the back office to act upon."""
    return staff.create(SYSTEM, username="somebody", role="marketer")[0]
