"""The interaction log and the limits in the back office."""

from decimal import Decimal

import pytest
from django.urls import reverse

from loyalty.core import clock
from loyalty.models import ApiClient, Interaction, JournalEntry, Limit, Program
from loyalty.services import api_clients
from tests.admin.conftest import SYSTEM, Browser

pytestmark = pytest.mark.django_db
LIST = reverse("admin:loyalty_interaction_changelist")


def entry(**given: object) -> Interaction:
    values: dict[str, object] = {
        "recorded_at": clock.now(), "surface": "cash_desk", "login": "till-1", "method": "POST", "path": "/api/x",
        "status": 200, "failed": True, "key": "StatusError", "text": "no", "duration_ms": 12, "correlation_id": "c-1",
        "card_number": "2990000000012", "till": "kassa-7", "purchase_id": "R-77",
    }  # fmt: skip
    return Interaction.objects.create(**(values | given))  # type: ignore[misc]


@pytest.mark.parametrize(
    "text", ["2990000000012", "2990 0000 00012", "kassa-7", "R-77", "StatusError", "c-1", "till-1", " R-77 "]
)
def test_an_entry_is_found_by_each_of_its_identifiers(text: str, browser: Browser) -> None:
    entry()
    other = {"card_number": "", "till": "", "purchase_id": "", "key": "Other", "correlation_id": "c-2", "login": "z"}
    entry(path="/api/other", **other)
    html = browser("administrator").get(LIST, {"q": text}).content.decode()
    assert "/api/x" in html
    assert "/api/other" not in html


@pytest.mark.parametrize(("query", "found"), [
    ({"surface__exact": "koshelek"}, False), ({"surface__exact": "cash_desk"}, True), ({"failed__exact": "1"}, True),
    ({"failed__exact": "0"}, False), ({"http": "200"}, True), ({"http": "422"}, False), ({"http": "x"}, True),
    ({"client": "till-1"}, True), ({"client": "app"}, False), ({"correlation_id": "c-1"}, True),
    ({"recorded_at__gte": "2990-01-01 00:00:00+00:00"}, False),
])  # fmt: skip
def test_entries_are_narrowed(query: dict[str, str], found: bool, browser: Browser) -> None:
    entry()
    api_clients.create(SYSTEM, surface="cash_desk", login="till-1", role="till")
    api_clients.create(SYSTEM, surface="koshelek", login="app")
    html = browser("administrator").get(LIST, query, follow=True).content.decode()
    assert ("/api/x" in html) is found


def test_a_call_shows_its_bodies_readably_and_nothing_of_them_runs(browser: Browser) -> None:
    client = browser("director")
    made = entry(request_body='{"Amount":"1.00","Note":"<script>alert(1)</script>"}', response_body='{"cut": "off…')
    html = client.get(reverse("admin:loyalty_interaction_change", args=[made.pk])).content.decode()
    assert "&quot;Amount&quot;: &quot;1.00&quot;" in html
    assert "&quot;cut&quot;: &quot;off…" in html
    assert "<script>alert(1)" not in html
    bare = entry()
    html = client.get(reverse("admin:loyalty_interaction_change", args=[bare.pk])).content.decode()
    assert "Bodies are kept only" in html


def test_full_logging_is_switched_on_for_some_hours_and_off_again(browser: Browser) -> None:
    client = browser("administrator", "root")
    made, _ = api_clients.create(SYSTEM, surface="koshelek", login="app")
    on = reverse("admin:loyalty_apiclient_log-in-full", args=[made.pk])
    assert client.post(on, {"hours": "0"}).status_code == 422
    assert client.post(on, {"hours": "5"}).status_code == 302
    made = ApiClient.objects.get(pk=made.pk)
    assert made.log_in_full
    assert JournalEntry.objects.get(action="api_client.log_in_full").actor == "staff:root"
    client.post(reverse("admin:loyalty_apiclient_log-errors-only", args=[made.pk]))
    assert not ApiClient.objects.get(pk=made.pk).log_in_full


def test_an_administrator_sets_a_limit(browser: Browser) -> None:
    client = browser("administrator", "root")
    limit = Limit.objects.get(scope="till", what="spends", measure="amount")
    address = reverse("admin:loyalty_limit_edit", args=[limit.pk])
    answer = client.post(address, {"soft": "300", "hard": "200", "reason": "x"})
    assert answer.status_code == 422
    assert "lies above" in answer.content.decode()
    assert client.post(address, {"soft": "100", "hard": "200", "reason": "fraud"}).status_code == 302
    limit.refresh_from_db()
    assert (limit.soft, limit.hard) == (Decimal(100), Decimal(200))
    assert Program.objects.get().limits_on
    assert JournalEntry.objects.get(action="limit.set").reason == "fraud"


def test_both_speak_russian(browser: Browser) -> None:
    client = browser("administrator")
    entry()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ru"
    assert "журнал обращений" in client.get(LIST).content.decode().lower()
    html = client.get(reverse("admin:loyalty_limit_changelist")).content.decode()
    assert [word for word in ("Касса · Списания", "Число в день", "мягкая граница") if word not in html] == []
