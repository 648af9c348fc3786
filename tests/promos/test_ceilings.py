"""Budgets and caps: what is given is counted, the last customer gets what is left, returns give room again."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.services.unit_of_work import unit_of_work
from promos import services
from promos.evaluation import evaluate, narrow
from promos.models import CustomerGrant, Promotion
from tests.factories import ContactFactory
from tests.promos.marketing import line, live, terms_of

pytestmark = pytest.mark.django_db


def buy(contact_id, amount="1000.00", **kept):
    """What add does: read, lock, evaluate again, count."""
    lines = [line(amount)]
    terms = narrow(lines, Decimal(0), kept.get("terms") or terms_of(contact_id))
    with transaction.atomic():
        terms = replace(terms, rules=services.lock_ceilings(contact_id, terms.rules))
        award = evaluate(lines, Decimal(0), terms)
        services.grant(contact_id, terms.rules, award.promotions)
    return award.promotions


def granted(promotion):
    return Promotion.objects.get(pk=promotion.pk).granted


def test_the_last_customer_gets_what_is_left_of_the_budget(story_clock):
    made = live(budget=Decimal(250))
    given = [buy(ContactFactory().pk).get(made.pk, 0) for _ in range(4)]
    assert given == [100, 100, 50, 0]
    assert granted(made) == 250


def test_a_cap_is_each_customers_own(story_clock):
    made = live(customer_cap=Decimal(150))
    anna, boris = ContactFactory().pk, ContactFactory().pk
    assert [buy(each).get(made.pk, 0) for each in (anna, anna, boris, anna)] == [100, 50, 100, 0]
    assert dict(CustomerGrant.objects.values_list("contact_id", "granted")) == {anna: 150, boris: 100}


def test_of_budget_and_cap_the_smaller_one_counts(story_clock):
    made = live(budget=Decimal(120), customer_cap=Decimal(80))
    anna, boris = ContactFactory().pk, ContactFactory().pk
    assert [buy(each).get(made.pk, 0) for each in (anna, anna, boris)] == [80, 0, 40]
    assert granted(made) == 120


def test_what_was_used_up_since_the_read_is_seen_under_the_lock(story_clock):
    made = live(budget=Decimal(100), stacks=False)
    second = live(kind="fixed", value=Decimal(30), stacks=False)
    anna, boris = ContactFactory().pk, ContactFactory().pk
    read_before = terms_of(boris)
    assert buy(anna) == {made.pk: 100}
    assert buy(boris, terms=read_before) == {second.pk: 30}, "the best of what is left"


def test_a_return_gives_room_again(story_clock):
    made = live(budget=Decimal(100), customer_cap=Decimal(100))
    unlimited = live()
    anna = ContactFactory().pk
    assert buy(anna) == {made.pk: 100, unlimited.pk: 100}
    with transaction.atomic():
        services.release(anna, {made.pk: Decimal(60), unlimited.pk: Decimal(60)})
    assert granted(made) == 40
    assert CustomerGrant.objects.get().granted == 40
    assert buy(anna)[made.pk] == 60


def test_more_does_not_come_back_than_was_given(story_clock):
    made = live(budget=Decimal(100))
    anna = ContactFactory().pk
    buy(anna, "500.00")
    with pytest.raises(IntegrityError), transaction.atomic():
        services.release(anna, {made.pk: Decimal("50.01")})


def test_promotions_without_limits_ask_nothing_of_the_database(story_clock, django_assert_num_queries):
    live()
    contact = ContactFactory().pk
    rules = terms_of(contact).rules
    with django_assert_num_queries(0):
        assert services.lock_ceilings(contact, rules) == rules
        services.grant(contact, rules, {rules[0].promotion_id: Decimal(5)})


def test_a_spent_budget_is_not_locked_any_more(story_clock):
    live(budget=Decimal(100))
    buy(ContactFactory().pk)
    with CaptureQueriesContext(connection) as captured:
        assert buy(ContactFactory().pk) == {}
    assert not [each["sql"] for each in captured if "FOR NO KEY UPDATE" in each["sql"]]


def test_ten_limited_promotions_are_locked_and_counted_in_three_statements_the_second_time(story_clock):
    for _ in range(10):
        live(budget=Decimal(1000), customer_cap=Decimal(500))
    contact = ContactFactory().pk
    buy(contact)
    terms = terms_of(contact)
    with CaptureQueriesContext(connection) as captured:
        buy(contact, terms=terms)
    statements = [each["sql"] for each in captured if not each["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) == 3


@pytest.mark.parametrize("table", ["promos_promotion", "promos_customergrant"])
def test_the_database_refuses_more_than_the_limit(table, story_clock):
    made = live(budget=Decimal(100), customer_cap=Decimal(100))
    contact = ContactFactory().pk
    buy(contact)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET granted = granted + 0.01")
    assert granted(made) == 100


@pytest.mark.django_db(transaction=True)
def test_a_purchase_that_fails_gives_its_part_back():
    made = live(budget=Decimal(100))
    contact = ContactFactory().pk
    rules = terms_of(contact).rules

    def fail():
        with unit_of_work():
            services.grant(contact, services.lock_ceilings(contact, rules), {made.pk: Decimal(100)})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert granted(made) == 0
