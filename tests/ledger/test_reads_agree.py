"""A read before the job and a read after it say the same: the clock decides, not the job."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from loyalty.core import clock
from loyalty.ledger import balances
from loyalty.ledger.models import Draw
from tests.ledger.books import MOSCOW, assert_laws_hold, booked, earn, four, land, owe, read, spend
from tiers import rules

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]


def everything(contact):
    """All that a door can show of a contact, except the ids of its accounts."""
    now = clock.now()
    held = balances.read(contact, now, since=rules.year_began(now, MOSCOW))
    accounts = [(each.account, each.amount, each.lifetime) for each in held.accounts]
    return accounts, held.available, held.burned, held.expiring, balances.portions(contact, now)


def assert_the_job_changes_no_read(contact):
    before = everything(contact)
    landed = land(contact)
    assert everything(contact) == before
    assert_laws_hold()
    return landed


def test_points_mature_at_their_instant_whether_or_not_the_job_runs(story_clock):
    earn(1, 100)
    story_clock.forward(days=30, microseconds=-1)
    assert read(1) == four(0, 100, 0, 100)
    assert land(1).lots == 0
    story_clock.forward(microseconds=1)
    assert read(1) == four(100, 0, 100, 0)
    assert booked(1) == four(0, 100, 0, 100)
    assert assert_the_job_changes_no_read(1).lots == 2
    assert booked(1) == four(100, 0, 100, 0)


def test_a_second_rollover_finds_nothing(story_clock):
    earn(1, 100)
    story_clock.forward(days=45)
    land(1)
    assert land(1).lots == 0
    assert read(1) == four(100, 0, 100, 0)


@pytest.mark.parametrize("debt", ["10", "30", "30.01", "70", "100", "250"])
def test_a_debt_is_paid_by_what_lands_in_the_order_of_maturity(story_clock, debt):
    owe(1, debt)
    earn(1, 30)
    story_clock.forward(days=5)
    earn(1, 40)
    story_clock.forward(days=5)
    earn(1, 30)
    story_clock.forward(days=60)
    held = Decimal(100) - Decimal(debt)
    assert read(1) == four(held, 0, 100, 0)
    assert_the_job_changes_no_read(1)
    assert booked(1).spendable == held
    paid = sum(Draw.objects.values_list("amount", flat=True))
    assert paid == min(Decimal(debt), Decimal(100))


def test_a_debt_of_a_contact_of_whom_only_a_part_has_matured(story_clock):
    owe(1, 50)
    earn(1, 30)
    story_clock.forward(days=20)
    earn(1, 40)
    story_clock.forward(days=10)
    assert read(1) == four(-20, 40, 30, 40)
    assert_the_job_changes_no_read(1)
    story_clock.forward(days=20)
    assert read(1) == four(20, 0, 70, 0)
    assert_the_job_changes_no_read(1)


def test_points_that_matured_and_expired_before_the_job_came_are_burned_in_every_read(story_clock):
    earn(1, 100)
    story_clock.forward(days=31)
    earn(1, 10)
    story_clock.set(datetime(2027, 4, 30, 21, 0, tzinfo=UTC))
    assert read(1) == four(10, 0, 0, 0)
    assert balances.read(1, clock.now()).burned == 100
    assert_the_job_changes_no_read(1)


def test_a_debt_is_paid_before_the_rest_expires(story_clock):
    owe(1, 60)
    earn(1, 100)
    story_clock.set(datetime(2027, 6, 1, tzinfo=UTC))
    assert read(1) == four(0, 0, 0, 0)
    assert balances.read(1, clock.now()).burned == 40
    assert_the_job_changes_no_read(1)


def test_the_first_points_to_expire_are_named_with_their_date(story_clock):
    earn(1, 10)
    earn(1, 5)
    story_clock.forward(days=40)
    earn(1, 7)
    story_clock.forward(days=40)
    spend(1, 3)
    expiring = balances.read(1, clock.now()).expiring
    assert (expiring.amount, expiring.expires_at) == (12, datetime(2027, 4, 30, 21, 0, tzinfo=UTC))


def test_portions_tell_spendable_points_by_expiry_and_escrow_by_maturity(story_clock):
    earn(1, 10)
    story_clock.forward(days=20)
    earn(1, 5, expires=False)
    story_clock.forward(days=15)
    earn(1, 7)
    told = [(each.amount, each.mature) for each in balances.portions(1, clock.now())]
    assert told == [(5, False), (7, False), (10, True)]


def test_a_contact_the_books_never_saw_has_four_zeros():
    held = balances.read(404, clock.now())
    assert [(each.amount, each.lifetime, each.public_id) for each in held.accounts] == [(0, 0, None)] * 4
    assert (held.available, held.burned, held.expiring) == (0, 0, None)


def test_lifetime_is_all_that_ever_entered(story_clock):
    earn(1, 100)
    story_clock.forward(days=30)
    spend(1, 60)
    earn(1, 40)
    lifetime = {each.account: each.lifetime for each in balances.read(1, clock.now()).accounts}
    assert lifetime == {1: 100, 2: 140, 3: 100, 4: 140}


def test_what_may_be_spent_is_never_below_zero():
    owe(1, 5)
    held = balances.read(1, clock.now())
    assert (held.spendable, held.available) == (-5, 0)
