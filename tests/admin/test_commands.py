"""Buttons call the use cases of every other door, ask why, and leave a line in the journal."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cards.models import Card, CardStatus
from customers.models import Contact
from loyalty.ledger.models import PointAccount
from loyalty.models import ApiClient, JournalEntry, Program
from loyalty.services import api_clients
from tests.admin.conftest import Browser, shopper
from tiers.models import Tier

pytestmark = pytest.mark.django_db


def press(client: Client, model: str, command: str, pk: object, **form: Any) -> Any:
    return client.post(reverse(f"admin:{model}_{command}", args=[pk]), form)


def person_form(contact: Contact, **changed: str) -> dict[str, str]:
    """The form as a browser sends it back."""
    names = ("surname", "first_name", "patronymic", "email", "country_code", "locality", "sex", "phone")
    form = {name: getattr(contact, name) or "" for name in names}
    return form | {"birth_date": "1990-01-01", "reason": "the customer called"} | changed


def test_an_operator_edits_a_contact_and_the_journal_knows(retailer: Contact, browser: Browser) -> None:
    client = browser("cc_operator", "vera")
    form = person_form(retailer, surname="Сидорова", phone="8 (900) 765-43-21", email="")
    assert press(client, "customers_contact", "edit", retailer.pk, **form).status_code == 302
    retailer = Contact.objects.get(pk=retailer.pk)
    assert (retailer.surname, retailer.phone, retailer.email) == ("Сидорова", "+79007654321", "")
    entry = JournalEntry.objects.get(action="contact.update")
    assert (entry.actor, entry.role, entry.channel, entry.address) == (
        "staff:vera",
        "cc_operator",
        "admin",
        "127.0.0.1",
    )
    assert entry.reason == "the customer called"
    assert set(entry.details["fields"]) == {"surname", "phone", "email"}
    assert "Сидорова" not in str(entry.details), "the journal keeps names of fields, not personal data"


def test_nothing_is_edited_without_a_reason(retailer: Contact, browser: Browser) -> None:
    client = browser("cc_operator")
    answer = press(client, "customers_contact", "edit", retailer.pk, **person_form(retailer, surname="X", reason=" "))
    assert answer.status_code == 422
    assert "Write down why." in answer.content.decode()
    assert not JournalEntry.objects.filter(action="contact.update").exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("phone", "12", "Write it with the country code"),
        ("email", "nonsense", "name@example.com"),
        ("birth_date", "2990-01-01", "check the year"),
        ("phone", "+79001239999", "Another customer has this phone"),
    ],
)
def test_a_refusal_says_what_to_do(field: str, value: str, words: str, retailer: Contact, browser: Browser) -> None:
    shopper(9999)
    form = person_form(retailer, **{field: value})
    answer = press(browser("cc_operator"), "customers_contact", "edit", retailer.pk, **form)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_data_that_now_suffice_activate_the_card(story_clock: object, browser: Browser) -> None:
    card = shopper(birth_date=None)
    assert card.status == CardStatus.ISSUED
    assert card.contact is not None
    press(browser("cc_operator"), "customers_contact", "edit", card.contact_id, **person_form(card.contact))
    assert Card.objects.get(pk=card.pk).status == CardStatus.ACTIVE


def test_a_new_card_is_issued_and_cannot_be_activated_unbound(retailer: Contact, browser: Browser) -> None:
    client = browser("cc_operator", "vera")
    card = Card.objects.get(status=CardStatus.NEW)
    assert press(client, "cards_card", "issue", card.pk, reason="sold at the counter").status_code == 302
    card = Card.objects.get(pk=card.pk)
    assert card.status == CardStatus.ISSUED
    entry = JournalEntry.objects.get(action="card.issue", actor="staff:vera")
    assert (entry.target, entry.reason) == (card.number, "sold at the counter")
    answer = press(client, "cards_card", "activate", card.pk, reason="asked for")
    assert answer.status_code == 422
    assert "not bound" in answer.content.decode()


def test_an_active_card_is_not_issued_again(retailer: Contact, browser: Browser) -> None:
    card = Card.objects.get(contact=retailer)
    answer = press(browser("cc_operator"), "cards_card", "issue", card.pk, reason="again")
    assert answer.status_code == 422
    assert "Active already" in answer.content.decode()


def test_the_secret_of_an_api_client_is_shown_once(db: None, browser: Browser) -> None:
    client = browser("administrator", "root")
    form = {"surface": "cash_desk", "login": "till-7", "role": "till"}
    answer = client.post(reverse("admin:loyalty_apiclient_add"), form)
    secret = shown_secret(answer)
    made = ApiClient.objects.get(login="till-7")
    assert api_clients.matches(made, secret)
    assert "no-store" in answer["Cache-Control"]
    page = client.get(reverse("admin:loyalty_apiclient_change", args=[made.pk])).content.decode()
    listed = client.get(reverse("admin:loyalty_apiclient_changelist")).content.decode()
    for html in (page, listed):
        assert made.secret_prefix in html
        assert secret not in html
        assert made.secret_digest not in html
    entry = JournalEntry.objects.get(action="api_client.create")
    assert entry.actor == "staff:root"
    assert secret not in str(entry.details)


def test_an_api_client_is_renewed_and_switched_and_never_deleted(db: None, browser: Browser) -> None:
    client = browser("administrator")
    made, old = api_clients.create(actor=_system(), surface="koshelek", login="app")
    new = shown_secret(press(client, "loyalty_apiclient", "renew", made.pk))
    made.refresh_from_db()
    assert api_clients.matches(made, new)
    assert not api_clients.matches(made, old)
    for command, active in (("switch-off", False), ("switch-on", True)):
        press(client, "loyalty_apiclient", command, made.pk)
        made.refresh_from_db()
        assert made.active is active
    assert client.post(reverse("admin:loyalty_apiclient_delete", args=[made.pk]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"surface": "cash_desk", "login": "x", "role": ""}, "needs one"),
        ({"surface": "koshelek", "login": "x", "role": "till"}, "Leave the role empty"),
        ({"surface": "koshelek", "login": "a b", "role": ""}, "Letters, digits and dashes"),
        ({"surface": "koshelek", "login": "taken", "role": ""}, "already"),
    ],
)
def test_a_wrong_api_client_is_refused_in_words(form: dict[str, str], words: str, browser: Browser) -> None:
    api_clients.create(_system(), surface="koshelek", login="taken")
    answer = browser("administrator").post(reverse("admin:loyalty_apiclient_add"), form)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_marketer_changes_a_tier(retailer: Contact, browser: Browser) -> None:
    silver = Tier.objects.get(name="Silver")
    form = {
        "name": "Silver",
        "target": "1500",
        "multiplier": "1.25",
        "expiry_policy": "next_year_end",
        "reason": "spring",
    }
    assert press(browser("marketer"), "tiers_tier", "edit", silver.pk, **form).status_code == 302
    silver.refresh_from_db()
    assert (silver.target, silver.multiplier) == (1500, pytest.approx(1.25))
    entry = JournalEntry.objects.get(action="tier.change")
    assert entry.details["changes"]["target"] == ["2000.00", "1500"]
    assert entry.reason == "spring"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"target": "99999"}, "must rise"),
        ({"target": ""}, "needs a target"),
        ({"multiplier": "0"}, "above zero"),
        ({"expiry_policy": "days"}, "how many days"),
        ({"expiry_days": "5"}, "Empty this"),
        ({"name": "Gold"}, "already exists"),
    ],
)
def test_an_impossible_tier_is_refused(
    changed: dict[str, str], words: str, retailer: Contact, browser: Browser
) -> None:
    silver = Tier.objects.get(name="Silver")
    form = {"name": "Silver", "target": "1500", "multiplier": "1", "expiry_policy": "next_year_end", "reason": "x"}
    answer = press(browser("marketer"), "tiers_tier", "edit", silver.pk, **(form | changed))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    silver.refresh_from_db()
    assert silver.target == 2000


def settings_form(client: Client) -> dict[str, Any]:
    form = client.get(reverse("admin:loyalty_program_change", args=[1])).context["form"]
    return {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}


def test_an_administrator_changes_the_settings_and_the_names_of_accounts(db: None, browser: Browser) -> None:
    client = browser("administrator", "root")
    form = settings_form(client) | {
        "escrow_days": "14",
        "zone": "Asia/Omsk",
        "name_1": "Bonuses",
        "sufficiency": ["phone"],
    }
    assert client.post(reverse("admin:loyalty_program_change", args=[1]), form).status_code == 302
    settings = Program.objects.get()
    assert (settings.escrow_days, settings.zone, settings.sufficiency) == (14, "Asia/Omsk", ["phone"])
    assert PointAccount.objects.get(code=1).name == "Bonuses"
    entry = JournalEntry.objects.get(action="settings.change")
    assert entry.actor == "staff:root"
    assert entry.details["escrow_days"] == ["30", "14"]
    assert "earn_rate" not in entry.details


@pytest.mark.parametrize(("name", "value"), [
    ("earn_rate", "-1"), ("spending_share", "101"), ("zone", "Mars/Base"), ("sufficiency", ["shoe_size"]),
    ("name_1", ""), ("escrow_days", "9999"), ("expiry_months", "0"),
])  # fmt: skip
def test_impossible_settings_are_refused(name: str, value: Any, db: None, browser: Browser) -> None:
    client = browser("administrator")
    answer = client.post(reverse("admin:loyalty_program_change", args=[1]), settings_form(client) | {name: value})
    assert answer.status_code == 422
    assert not JournalEntry.objects.filter(action="settings.change").exists()


def test_a_form_of_another_site_is_refused(retailer: Contact, browser: Browser) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser("cc_operator").cookies
    assert press(strict, "customers_contact", "edit", retailer.pk, **person_form(retailer)).status_code == 403


def shown_secret(answer: Any) -> str:
    match = re.search(r'id="secret"[^>]*>([^<]+)<', answer.content.decode())
    assert match, answer.status_code
    return match[1]


def _system() -> Any:
    from tests.admin.conftest import SYSTEM

    return SYSTEM
