"""Two purchases at once at a bound of one: real transactions, one connection each."""

from decimal import Decimal

import pytest
from django.db import connection

from loyalty.models import JournalEntry, LimitUse, Purchase
from loyalty.services import limits
from tests.concurrency.threads import Meeting, race
from tests.limits.conftest import buy, rich_card, set_limit

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

# The same decision made in separate steps: read, then write.
_READ = """
SELECT coalesce(max(stored.count), 0) FROM loyalty_limituse stored
WHERE scope = %s AND what = %s
"""


@pytest.fixture
def two_cards():
    return rich_card("one"), rich_card("two")


def outcomes(answers):
    return sorted(type(each).__name__ for each in answers)


@pytest.mark.parametrize("scope", ["till", "cashier"])
def test_of_two_purchases_of_two_cards_at_a_bound_of_one_exactly_one_passes(scope, two_cards):
    set_limit(scope, "accruals", "count", hard=1)
    one, two = two_cards
    assert outcomes(race(lambda: buy(one, "a"), lambda: buy(two, "b"))) == ["Credited", "LimitExceeded"]
    assert Purchase.objects.filter(purchase_id__in=("a", "b")).count() == 1
    assert LimitUse.objects.get().count == 1


def test_of_two_spends_of_one_card_at_a_bound_of_one_exactly_one_passes(two_cards):
    set_limit("card", "spends", "count", hard=1)
    card = two_cards[0]
    answers = race(lambda: buy(card, "a", bonuses=5), lambda: buy(card, "b", bonuses=5))
    assert outcomes(answers) == ["Credited", "LimitExceeded"]


def test_eight_tills_share_an_amount_without_losing_a_point_of_it(two_cards):
    set_limit("till", "accruals", "amount", hard=350)
    one, two = two_cards
    answers = race(*(lambda n=n: buy((one, two)[n % 2], f"p{n}") for n in range(8)))
    assert outcomes(answers) == ["Credited"] * 3 + ["LimitExceeded"] * 5
    assert LimitUse.objects.get().amount == 300


def test_many_at_once_beyond_the_soft_bound_write_one_alert(two_cards):
    set_limit("till", "accruals", "count", soft=1)
    one, two = two_cards
    answers = race(*(lambda n=n: buy((one, two)[n % 2], f"p{n}") for n in range(6)))
    assert outcomes(answers) == ["Credited"] * 6
    assert JournalEntry.objects.filter(action="limit.soft_exceeded").count() == 1


@pytest.mark.negative_control
def test_counting_in_steps_would_let_both_pass(two_cards, monkeypatch):
    """Read, decide, write: what one statement on a locked row is there to prevent."""
    set_limit("till", "accruals", "count", hard=1)
    one, two = two_cards
    monkeypatch.setattr(limits, "_count", Meeting().after(count_in_steps))
    answers = race(lambda: buy(one, "a"), lambda: buy(two, "b"))
    assert outcomes(answers) == ["Credited", "Credited"]
    assert Purchase.objects.filter(purchase_id__in=("a", "b")).count() == 2


def count_in_steps(_subjects, _acts, _day):
    with connection.cursor() as cursor:
        cursor.execute(_READ, ["till", "accruals"])
        before = cursor.fetchone()[0]
    used = limits._Used(0, "till", "x", "accruals", "count", Decimal(before + 1), False, None, Decimal(1))
    return [used]
