"""Customers are found the way callers name themselves."""

import pytest
from django.db import connection
from django.urls import reverse

from cards.models import Card
from customers.models import Contact
from tests.admin.conftest import Browser, buy, shopper

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(story_clock: object) -> Card:
    card = shopper(4567, external_id="CRM-77")
    buy(card, "R-9")
    shopper(9999, surname="Петрова", first_name="Ольга")
    return card


def found(browser: Browser, model: str, text: str) -> list[str]:
    client = browser("cc_operator")
    response = client.get(reverse(f"admin:{model}_changelist"), {"q": text})
    assert response.status_code == 200
    return [str(each) for each in response.context["cl"].result_list]


@pytest.mark.parametrize(
    "text",
    [
        "+79001234567",
        "8 (900) 123-45-67",
        "9001234567",
        "+7 900 123 45 67",
        "иванова",
        "ИВАНОВА",
        "Иван",
        "Иванова Анна",
        "анна иванова",
        "anna4567@EXAMPLE.com",
        "CRM-77",
    ],
)
def test_a_contact_is_found_by(text: str, anna: Card, browser: Browser) -> None:
    assert found(browser, "customers_contact", text) == ["Иванова Анна"]


def test_a_contact_is_found_by_code_and_card_number(anna: Card, browser: Browser) -> None:
    assert anna.contact is not None
    client = browser("cc_operator")
    for text in (anna.contact.code, anna.contact.code.lower(), anna.number, f" {anna.number} "):
        response = client.get(reverse("admin:customers_contact_changelist"), {"q": text})
        assert [each.pk for each in response.context["cl"].result_list] == [anna.contact_id], text


@pytest.mark.parametrize("text", ["%", "_", "' OR 1=1 --", "x\x7f", "9" * 400, "Nobody", "+", "()", "C123"])
def test_odd_texts_find_nobody_and_break_nothing(text: str, anna: Card, browser: Browser) -> None:
    assert found(browser, "customers_contact", text) == []


@pytest.mark.parametrize(("model", "text", "hits"), [
    ("cards_card", "8 900 123 45 67", 1),
    ("cards_card", "Иванова", 1),
    ("loyalty_purchase", "R-9", 1),
    ("loyalty_purchase", "8 900 123 45 67", 1),
    ("loyalty_purchase", "Петрова", 0),
    ("ledger_operation", "8 900 123 45 67", 1),
    ("ledger_lot", "Иванова", 2),
    ("ledger_bonusbalance", "+79001234567", 4),
    ("customers_consent", "+79001234567", 2),
    ("tiers_standing", "+79001234567", 1),
])  # fmt: skip
def test_what_belongs_to_a_customer_is_found_by_the_customer(
    model: str, text: str, hits: int, anna: Card, browser: Browser
) -> None:
    assert len(found(browser, model, text)) == hits


def test_cards_and_purchases_are_found_by_card_number(anna: Card, browser: Browser) -> None:
    client = browser("cc_operator")
    for model in ("cards_card", "loyalty_purchase"):
        response = client.get(reverse(f"admin:{model}_changelist"), {"q": anna.number})
        assert len(response.context["cl"].result_list) == 1


@pytest.mark.parametrize("text", ["Иванова", "8 900 123 45 67", "anna@example.com"])
def test_finding_goes_through_indexes(text: str, anna: Card) -> None:
    from loyalty.admin import search

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Contact.objects.filter(search.contact_condition(text)).order_by().explain()
    assert "Seq Scan" not in plan, plan
