from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from loyalty.core import clock
from loyalty.core.errors import InsufficientPoints, OperationConflict
from loyalty.ledger import posting
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import BonusBalance, Draw, Lot, Operation, OperationKey, Transfer
from tests.ledger.books import assert_laws_hold, booked, earn, fact, four, land, owe, read, spend

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]


def test_an_accrual_puts_points_into_both_escrow_accounts():
    posted = earn(1, "10.50", qualifying="7.25")
    assert booked(1) == four(0, "10.50", 0, "7.25")
    moved = Transfer.objects.filter(operation_id=posted.operation_id).values_list("source", "target", "amount")
    assert sorted(moved) == [(5, 2, Decimal("10.50")), (5, 4, Decimal("7.25"))]
    assert_laws_hold()


def test_points_for_one_account_only_leave_no_lot_in_the_other():
    earn(1, 0, qualifying=5)
    earn(2, 5, qualifying=0)
    assert list(Lot.objects.order_by("contact_id").values_list("contact_id", "account")) == [(1, 3), (2, 1)]
    assert_laws_hold()


def test_the_first_accrual_makes_all_four_balances_so_that_they_are_locked_in_one_order():
    earn(1, 5, qualifying=0)
    assert sorted(BonusBalance.objects.values_list("account", flat=True)) == [1, 2, 3, 4]


def test_the_same_key_with_the_same_content_answers_the_first_operation_again():
    first = earn(1, 10, key="once", content="a")
    again = earn(1, 10, key="once", content="a")
    assert (again.operation_id, again.replayed, first.replayed) == (first.operation_id, True, False)
    assert booked(1) == four(0, 10, 0, 10)
    assert_laws_hold()


def test_a_repeated_accrual_for_a_contact_unknown_to_the_books_writes_nothing():
    earn(1, 10, key="once", content="a")
    earn(2, 10, key="once", content="a")
    assert not BonusBalance.objects.filter(contact_id=2).exists()


def test_the_same_key_with_other_content_is_refused_and_writes_nothing():
    earn(1, 10, key="once", content="a")
    with pytest.raises(OperationConflict) as refused:
        earn(1, 20, key="once", content="b")
    assert refused.value.data == {"key": "once"}
    assert Operation.objects.count() == OperationKey.objects.count() == 1
    assert booked(1) == four(0, 10, 0, 10)


def test_a_redemption_takes_from_the_lot_that_expires_first(story_clock):
    earn(1, 10, expires=False)
    story_clock.forward(days=40)
    earn(1, 20)
    story_clock.forward(days=40)
    earn(1, 30)
    story_clock.forward(days=40)
    spend(1, 25)
    land(1)
    drawn = Draw.objects.order_by("id").values_list("lot__earned", "amount")
    assert list(drawn) == [(Decimal(20), Decimal(20)), (Decimal(30), Decimal(5))]
    assert booked(1) == four(35, 0, 60, 0)
    assert_laws_hold()


def test_a_redemption_lands_what_has_matured_before_it_takes(story_clock):
    earn(1, 100)
    story_clock.forward(days=30)
    spend(1, 60)
    assert booked(1) == four(40, 0, 100, 0)
    assert_laws_hold()


def test_a_redemption_is_repeated_even_when_the_points_are_gone(story_clock):
    earn(1, 100)
    story_clock.forward(days=30)
    first = spend(1, 100, key="spend", content="a")
    again = spend(1, 100, key="spend", content="a")
    assert (again.operation_id, again.replayed) == (first.operation_id, True)
    with pytest.raises(OperationConflict):
        spend(1, 50, key="spend", content="b")
    assert booked(1) == four(0, 0, 100, 0)
    assert_laws_hold()


def test_more_than_the_lots_hold_is_refused_and_says_what_there_is(story_clock):
    earn(1, 100)
    story_clock.forward(days=30)
    with pytest.raises(InsufficientPoints) as refused:
        spend(1, "100.01")
    assert refused.value.data == {"available": Decimal(100)}
    assert not Operation.objects.filter(kind="redemption").exists()


def test_points_in_escrow_cannot_be_spent(story_clock):
    earn(1, 100)
    story_clock.forward(days=29, hours=23, minutes=59)
    with pytest.raises(InsufficientPoints):
        spend(1, 1)


def test_expired_points_cannot_be_spent_although_nobody_has_burned_them_yet(story_clock):
    earn(1, 100)
    story_clock.forward(days=30)
    land(1)
    story_clock.set(datetime(2027, 4, 30, 20, 59, tzinfo=UTC))
    spend(1, 1)
    story_clock.set(datetime(2027, 4, 30, 21, 0, tzinfo=UTC))
    with pytest.raises(InsufficientPoints) as refused:
        spend(1, 1)
    assert refused.value.data == {"available": Decimal(0)}
    assert (read(1).spendable, booked(1).spendable) == (0, 99)
    assert_laws_hold()


def test_a_contact_in_debt_has_nothing_to_spend(story_clock):
    owe(1, 30)
    earn(1, 50)
    with pytest.raises(InsufficientPoints):
        spend(1, 1)
    story_clock.forward(days=30)
    with pytest.raises(InsufficientPoints):
        spend(1, "20.01")
    spend(1, 20)
    assert booked(1) == four(0, 0, 50, 0)
    assert_laws_hold()


@pytest.mark.parametrize("amount", ["-1", "0", "0.001", "NaN", "Infinity", "10000000000.00"])
def test_only_positive_amounts_with_two_places_enter_the_books(amount):
    with pytest.raises(ValueError, match="two places"):
        posting.redeem(fact(1), amount=Decimal(amount))
    with pytest.raises(ValueError, match="two places"):
        posting.accrue(
            fact(1), spendable=Decimal(amount), qualifying=Decimal(0), matures_at=clock.now(), expires_at=None
        )


def test_the_largest_amount_enters_whole():
    earn(1, "9999999999.99")
    assert booked(1).spendable_escrow == Decimal("9999999999.99")


def test_the_kernel_refuses_to_write_outside_a_transaction(monkeypatch):
    monkeypatch.setattr("loyalty.ledger.locks.connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(RuntimeError, match="inside a transaction"):
        posting.redeem(fact(1), amount=Decimal(1))


def test_an_operation_keeps_both_times(story_clock):
    happened = story_clock.moment - timedelta(days=3)
    posted = earn(1, 5, at=happened)
    operation = Operation.objects.get(pk=posted.operation_id)
    assert (operation.effective_at, operation.recorded_at) == (happened, story_clock.moment)
    assert Lot.objects.get(operation=operation, account=1).account == Account.SPENDABLE
