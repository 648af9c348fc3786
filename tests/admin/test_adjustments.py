"""Points by hand in the back office: who asks, who decides, what the pages say; and balances of the past."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import Contact
from loyalty.core import clock
from loyalty.models import AdjustmentRequest, JournalEntry, Program
from tests.admin.conftest import Browser, buy, shopper
from tests.admin.test_commands import press, settings_form
from tests.conftest import MovingClock
from tests.ledger import books

pytestmark = pytest.mark.django_db
QUEUE = "loyalty_adjustmentrequest"


@pytest.fixture
def contact(story_clock: MovingClock, db: None) -> Contact:
    found = shopper().contact
    assert found is not None
    return found


def form_of(client: Client, contact: Contact) -> Any:
    return client.get(reverse("admin:customers_contact_adjust", args=[contact.pk])).context["form"]


def adjust(client: Client, contact: Contact, points: str, **changed: Any) -> Any:
    form = {
        "key": form_of(client, contact)["key"].value(),
        "direction": "take" if points.startswith("-") else "give",
        "amount": points.lstrip("-"),
        "account": "1",
        "reason": "the parcel came late",
    }
    return press(client, "customers_contact", "adjust", contact.pk, **(form | changed))


def told(client: Client, answer: Any) -> str:
    assert answer.status_code == 302, answer.context["form"].errors
    return " ".join(str(each) for each in client.get(answer["Location"]).context["messages"])


def page(client: Client, request: AdjustmentRequest) -> Any:
    return client.get(reverse(f"admin:{QUEUE}_change", args=[request.pk]))


def buttons(client: Client, request: AdjustmentRequest) -> set[str]:
    return {str(each["title"]) for each in page(client, request).context["buttons"]}


def spendable(contact: Contact) -> Decimal:
    return books.read(contact.pk).spendable


def test_an_operator_gives_a_few_points_at_once(contact: Contact, browser: Browser) -> None:
    client = browser("cc_operator", "vera")
    assert told(client, adjust(client, contact, "150.50")) == "The points are adjusted."
    assert spendable(contact) == Decimal("150.50")
    entry = JournalEntry.objects.get(action="adjustment.post")
    assert (entry.actor, entry.role, entry.reason) == ("staff:vera", "cc_operator", "the parcel came late")
    told(client, adjust(client, contact, "-0.50"))
    assert spendable(contact) == 150


def test_the_operation_leads_to_the_request_that_has_the_reason(contact: Contact, browser: Browser) -> None:
    client = browser("marketer")
    adjust(client, contact, "100")
    request = AdjustmentRequest.objects.get()
    shown = client.get(reverse("admin:ledger_operation_change", args=[request.operation_id]))
    assert reverse(f"admin:{QUEUE}_change", args=[request.pk]) in shown.content.decode()


def test_many_points_wait_until_another_role_approves_them(contact: Contact, browser: Browser) -> None:
    vera, olga = browser("cc_operator", "vera"), browser("director", "olga")
    assert "waits for a second person" in told(vera, adjust(vera, contact, "1500"))
    request = AdjustmentRequest.objects.get()
    assert (spendable(contact), buttons(vera, request)) == (0, {"Withdraw"})
    assert buttons(olga, request) == {"Approve", "Refuse"}
    assert press(vera, QUEUE, "approve", request.pk, reason="so").status_code == 403
    assert press(olga, QUEUE, "approve", request.pk, reason="seen").status_code == 302
    assert (spendable(contact), buttons(olga, request)) == (1500, set())
    again = press(olga, QUEUE, "approve", request.pk, reason="seen")
    assert again.status_code == 422
    assert "Somebody has decided" in again.content.decode()


def test_an_administrator_approves_for_others_and_never_for_himself(contact: Contact, browser: Browser) -> None:
    root, other = browser("administrator", "root"), browser("administrator", "other")
    adjust(root, contact, "1500")
    request = AdjustmentRequest.objects.get()
    assert (buttons(root, request), buttons(other, request)) == ({"Withdraw"}, {"Approve", "Refuse"})
    answer = press(root, QUEUE, "approve", request.pk, reason="so")
    assert answer.status_code == 422
    assert "Nobody approves or refuses their own request" in answer.content.decode()
    assert press(other, QUEUE, "refuse", request.pk, reason="too much").status_code == 302
    request = AdjustmentRequest.objects.get()
    assert (request.status, request.checker, request.note) == ("refused", "staff:other", "too much")
    assert "too much" in page(root, request).content.decode()


def test_a_request_is_withdrawn_by_whoever_asked(contact: Contact, browser: Browser) -> None:
    vera, anna = browser("cc_operator", "vera"), browser("cc_operator", "anna")
    adjust(vera, contact, "1500")
    request = AdjustmentRequest.objects.get()
    assert buttons(anna, request) == set()
    assert press(anna, QUEUE, "withdraw", request.pk, reason="so").status_code == 422
    assert press(vera, QUEUE, "withdraw", request.pk, reason="a mistake").status_code == 302
    assert AdjustmentRequest.objects.get().status == "withdrawn"


@pytest.mark.parametrize(("changed", "field", "words"), [
    ({"amount": "0"}, "amount", "greater than or equal to 0.01"),
    ({"amount": "1.001"}, "amount", "2 decimal places"),
    ({"amount": ""}, "amount", "required"),
    ({"direction": ""}, "direction", "give or take"),
    ({"account": "2"}, "account", "valid choice"),
    ({"reason": " "}, "reason", "Write down why"),
    ({"direction": "take"}, "__all__", "not enough points: 0.00"),
])  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field(
    changed: dict[str, str], field: str, words: str, contact: Contact, browser: Browser
) -> None:
    answer = adjust(browser("cc_operator"), contact, "10", **changed)
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert not AdjustmentRequest.objects.exists()


def test_a_form_sent_twice_adjusts_once(contact: Contact, browser: Browser) -> None:
    client = browser("cc_operator")
    for _ in range(2):
        adjust(client, contact, "10", key="the-same")
    assert spendable(contact) == 10
    answer = adjust(client, contact, "11", key="the-same")
    assert "sent before with other content" in answer.content.decode()


def test_only_an_administrator_is_offered_a_debt(contact: Contact, browser: Browser) -> None:
    vera, root = browser("cc_operator", "vera"), browser("administrator", "root")
    assert "may_owe" not in form_of(vera, contact).fields
    assert adjust(vera, contact, "-10", may_owe="on").status_code == 422
    assert told(root, adjust(root, contact, "-10", may_owe="on")) == "The points are adjusted."
    assert spendable(contact) == -10
    answer = adjust(root, contact, "10", may_owe="on")
    assert "can be owed" in str(answer.context["form"].errors["may_owe"])


def test_the_queue_shows_first_what_waits_and_the_overview_counts_it_for_those_who_decide(
    contact: Contact, browser: Browser, story_clock: MovingClock
) -> None:
    vera, olga = browser("cc_operator", "vera"), browser("director", "olga")
    for points in ("1500", "20", "1600", "30"):
        story_clock.forward(minutes=1)
        adjust(vera, contact, points)
    rows = olga.get(reverse(f"admin:{QUEUE}_changelist")).context["cl"].result_list
    assert [row.amount for row in rows] == [1600, 1500, 30, 20]
    [tile] = olga.get(reverse("admin:index")).context["page"].tiles
    assert (str(tile.label), tile.value) == ("Adjustments that wait", "2")
    assert list(vera.get(reverse("admin:index")).context["page"].tiles) == []
    # Their own request waits for somebody else.
    root = browser("administrator", "root")
    adjust(root, contact, "1700")
    assert root.get(reverse("admin:index")).context["page"].tiles[0].value == "2"
    assert olga.get(reverse("admin:index")).context["page"].tiles[0].value == "3"


def test_the_limits_are_settings(contact: Contact, browser: Browser) -> None:
    root = browser("administrator", "root")
    form = settings_form(root) | {"adjustment_alone": "50", "adjustment_alone_daily": "80"}
    assert root.post(reverse("admin:loyalty_program_change", args=[1]), form).status_code == 302
    assert Program.objects.get().adjustment_alone == 50
    help_text = str(form_of(root, contact).fields["amount"].help_text)
    assert "50.00 at once and 80.00 in a day" in help_text
    bad = root.post(reverse("admin:loyalty_program_change", args=[1]), form | {"adjustment_alone": "-1"})
    assert bad.status_code == 422


def test_the_policy_of_inactivity_is_a_setting(db: None, browser: Browser) -> None:
    root = browser("administrator", "root")
    form = settings_form(root) | {"points_expiry": "inactivity", "expiry_months": "6"}
    assert root.post(reverse("admin:loyalty_program_change", args=[1]), form).status_code == 302
    assert (Program.objects.get().points_expiry, Program.objects.get().expiry_months) == ("inactivity", 6)


# Balances of the past.


def past(client: Client, contact: Contact, at: str) -> Any:
    return client.get(reverse("admin:customers_contact_change", args=[contact.pk]), {"at": at})


def test_a_past_balance_stands_on_the_page_in_the_zone_of_the_retailer(
    story_clock: MovingClock, browser: Browser
) -> None:
    card = shopper()
    contact = card.contact
    assert contact is not None
    buy(card, "R-1", "100.00")
    story_clock.forward(days=40)
    client = browser("cc_operator")
    for at, amounts in (
        ("2026-03-02T11:59", ["0.00", "0.00", "0.00", "0.00"]),
        ("2026-03-02T12:00", ["0.00", "100.00", "0.00", "100.00"]),
        ("2026-04-01T12:00", ["100.00", "0.00", "100.00", "0.00"]),
    ):
        tiles = past(client, contact, at).context["past"].tiles
        assert [str(tile.value) for tile in tiles] == amounts
    assert str(tiles[0].label) == "ACME Spendable Account"
    assert not JournalEntry.objects.filter(action__startswith="balance").exists()


@pytest.mark.parametrize(("at", "words"), [
    ("2030-01-01T00:00", "still to come"), ("soon", "valid date/time"), ("", "Choose a date"),
])  # fmt: skip
def test_a_moment_that_cannot_be_told_is_refused_in_words(
    at: str, words: str, contact: Contact, browser: Browser
) -> None:
    response = past(browser("cc_operator"), contact, at)
    assert (response.status_code, response.context["past"]) == (200, None)
    assert words in str(response.context["form"].errors["at"])


def test_a_past_balance_costs_three_statements_more(
    contact: Contact, browser: Browser, django_assert_max_num_queries: Any
) -> None:
    client = browser("cc_operator")
    with django_assert_max_num_queries(16):
        past(client, contact, clock.now().strftime("%Y-%m-%dT%H:%M"))
