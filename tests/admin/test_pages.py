"""What people see: the person at a glance, in their language, with the clock that counts."""

from datetime import datetime, timedelta

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from cards.models import Card
from config.test_clock import TestClockBanner
from customers.models import Contact
from loyalty.ledger.models import Operation
from loyalty.models import Purchase
from tests.admin.conftest import Browser
from tests.admin.test_rights import address, pages, pk_of
from tests.conftest import MOSCOW, MovingClock
from tests.ledger import books

pytestmark = pytest.mark.django_db


def glance(client: Client, contact: Contact) -> dict[str, str]:
    page = client.get(reverse("admin:customers_contact_change", args=[contact.pk])).context["page"]
    return {str(tile.label): str(tile.value) for tile in page.tiles}


def test_balances_are_what_the_clock_decides(retailer: Contact, story_clock: MovingClock, browser: Browser) -> None:
    client = browser("cc_operator")
    before = glance(client, retailer)
    assert (before["Spendable"], before["Spendable escrow"]) == ("0.00", "100.00")
    story_clock.forward(days=30)
    after = glance(client, retailer)
    assert (after["Spendable"], after["Spendable escrow"], after["Tier-qualifying"]) == ("100.00", "0.00", "100.00")
    assert not Operation.objects.filter(kind="rollover").exists(), "no job has run, and reading books nothing"
    story_clock.forward(days=500)
    assert glance(client, retailer)["Burned"] == "100.00"


def test_the_last_day_of_points_is_the_one_that_the_till_tells(
    retailer: Contact, story_clock: MovingClock, browser: Browser
) -> None:
    books.adjust(retailer.pk, 10, expires_at=datetime(2026, 5, 1, tzinfo=MOSCOW))
    page = browser("cc_operator").get(reverse("admin:customers_contact_change", args=[retailer.pk])).context["page"]
    assert page.tiles[0].note == "10.00 can be spent up to and including 30 Apr 2026"


def test_a_contact_at_a_glance(retailer: Contact, browser: Browser) -> None:
    html = browser("cc_operator").get(reverse("admin:customers_contact_change", args=[retailer.pk])).content.decode()
    card = Card.objects.get(contact=retailer)
    for part in (retailer.code, "+79001230001", card.number, "Base", "R-1", "Accrual", "email", "Active"):
        assert part in html, part


def test_a_purchase_shows_its_lines_and_the_ledger_what_it_wrote(retailer: Contact, browser: Browser) -> None:
    client = browser("marketer")
    purchase = Purchase.objects.get()
    html = client.get(reverse("admin:loyalty_purchase_change", args=[purchase.pk])).content.decode()
    assert "Tea" in html
    assert "Coffee" in html
    html = client.get(reverse("admin:ledger_operation_change", args=[purchase.accrual_id])).content.decode()
    for part in ("Issued", "Spendable escrow", "Tier-qualifying escrow", "100.00"):
        assert part in html


def test_the_card_says_what_keeps_it_from_being_active(retailer: Contact, browser: Browser) -> None:
    from tests.admin.conftest import shopper

    card = shopper(2, birth_date=None)
    html = browser("cc_operator").get(reverse("admin:cards_card_change", args=[card.pk])).content.decode()
    assert "personal data are missing: birth date" in html


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_opens_in_both_languages(language: str, retailer: Contact, person: object, browser: Browser) -> None:
    client = browser("administrator")
    for page in pages():
        for path in (address(page, "changelist"), address(page, "change", pk_of(page))):
            answer = client.get(path, headers={"Accept-Language": language}, follow=True)
            assert answer.status_code == 200, path
            assert f'lang="{language}"' in answer.content.decode()


def test_a_russian_browser_reads_russian(retailer: Contact, browser: Browser) -> None:
    client = browser("administrator")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ru"
    words = {
        reverse("admin:index"): ("Найти покупателя", "Последние покупки", "Настройки продавца"),
        reverse("admin:customers_contact_change", args=[retailer.pk]): (
            "Изменить личные данные",
            "Статусные",
            "Активна",
        ),
        reverse("admin:loyalty_program_change", args=[1]): ("Часовой пояс", "Дата рождения", "Сохранить"),
        reverse("admin:loyalty_apiclient_add"): ("Кошелёк", "Логин"),
        reverse("admin:customers_contact_changelist"): ("Телефон", "Фильтры", "Активен"),
    }
    for path, expected in words.items():
        html = client.get(path).content.decode()
        assert [word for word in expected if word not in html] == [], path
    answer = client.post(reverse("admin:customers_contact_edit", args=[retailer.pk]), {"surname": "X"})
    assert "Напишите причину." in answer.content.decode()


def test_a_page_of_something_that_is_not_there_leads_to_the_list(retailer: Contact, browser: Browser) -> None:
    for pk in ("999999", "abc", "1%00", "-1", "9" * 40):
        answer = browser("administrator", f"p{abs(hash(pk)) % 99999}").get(f"/admin/customers/contact/{pk}/change/")
        assert answer.status_code == 302, pk


def test_times_are_in_the_zone_of_the_retailer(retailer: Contact, browser: Browser) -> None:
    purchase = Purchase.objects.get()
    html = browser("marketer").get(reverse("admin:loyalty_purchase_change", args=[purchase.pk])).content.decode()
    assert "2 Mar 2026, 12:00" in html


def test_every_page_says_that_the_test_clock_is_on(retailer: Contact, browser: Browser) -> None:
    client = browser("administrator")
    with override_settings(CLOCK_OFFSET=timedelta(days=31)):
        for path in (reverse("admin:index"), reverse("admin:cards_card_changelist")):
            html = client.get(path).content.decode()
            tag = html[html.index("<body") : html.index('<div id="test-clock"')]
            assert tag.count('"') % 2 == 0, "the line stands behind the tag, not inside one of its attributes"
            assert tag.endswith(">")
        client.logout()
        assert 'id="test-clock"' in client.get(reverse("admin:login")).content.decode()


def test_without_a_test_clock_no_page_speaks_of_one(browser: Browser) -> None:
    assert 'id="test-clock"' not in browser("administrator").get(reverse("admin:index")).content.decode()
    assert TestClockBanner.__test__ is False
