"""Merging, leaving, erasing, exporting from a customer's page: who may, what is said before, what happens."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cards.errors import CardStatusRefused
from cards.models import Card, CardStatus
from customers.models import Contact
from loyalty.ledger import invariants
from loyalty.models import JournalEntry, Merge, Purchase
from loyalty.selectors import personal_data
from tests.admin.conftest import Browser, buy, shopper

pytestmark = pytest.mark.django_db
LOOKED = {"foretold": "yes"}


def press(client: Client, command: str, pk: object, **form: Any) -> Any:
    return client.post(reverse(f"admin:customers_contact_{command}", args=[pk]), form)


def page_of(client: Client, pk: object) -> str:
    return client.get(reverse("admin:customers_contact_change", args=[pk])).content.decode()


def told(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def two(story_clock: Any) -> tuple[Card, Card]:
    mine, theirs = shopper(11), shopper(12, surname="Петрова", external_id="X-2")
    buy(theirs, "A-1", "500.00")
    story_clock.forward(days=31)
    buy(theirs, "A-2", "70.00")
    return mine, theirs


def test_an_operator_looks_at_a_merge_carries_it_out_and_takes_it_back(
    story_clock: Any, retailer: Contact, browser: Browser
) -> None:
    mine, theirs = two(story_clock)
    client = browser("cc_operator", "vera")
    form = {"other": "8 900 123-00-12", "reason": "one person"}
    asked = client.get(reverse("admin:customers_contact_merge", args=[mine.contact_id])).content.decode()
    assert "See what will happen" in asked, "the first button only looks"
    assert "Merge the two" not in asked
    look = told(press(client, "merge", mine.contact_id, **form))
    assert "500.00 spendable points and 70.00 in escrow come over" in look
    assert f"Card {theirs.number} stays." in look
    assert f"Card {mine.number} is blocked for good" in look
    assert not Merge.objects.exists(), "the second look changes nothing"

    assert press(client, "merge", mine.contact_id, **form, **LOOKED).status_code == 302
    assert Merge.objects.get().reason == "one person"
    assert Card.objects.get(pk=theirs.pk).contact_id == mine.contact_id
    assert "Merged into this customer" in page_of(client, mine.contact_id)
    gone = page_of(client, theirs.contact_id)
    assert "This customer was merged and is now:" in gone
    assert not any(f"/{each}/" in gone for each in ("edit", "merge", "leave", "export", "erase", "adjust"))

    look = told(press(client, "unmerge", mine.contact_id, reason="two people"))
    assert "is somebody of its own again" in look
    assert press(client, "unmerge", mine.contact_id, reason="two people", **LOOKED).status_code == 302
    assert Merge.objects.get().undone_reason == "two people"
    assert Card.objects.get(pk=mine.pk).status == CardStatus.ACTIVE
    assert {entry.actor for entry in JournalEntry.objects.filter(action__contains="merge")} == {"staff:vera"}
    assert invariants.broken() == []


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("8 900 999-99-99", "No customer was found"),
        ("8 900 123-00-11", "This is the same customer"),
        ("Иванова", "Several customers fit"),
    ],
)
def test_whom_nobody_or_several_fit_is_not_merged(
    other: str, words: str, story_clock: Any, retailer: Contact, browser: Browser
) -> None:
    mine = shopper(11)
    shopper(12)
    answer = press(browser("cc_operator"), "merge", mine.contact_id, other=other, reason="one person")
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_an_operator_lets_a_customer_leave_and_join_again(
    story_clock: Any, retailer: Contact, browser: Browser
) -> None:
    _, card = two(story_clock)
    client = browser("cc_operator")
    assert "Leave the programme" in page_of(client, card.contact_id)
    look = told(press(client, "leave", card.contact_id, reason="she asked"))
    assert "500.00 spendable points and 70.00 in escrow burn" in look
    assert press(client, "leave", card.contact_id, reason="she asked", **LOOKED).status_code == 302
    assert Card.objects.get(pk=card.pk).status == CardStatus.BLOCKED
    shown = page_of(client, card.contact_id)
    assert "Left the programme" in shown
    assert "/leave/" not in shown
    assert press(client, "enrol", card.contact_id, reason="again").status_code == 302
    assert Card.objects.get(pk=card.pk).status == CardStatus.ACTIVE
    assert press(client, "enrol", card.contact_id, reason="again").status_code == 422


def test_a_director_blocks_a_person_and_lets_them_spend_again(
    story_clock: Any, retailer: Contact, browser: Browser
) -> None:
    _, card = two(story_clock)
    client = browser("director", "boss")
    look = told(press(client, "block", card.contact_id, reason="stolen receipts"))
    assert "500.00 points wait" in look
    assert press(client, "block", card.contact_id, reason="stolen receipts", **LOOKED).status_code == 302
    assert Contact.objects.get(pk=card.contact_id).status == "blocked"
    with pytest.raises(CardStatusRefused, match="The customer is blocked: no bonuses can be spent"):
        buy(card, "A-3", "100.00", paid="40.00")
    buy(card, "A-4", "100.00")
    shown = page_of(client, card.contact_id)
    assert "Unblock the customer" in shown
    assert "Block the customer" not in shown
    assert press(client, "block", card.contact_id, reason="again", **LOOKED).status_code == 422
    assert press(client, "unblock", card.contact_id, reason="cleared up").status_code == 302
    buy(card, "A-5", "100.00", paid="40.00")
    told_of = JournalEntry.objects.filter(action__in=("contact.block", "contact.unblock")).order_by("id")
    assert [(each.action, each.actor, each.reason) for each in told_of] == [
        ("contact.block", "staff:boss", "stolen receipts"),
        ("contact.unblock", "staff:boss", "cleared up"),
    ]


@pytest.mark.parametrize("role", ["cc_operator", "marketer", "senior_employee"])
def test_others_block_cards_and_not_people(role: str, story_clock: Any, retailer: Contact, browser: Browser) -> None:
    _, card = two(story_clock)
    client = browser(role)
    assert press(client, "block", card.contact_id, reason="x").status_code == 403
    assert "Block the customer" not in page_of(client, card.contact_id)


def test_a_director_types_the_code_before_a_person_is_erased_for_good(
    story_clock: Any, retailer: Contact, browser: Browser
) -> None:
    _, card = two(story_clock)
    code = Contact.objects.get(pk=card.contact_id).code
    client = browser("director")
    look = told(press(client, "erase", card.contact_id, reason="a written request"))
    assert "This cannot be undone" in look
    assert "500.00 spendable points and 70.00 in escrow burn" in look
    wrong = press(client, "erase", card.contact_id, reason="a written request", confirmed="C1", **LOOKED)
    assert wrong.status_code == 422
    assert "This is not the customer&#x27;s code" in wrong.content.decode()
    assert "This will happen" in wrong.content.decode()
    assert Contact.objects.get(pk=card.contact_id).phone
    done = press(client, "erase", card.contact_id, reason="a written request", confirmed=code, **LOOKED)
    assert done.status_code == 302
    assert Contact.objects.get(pk=card.contact_id).phone is None
    shown = page_of(client, card.contact_id)
    assert "The personal data were erased for good on" in shown
    assert "Петрова" not in shown
    assert invariants.broken() == []


@pytest.mark.parametrize("role", ["cc_operator", "marketer", "senior_employee"])
def test_only_directors_and_administrators_erase(role: str, retailer: Contact, browser: Browser) -> None:
    assert press(browser(role), "erase", retailer.pk, reason="x", confirmed=retailer.code, **LOOKED).status_code == 403


def test_everything_held_is_handed_over_as_data_and_as_a_page(
    story_clock: Any, retailer: Contact, browser: Browser
) -> None:
    mine, theirs = two(story_clock)
    client = browser("cc_operator", "vera")
    press(client, "merge", mine.contact_id, other=theirs.number, reason="one person", **LOOKED)
    answer = press(client, "export", mine.contact_id, reason="she asked", wanted="json")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]
    held = json.loads(answer.content)
    assert [each["phone"] for each in held["person"]] == ["+79001230011", "+79001230012"]
    assert held["person"][1]["surname"] == "Петрова"
    assert {each["purchase_id"] for each in held["purchases"]} >= {"A-1", "A-2"}
    assert {each["amount"] for each in held["balances"] if each["account"] == "Spendable"} == {"500.00"}
    assert [(each["expires_first"], each["expires_at"]) for each in held["balances"]][:2] == [
        ("500.00", "2027-05-01T00:00:00+03:00"), (None, None),
    ]  # fmt: skip
    assert {each["number"] for each in held["cards"]} == {mine.number, theirs.number}
    assert {each["channel"] for each in held["consents"]} == {"email", "call"}
    assert "contact.merge" in {each["action"] for each in held["journal"]}

    shown = told(press(client, "export", mine.contact_id, reason="she asked", wanted="page"))
    for each in ("Петрова", "+79001230012", "A-1", mine.number, "Tea", "Goods of the purchases"):
        assert each in shown
    assert JournalEntry.objects.filter(action="contact.export", actor="staff:vera").count() == 2


def test_an_export_asks_as_often_whatever_the_history(story_clock: Any, retailer: Contact) -> None:
    card = shopper(11)
    contact = Contact.objects.get(pk=card.contact_id)
    counted = []
    for serial in range(2):
        for number in range(serial * 20 + 1):
            buy(card, f"M-{serial}-{number}")
        with CaptureQueriesContext(connection) as captured:
            personal_data.of(contact, ZoneInfo("Europe/Moscow"))
        counted.append(len(captured))
    assert counted[0] == counted[1] <= 40
    assert Purchase.objects.filter(contact=contact).count() == 22
