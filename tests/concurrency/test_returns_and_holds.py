"""Two refunds at once, a refund beside the job, a hold beside a spend, a capture beside a void."""

import threading
from decimal import Decimal
from uuid import UUID

import pytest

from loyalty.core import clock
from loyalty.ledger import balances, holds
from loyalty.ledger.models import Hold, Operation
from loyalty.models import Purchase, PurchaseReturn
from loyalty.services import holding, locks, points, refunds, returned_goods
from loyalty.services.holding import HoldCall
from loyalty.services.refunds import RefundRequest
from tests.concurrency.conftest import JOB, TILL, buy
from tests.concurrency.test_spending import make_mature
from tests.concurrency.threads import LONGEST, Meeting, race, wait_for_waiting
from tests.factories import CardFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def back(refund_id, amount, purchase_id="rich"):
    return refunds.refund(TILL, RefundRequest(purchase_id, refund_id, amount=Decimal(amount)))


def hold(card, purchase_id, bonuses):
    call = HoldCall(purchase_id, card.number, "", Decimal(1000), Decimal(bonuses))
    return holding.hold(TILL, call)


def names(answers):
    return sorted(each.__class__.__name__ for each in answers)


def available(card):
    return balances.read(card.contact_id, clock.now()).available


def test_two_identical_refunds_count_once_and_hear_the_same(rich):
    answers = race(*(lambda: back("F", 60) for _ in range(3)))
    assert len(set(answers)) == 1
    assert answers[0].taken_back == 60
    assert (available(rich), PurchaseReturn.objects.count()) == (40, 1)


def test_two_refunds_that_exceed_the_purchase_together_leave_one_refused(rich):
    answers = race(lambda: back("F-1", 60), lambda: back("F-2", 60))
    assert names(answers) == ["RefundExceedsPurchase", "Returned"]
    assert Purchase.objects.get(purchase_id="rich").returned == 60


def test_one_refund_id_for_two_purchases_is_a_conflict_for_one(rich, monkeypatch):
    buy(rich, "other", amount=100)
    monkeypatch.setattr(locks, "lock_purchase", Meeting().after(locks.lock_purchase))
    answers = race(lambda: back("F", 10), lambda: back("F", 10, "other"))
    assert names(answers) == ["OperationConflict", "Returned"]


@pytest.mark.negative_control
def test_without_the_lock_on_the_purchase_more_would_come_back_than_was_bought(rich, monkeypatch):
    def only_look(purchase_id):
        return Purchase.objects.get(purchase_id=purchase_id)

    monkeypatch.setattr(locks, "lock_purchase", only_look)
    monkeypatch.setattr(returned_goods, "reckon", Meeting().after(returned_goods.reckon))
    answers = race(lambda: back("F-1", 60), lambda: back("F-2", 60))
    assert names(answers) == ["Returned", "Returned"]
    # The kernel gives back no more points than the purchase earned; the goods come back twice all the same.
    assert sum(each.amount for each in PurchaseReturn.objects.all()) == 120


def test_a_refund_and_the_job_at_once(transactional_db, monkeypatch):
    card = CardFactory()
    buy(card, "due", amount=100, days_ago=29)
    make_mature(monkeypatch)
    answers = race(lambda: back("F", 30, "due"), lambda: points.roll_over_escrow(JOB))
    assert not [each for each in answers if isinstance(each, Exception)]
    points.roll_over_escrow(JOB)
    assert balances.read(card.contact_id, clock.now()).spendable == 70
    assert Operation.objects.filter(kind="rollover").count() == 1


def test_a_hold_and_a_spend_of_the_same_points(rich):
    answers = race(lambda: hold(rich, "h", 80), lambda: buy(rich, "s", bonuses=80))
    assert sum(isinstance(each, Exception) for each in answers) == 1
    assert "InsufficientPoints" in names(answers)
    assert available(rich) == 20


def test_one_purchase_held_with_two_cards_is_a_conflict_for_one(rich, monkeypatch):
    other = CardFactory()
    buy(other, "other", amount=100, days_ago=31)
    monkeypatch.setattr(holding, "_stored", Meeting().after(holding._stored))
    answers = race(lambda: hold(rich, "h", 10), lambda: hold(other, "h", 10))
    assert names(answers) == ["OperationConflict", "dict"]
    assert Hold.objects.count() == 1


def captured_and_voided(rich):
    held = UUID(hold(rich, "h", 80)["hold_id"])
    return race(lambda: holding.capture(TILL, held, None), lambda: holding.void(TILL, held))


def test_a_capture_and_a_void_at_once_resolve_the_hold_once(rich):
    answers = captured_and_voided(rich)
    assert names(answers) == ["HoldResolved", "dict"]
    assert available(rich) == (100 if isinstance(answers[0], Exception) else 20)


@pytest.mark.negative_control
def test_without_locks_the_guard_of_the_hold_itself_has_to_stop_one(rich, monkeypatch):
    """The race is real: both find the hold open. Then a trigger, not our answer, refuses one of them."""
    monkeypatch.setattr(holding.card_locks, "lock_active_of", lambda _contact: rich)
    monkeypatch.setattr(holds, "lock_hold", Meeting().after(holds.find))
    assert names(captured_and_voided(rich)) == ["IntegrityError", "dict"]


@pytest.mark.parametrize("bonuses", [0, 30])
def test_a_receipt_that_waited_for_its_capture_is_paid_by_it_and_never_twice(rich, monkeypatch, bonuses):
    """The till gave up waiting for its capture and sent the receipt: what that one saw was before the capture."""
    held = UUID(hold(rich, "h", 30)["hold_id"])
    spend, captured = holds.capture, threading.Event()

    def spend_and_let_the_receipt_come(*given):
        posted = spend(*given)
        captured.set()
        wait_for_waiting()
        return posted

    def send_the_receipt():
        captured.wait(LONGEST)
        return buy(rich, "h", bonuses=bonuses)

    monkeypatch.setattr(holds, "capture", spend_and_let_the_receipt_come)
    answers = race(lambda: holding.capture(TILL, held, None), send_the_receipt)
    assert names(answers) == ["Busy", "dict"]
    assert (buy(rich, "h", bonuses=bonuses).paid, available(rich)) == (30, 70)
