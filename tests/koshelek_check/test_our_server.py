"""Our own server under the checker, over real HTTP: every rule is looked at, and none is broken."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.urls import resolve

from cards.models import CardCategory
from loyalty.api.koshelek.views import UnknownAddress
from loyalty.core import actors, clock
from loyalty.koshelek_check import command_line
from loyalty.koshelek_check.calls import CALLS
from loyalty.services import api_clients, audiences, cards, offers, segments
from promos.basket import Line
from promos.models import SegmentMode
from tests.api.koshelek.conftest import buy
from tests.factories import CardFactory
from tests.koshelek_check.conftest import check
from tests.promos import marketing

CI_EXAMPLE = Path(settings.BASE_DIR) / ".ci" / "example"
# The test's own server speaks plain HTTP on the loopback, which the checker lets pass.
WITHOUT_DATA = {"transport.https"}


def unserved() -> list[int]:
    """Return the calls that our addresses do not lead to yet."""
    found = []
    for call in CALLS:
        view: Any = resolve(call.path.replace("{cardNumber}", "2990000000017")).func
        if view.cls is UnknownAddress:
            found.append(call.number)
    return found


@pytest.fixture
def shop(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Everything that the checker asks for: see what each part makes."""
    cards.create_card_pool(actors.system("test"), count=20, category=CardCategory.VIRTUAL)
    card, blocked = CardFactory(contact__email="given@example.com"), CardFactory(blocked=True)
    lines = (Line(Decimal(300), name="Tea"), Line(Decimal(700), sku="4600001"))
    buy(card.number, "1000.00", at=clock.now() - timedelta(days=40), lines=lines)
    buy(card.number, "500.00", at=clock.now() - timedelta(days=1), lines=(Line(Decimal(500), name="Coffee"),))
    _client, secret = api_clients.create(actors.system("test"), surface="koshelek", login="wallet")
    monkeypatch.setenv(command_line.PASSWORD_VARIABLE, secret)
    _offer_for_everybody()
    _list_of(card.contact.phone)
    return {
        "phone": card.contact.phone[1:], "email": card.contact.email, "blocked": blocked.contact.phone[1:],
        "code": marketing.shared_code("CHECKER2026"), "secret": secret,
    }  # fmt: skip


def _offer_for_everybody() -> None:
    """A live promotion with a face, from today until in a week."""
    promotion = marketing.live(ends_at=clock.now() + timedelta(days=7))
    texts = {"title": "Coffee week", "description": "More points for coffee.", "conditions": "In every store."}
    offers.set_face(marketing.MARKETER, promotion.pk, texts, "for the wallet")


def _list_of(phone: str) -> None:
    """A segment that was uploaded as a table of phones, and chosen for the wallet's lists."""
    segment = segments.create_segment(marketing.MARKETER, "Friends", "", "for the wallet")
    order = segments.upload(
        marketing.MARKETER, segment.pk, mode=SegmentMode.ADD, file_name="friends.csv",
        content=f"phone\n{phone}\n".encode(), reason="for the wallet",
    )  # fmt: skip
    assert order.problems == []
    audience = audiences.create_audience(marketing.MARKETER, "Friends", {"segments": [segment.pk]}, "for the wallet")
    audiences.choose_for_wallet(marketing.MARKETER, audience.pk, "for the wallet")


@pytest.mark.race
def test_our_server_keeps_every_rule_and_every_rule_is_looked_at(live_server: Any, shop: dict[str, str]) -> None:
    given = ["--phone", shop["phone"], "--email", shop["email"], "--blocked-phone", shop["blocked"]]
    given += ["--promo-code", shop["code"]]
    left_out = ",".join(map(str, unserved()))
    # The test server writes head and body apart: on a kept connection each answer would wait 40 ms for the second.
    transport = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
    options = ["--write", "--json", *given, "--without", left_out]
    result = check(live_server.url, *options, transport=transport, login="wallet")
    assert result.broken == {}
    assert result.code == 0
    unchecked = {each["rule"]: each["came"] for each in result.json["checks"] if each["verdict"] == "not checked"}
    left = {rule for rule, reason in unchecked.items() if not reason.endswith("left out by --without")}
    assert left == WITHOUT_DATA
    # An empty list would pass, too.
    listed = httpx.get(f"{live_server.url}/v1/card/getAllUsers", auth=("wallet", shop["secret"])).json()
    assert listed == [shop["phone"]]


def test_ci_leaves_out_the_calls_that_are_not_served_yet_and_no_other() -> None:
    stated = re.search(r"--without ([0-9,]+)", CI_EXAMPLE.read_text(encoding="utf-8"))
    left_out = [int(number) for number in stated[1].split(",")] if stated else []
    assert left_out == unserved(), "take a call that is served now out of --without in .ci/example"
