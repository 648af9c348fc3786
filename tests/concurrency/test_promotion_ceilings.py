"""Many tills give by the same promotion at once: a budget and a customer's cap are met to the last hundredth."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection

from loyalty.services import promotions
from loyalty.services.unit_of_work import unit_of_work
from promos import services
from promos.evaluation import Rule, evaluate, narrow
from promos.models import CustomerGrant, Promotion
from tests.concurrency.threads import Meeting, meanwhile, race, wait_for_waiting
from tests.factories import ContactFactory
from tests.promos.marketing import MARKETER, line, live, terms_of

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def award(contact_id: int, amount: str = "1000.00") -> Callable[[], dict[int, Decimal]]:
    """What add does with promotions, in a transaction of its own; the terms were read before the race."""
    lines = [line(amount)]
    terms = narrow(lines, Decimal(0), terms_of(contact_id))

    def act() -> dict[int, Decimal]:
        with unit_of_work():
            under_lock = replace(terms, rules=services.lock_ceilings(contact_id, terms.rules))
            points = evaluate(lines, Decimal(0), under_lock).promotions
            services.grant(contact_id, under_lock.rules, points)
        return points

    return act


def given(answers: list[Any]) -> list[Decimal]:
    for each in answers:
        if isinstance(each, Exception):
            raise each
    return sorted(sum(each.values(), Decimal(0)) for each in answers)


def granted(promotion: Promotion) -> Decimal:
    return Promotion.objects.get(pk=promotion.pk).granted


def look_without_locking(_contact_id: int, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """What lock_ceilings would be if it only looked."""
    return rules


def test_six_customers_share_a_budget_of_two_and_a_half() -> None:
    made = live(budget=Decimal(250))
    answers = race(*(award(ContactFactory().pk) for _ in range(6)))
    assert given(answers) == [0, 0, 0, 50, 100, 100]
    assert granted(made) == 250


def test_one_customer_at_six_tills_gets_the_cap_and_no_more() -> None:
    made = live(customer_cap=Decimal(250))
    contact = ContactFactory().pk
    answers = race(*(award(contact) for _ in range(6)))
    assert given(answers) == [0, 0, 0, 50, 100, 100]
    assert CustomerGrant.objects.get().granted == 250
    assert granted(made) == 0, "without a budget the promotion's own row is not counted on: nobody queues there"


def test_several_promotions_are_locked_in_one_order_whoever_comes() -> None:
    for _ in range(4):
        live(budget=Decimal(100_000), customer_cap=Decimal(10_000))
    contacts = [ContactFactory().pk for _ in range(3)]
    answers = race(*(award(contact) for contact in contacts * 2))
    assert given(answers) == [400] * 6
    assert list(Promotion.objects.values_list("granted", flat=True)) == [600] * 4


def test_who_waited_for_the_lock_evaluates_with_what_is_left() -> None:
    best, second = (
        live(budget=Decimal(100), stacks=False),
        live(kind="fixed", value=Decimal(30), stacks=False),
    )
    act = award(ContactFactory().pk)
    hold = "UPDATE promos_promotion SET granted = 100 WHERE id = %s"
    with meanwhile(hold, [best.pk], act) as answers:
        wait_for_waiting()
    assert answers == [{second.pk: 30}]


def test_a_cap_alone_lets_customers_pass_each_other() -> None:
    """While somebody holds the promotion's row, another customer is not kept waiting for it."""
    made = live(customer_cap=Decimal(100))
    first, second = (award(ContactFactory().pk) for _ in range(2))
    hold = "SELECT 1 FROM promos_promotion WHERE id = %s FOR NO KEY UPDATE"
    with meanwhile(hold, [made.pk], first) as answers:
        assert given(race(second)) == [100]
    assert given(answers) == [100]


def test_returns_and_purchases_at_once_keep_the_count() -> None:
    made = live(budget=Decimal(500))
    contacts = [ContactFactory().pk for _ in range(5)]
    given(race(*(award(contact) for contact in contacts)))

    def give_back(contact_id: int) -> Callable[[], dict[int, Decimal]]:
        def act() -> dict[int, Decimal]:
            with unit_of_work():
                services.release(contact_id, {made.pk: Decimal(100)})
            return {}

        return act

    newcomers = race(give_back(contacts[0]), give_back(contacts[1]), *(award(ContactFactory().pk) for _ in range(2)))
    assert granted(made) == 300 + sum(given(newcomers))


def test_two_people_press_the_button_and_one_period_opens() -> None:
    made = live()
    promotions.pause(MARKETER, made.pk, "so")
    answers = race(*(lambda: promotions.go_live(MARKETER, made.pk, "so") for _ in range(2)))
    assert sorted(type(each).__name__ for each in answers) == ["Promotion", "PromotionStatusRefused"]
    assert made.live_periods.count() == 2


@pytest.mark.negative_control
def test_without_the_lock_the_database_has_to_stop_an_overrun_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is real: both see 150 left. Then a CHECK refuses one customer, who should have got the last 50."""
    made = live(budget=Decimal(150))
    acts = [award(ContactFactory().pk) for _ in range(2)]
    monkeypatch.setattr(services, "lock_ceilings", Meeting().after(look_without_locking))
    answers = race(*acts)
    assert [type(each) for each in answers].count(IntegrityError) == 1
    assert granted(made) == 100


@pytest.mark.negative_control
@pytest.mark.parametrize(("limit", "table", "constraint"), [
    ("budget", "promos_promotion", "promotion_within_budget"),
    ("customer_cap", "promos_customergrant", "customer_grant_within_cap"),
])  # fmt: skip
def test_without_locks_and_checks_more_is_given_than_there_is(
    limit: str, table: str, constraint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The damage itself: what a plain read followed by a write does, guards off."""
    made = live(**{limit: Decimal(150)})
    contact = ContactFactory().pk
    if limit == "customer_cap":
        CustomerGrant.objects.create(contact_id=contact, promotion=made, cap=Decimal(150))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [constraint])
        definition = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
    try:
        acts = [award(contact) for _ in range(2)]
        monkeypatch.setattr(services, "lock_ceilings", Meeting().after(look_without_locking))
        assert given(race(*acts)) == [100, 100]
        counted = granted(made) if limit == "budget" else CustomerGrant.objects.get().granted
        assert counted == 200
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {definition} NOT VALID")
