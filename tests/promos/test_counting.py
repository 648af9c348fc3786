"""Receipts and codes are limited by how often as well: in all, for one customer, beside budget and cap."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from promos import services
from promos.models import CustomerGrant, Promotion
from tests.factories import ContactFactory
from tests.promos.marketing import coded

pytestmark = pytest.mark.django_db


def use(contact_id, promotion, *, most=None):
    """What a use case does: look under lock, give what is left, count it. None when nothing is left."""
    with transaction.atomic():
        (allowance,) = services.lock_counted(contact_id, [Promotion.objects.get(pk=promotion.pk)], most=most)
        if not (allowance.open_for_all and allowance.open_for_customer):
            return None
        ceiling = allowance.ceiling
        points = promotion.value if ceiling is None else min(promotion.value, ceiling)
        services.count_uses(contact_id, [(allowance, points)])
    return points


def counted(promotion):
    return Promotion.objects.values_list("granted", "used").get(pk=promotion.pk)


def test_a_total_count_is_met_exactly():
    made = coded(total_count=2)
    assert [use(ContactFactory().pk, made) for _ in range(3)] == [100, 100, None]
    assert counted(made) == (0, 2)


def test_a_customer_count_is_each_customers_own():
    made = coded(customer_count=2)
    anna, boris = ContactFactory().pk, ContactFactory().pk
    assert [use(each, made) for each in (anna, anna, anna, boris)] == [100, 100, None, 100]
    assert dict(CustomerGrant.objects.values_list("contact_id", "count")) == {anna: 2, boris: 1}


def test_the_last_use_gets_what_budget_and_cap_leave():
    made = coded(budget=Decimal(250), customer_cap=Decimal(130), customer_count=5, total_count=9)
    anna, boris = ContactFactory().pk, ContactFactory().pk
    assert [use(each, made) for each in (anna, anna, anna, boris, boris)] == [100, 30, None, 100, 20]
    assert counted(made) == (250, 4)


def test_a_limit_that_the_caller_brings_holds_where_the_promotion_says_nothing():
    anna = ContactFactory().pk
    silent, spoken = coded(), coded(customer_count=2)
    assert [use(anna, silent, most=1) for _ in range(2)] == [100, None]
    assert [use(anna, silent) for _ in range(2)] == [100, 100], "another way of using it is not limited, nor counted"
    assert [use(anna, spoken, most=1) for _ in range(3)] == [100, 100, None]
    assert CustomerGrant.objects.get(promotion=silent).count == 1


def test_a_cap_counted_first_gets_its_number_of_times_later():
    made, anna = coded(customer_cap=Decimal(500)), ContactFactory().pk
    use(anna, made)
    use(anna, made, most=1)
    held = CustomerGrant.objects.get()
    assert (held.granted, held.count, held.most, held.cap) == (200, 1, 1, 500)
    with pytest.raises(IntegrityError, match="customer_grant_within_count"), transaction.atomic():
        CustomerGrant.objects.update(count=2)


def test_what_is_taken_back_may_be_given_again():
    made, anna = coded(budget=Decimal(100), customer_count=1, total_count=1), ContactFactory().pk
    assert [use(anna, made) for _ in range(2)] == [100, None]
    with transaction.atomic():
        services.release(anna, {made.pk: Decimal(100)}, times=1)
    assert counted(made) == (0, 0)
    assert use(anna, made) == 100


def test_without_limits_nothing_is_locked_or_counted():
    made, anna = coded(), ContactFactory().pk
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        (allowance,) = services.lock_counted(anna, [made])
        services.count_uses(anna, [(allowance, Decimal(100))])
    assert [each["sql"] for each in captured.captured_queries if "SAVEPOINT" not in each["sql"]] == []


def test_the_statements_do_not_grow_with_the_promotions():
    anna = ContactFactory().pk

    def statements(number):
        made = [coded(total_count=9, customer_count=3, budget=Decimal(900)) for _ in range(number)]
        for _ in range(2):  # the first time the grants are made
            with CaptureQueriesContext(connection) as captured, transaction.atomic():
                found = services.lock_counted(anna, made)
                services.count_uses(anna, [(each, Decimal(100)) for each in found])
        return [each["sql"] for each in captured.captured_queries if "SAVEPOINT" not in each["sql"]]

    assert len(statements(1)) == len(statements(6)) == 3


@pytest.mark.parametrize("change", [{"used": 3}, {"granted": Decimal("250.01")}])
def test_the_database_itself_holds_what_is_limited_for_all(change):
    made = coded(total_count=2, budget=Decimal(250))
    with pytest.raises(IntegrityError), transaction.atomic():
        Promotion.objects.filter(pk=made.pk).update(**change)
