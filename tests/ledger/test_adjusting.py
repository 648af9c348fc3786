"""Points given and taken by hand: a lot of its own, debts paid first, holds left alone."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from loyalty.core import clock
from loyalty.core.errors import InsufficientPoints, OperationConflict
from loyalty.ledger import adjusting, balances, history
from loyalty.ledger.accounts import Account
from loyalty.ledger.locks import lock_balances
from loyalty.ledger.models import BonusBalance, Lot, Operation, Transfer
from tests.ledger.books import adjust, assert_laws_hold, earn, fact, four, hold, owe, read, settle, spend

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]


def lifetimes(contact):
    return {each.account: each.lifetime for each in balances.read(contact, clock.now()).accounts}


def test_given_points_can_be_spent_at_once_and_expire_on_their_date(story_clock):
    ends = story_clock.moment + timedelta(days=10)
    posted = adjust(1, "12.50", expires_at=ends)
    assert read(1) == four("12.50", 0, 0, 0)
    lot = Lot.objects.get()
    assert (lot.operation_id, lot.landed, lot.matures_at) == (posted.operation_id, posted.operation_id, clock.now())
    spend(1, "2.50")
    assert lifetimes(1)[Account.SPENDABLE] == Decimal("12.50")
    story_clock.set(ends)
    assert read(1) == four(0, 0, 0, 0)
    settle(1)
    assert balances.read(1, clock.now()).burned == 10
    assert_laws_hold()


def test_given_points_pay_a_debt_first(story_clock):
    owe(1, 30)
    adjust(1, 20)
    assert read(1) == four(-10, 0, 0, 0)
    adjust(1, 25)
    assert read(1) == four(15, 0, 0, 0)
    assert list(Lot.objects.order_by("id").values_list("remaining", flat=True)) == [0, 15]
    assert lifetimes(1)[Account.SPENDABLE] == 45
    assert_laws_hold()


def test_what_has_matured_pays_a_debt_before_what_is_given(story_clock):
    owe(1, 30)
    earn(1, 20, qualifying=0)
    story_clock.forward(days=30)
    adjust(1, 20)
    assert read(1) == four(10, 0, 0, 0)
    assert list(Lot.objects.order_by("id").values_list("remaining", flat=True)) == [0, 10]
    assert_laws_hold()


def test_taken_points_come_from_the_lots_that_expire_first(story_clock):
    now = story_clock.moment
    adjust(1, 10)
    adjust(1, 10, expires_at=now + timedelta(days=20))
    adjust(1, 10, expires_at=now + timedelta(days=10))
    adjust(1, -15)
    assert list(Lot.objects.order_by("id").values_list("remaining", flat=True)) == [10, 5, 0]
    assert read(1) == four(15, 0, 0, 0)
    assert lifetimes(1)[Account.SPENDABLE] == 30
    assert_laws_hold()


def test_what_holds_keep_is_never_taken_even_where_a_debt_is_allowed():
    adjust(1, 100)
    hold(1, 70)
    for debt in (False, True):
        with pytest.raises(InsufficientPoints) as refused:
            adjust(1, -31, debt=debt)
        assert refused.value.data == {"available": 30}
    adjust(1, -30)
    assert balances.read(1, clock.now()).available == 0
    assert_laws_hold()


def test_more_than_there_is_becomes_a_debt_only_where_the_caller_says_so():
    adjust(1, 100)
    with pytest.raises(InsufficientPoints) as refused:
        adjust(1, "-100.01")
    assert refused.value.data == {"available": 100}
    adjust(1, -130, debt=True)
    assert read(1) == four(-30, 0, 0, 0)
    adjust(1, -5, debt=True)
    assert read(1) == four(-35, 0, 0, 0)
    with pytest.raises(InsufficientPoints) as refused:
        adjust(1, -1)
    assert refused.value.data == {"available": 0}
    assert_laws_hold()


def test_the_permission_for_a_debt_ends_with_the_call():
    adjust(1, 10)
    adjust(1, -20, debt=True)
    with pytest.raises(IntegrityError, match="only by a return or an adjustment"), transaction.atomic():
        BonusBalance.objects.filter(account=Account.SPENDABLE).update(amount=F("amount") - 1)


def test_tier_qualifying_points_are_given_and_taken_and_never_go_below_zero(story_clock):
    earn(1, 0, qualifying=10)
    story_clock.forward(days=30)
    adjust(1, 20, Account.QUALIFYING)
    assert read(1) == four(0, 0, 30, 0)
    adjust(1, -25, Account.QUALIFYING)
    assert read(1) == four(0, 0, 5, 0)
    with pytest.raises(InsufficientPoints) as refused:
        adjust(1, "-5.01", Account.QUALIFYING)
    assert refused.value.data == {"available": 5}
    with pytest.raises(ValueError, match="only spendable"):
        adjust(1, -6, Account.QUALIFYING, debt=True)
    assert lifetimes(1)[Account.QUALIFYING] == 30
    assert_laws_hold()


@pytest.mark.parametrize("amount", [5, -5])
def test_the_same_key_is_the_same_adjustment_and_with_other_content_a_conflict(amount):
    adjust(1, 10)
    first = adjust(1, amount, key="once", content="a")
    again = adjust(1, amount, key="once", content="a")
    assert (again.operation_id, again.replayed) == (first.operation_id, True)
    with pytest.raises(OperationConflict):
        adjust(1, amount, key="once", content="b")
    assert read(1) == four(10 + amount, 0, 0, 0)
    assert (Operation.objects.count(), Transfer.objects.count()) == (2, 2)


def test_without_a_reason_or_with_a_strange_amount_or_account_nothing_is_written():
    entry = replace(fact(1), reason="why")
    for wrong in (
        lambda: adjusting.credit(fact(1), account=Account.SPENDABLE, amount=Decimal(1)),
        lambda: adjusting.debit(fact(1), account=Account.SPENDABLE, amount=Decimal(1)),
        lambda: adjusting.credit(entry, account=Account.SPENDABLE, amount=Decimal("0.001")),
        lambda: adjusting.credit(entry, account=Account.SPENDABLE, amount=Decimal(0)),
        lambda: adjusting.debit(entry, account=Account.SPENDABLE, amount=Decimal(-1)),
        lambda: adjusting.credit(entry, account=Account.SPENDABLE_ESCROW, amount=Decimal(1)),
        lambda: adjusting.credit(entry, account=Account.ISSUED, amount=Decimal(1)),
    ):
        with pytest.raises(ValueError, match=r"reason|two places|have landed"):
            wrong()
    assert not Operation.objects.exists()


def test_one_statement_each(django_assert_num_queries):
    with transaction.atomic():
        lock_balances(1, clock.now())
        with django_assert_num_queries(1):
            adjusting.credit(replace(fact(1), reason="x"), account=Account.SPENDABLE, amount=Decimal(5))
        with django_assert_num_queries(1):
            adjusting.debit(replace(fact(1), reason="x"), account=Account.SPENDABLE, amount=Decimal(5))


def test_a_past_balance_knows_a_year_that_turned_before_its_close_was_booked(story_clock):
    began = story_clock.moment
    adjust(1, 10, Account.QUALIFYING)
    story_clock.forward(days=20)
    adjust(1, 7, Account.QUALIFYING)
    turned = story_clock.forward(days=10)
    now = story_clock.forward(days=1)
    assert history.as_of(1, now).qualifying == 17
    assert history.as_of(1, now, since=turned).qualifying == 0
    assert history.as_of(1, now, since=turned - timedelta(days=15)).qualifying == 7
    assert history.as_of(1, turned, since=began).qualifying == 17
