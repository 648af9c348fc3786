"""A purchase earns by what was live at its own moment, whenever it is uploaded, and what is gathered costs little."""

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty.models import Program
from loyalty.services import promotions
from promos.models import CustomerGrant, LivePeriod
from tests.factories import ContactFactory
from tests.promos.marketing import MARKETER, draft, live, moscow, terms_of

pytestmark = pytest.mark.django_db


def names(contact_id, moment=None, **given):
    return [rule.name for rule in terms_of(contact_id, moment, **given).rules]


def test_paused_at_noon_it_is_not_for_half_past_twelve_but_for_a_late_half_past_eleven(story_clock):
    contact = ContactFactory().pk
    story_clock.set(moscow(2026, 3, 2, 10, 0))
    made = live(name="Morning")
    story_clock.set(moscow(2026, 3, 2, 12, 0))
    promotions.pause(MARKETER, made.pk, "stock is out")
    story_clock.set(moscow(2026, 3, 2, 15, 0))
    assert names(contact, moscow(2026, 3, 2, 9, 59, 59)) == []
    assert names(contact, moscow(2026, 3, 2, 10, 0)) == ["Morning"]
    assert names(contact, moscow(2026, 3, 2, 11, 30)) == ["Morning"]
    assert names(contact, moscow(2026, 3, 2, 12, 0)) == []
    assert names(contact, moscow(2026, 3, 2, 12, 30)) == []
    promotions.go_live(MARKETER, made.pk, "stock is back")
    assert names(contact, moscow(2026, 3, 2, 14, 0)) == [], "the pause stays a pause"
    assert names(contact) == ["Morning"]
    promotions.end(MARKETER, made.pk, "enough")
    assert names(contact) == []
    assert names(contact, moscow(2026, 3, 2, 11, 30)) == ["Morning"]


def test_dates_end_it_by_the_clock_without_a_job(story_clock):
    contact = ContactFactory().pk
    live(name="Day", starts_at=story_clock.moment + timedelta(hours=1), ends_at=story_clock.moment + timedelta(hours=2))
    found = [names(contact, story_clock.moment + timedelta(minutes=minutes)) for minutes in (59, 60, 119, 120)]
    assert found == [[], ["Day"], ["Day"], []]


def test_a_draft_earns_nothing():
    draft()
    assert names(ContactFactory().pk) == []


def test_hours_are_those_of_the_retailers_zone(story_clock):
    contact = ContactFactory().pk
    live(name="Noon", hour_from=12, hour_until=13)
    assert names(contact) == ["Noon"]
    Program.objects.update(zone="Asia/Vladivostok")
    assert names(contact) == []


def test_exclusions_and_rate_come_from_the_settings():
    Program.objects.update(excluded_categories=["Tobacco"], earn_rate=Decimal("0.5"))
    terms = terms_of(ContactFactory().pk)
    assert (terms.excluded, terms.earn_rate) == (frozenset({"tobacco"}), Decimal("0.5"))


def test_birthday_and_store_and_first_purchase(story_clock):
    contact = ContactFactory()
    live(name="Birthday", birthday_days=3)
    live(name="Here", stores=["0001"])
    live(name="First", first_purchase=True)
    assert names(contact.pk) == ["Here"]
    assert names(contact.pk, birth_date=moscow(1990, 3, 5).date(), store="0002") == ["Birthday"]
    assert names(contact.pk, first_purchase=lambda: True) == ["Here", "First"]


def test_first_purchase_is_asked_once_however_many_promotions_need_it(story_clock):
    asked = []
    for _ in range(3):
        live(first_purchase=True)
    assert len(names(ContactFactory().pk, first_purchase=lambda: asked.append(1) or True)) == 3
    assert len(asked) == 1


@pytest.mark.parametrize("count", [0, 1, 10])
def test_terms_cost_one_statement_beside_the_settings(count, story_clock, django_assert_num_queries):
    contact = ContactFactory().pk
    for _ in range(count):
        live(budget=Decimal(100))
    with django_assert_num_queries(2):
        terms_of(contact)


def test_a_cap_per_customer_costs_one_more(story_clock, django_assert_num_queries):
    contact = ContactFactory().pk
    made = [live(customer_cap=Decimal(100)) for _ in range(3)]
    CustomerGrant.objects.create(contact_id=contact, promotion=made[0], granted=Decimal(40), cap=Decimal(100))
    with django_assert_num_queries(3):
        assert [rule.ceiling for rule in terms_of(contact).rules] == [60, 100, 100]


def test_many_periods_are_one_promotion(story_clock):
    made = live(name="On and off")
    for _ in range(5):
        story_clock.forward(minutes=1)
        promotions.pause(MARKETER, made.pk, "off")
        story_clock.forward(minutes=1)
        promotions.go_live(MARKETER, made.pk, "on")
    assert LivePeriod.objects.count() == 6
    assert names(ContactFactory().pk) == ["On and off"]
    assert names(ContactFactory().pk, story_clock.moment - timedelta(seconds=90)) == ["On and off"]
    assert names(ContactFactory().pk, story_clock.moment - timedelta(seconds=30)) == []
