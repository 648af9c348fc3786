"""Two checkers of one request, one person at many desks, a spend beside a debit: one outcome each, exact limits."""

from decimal import Decimal

import pytest
from django.db import connection

from loyalty.core import actors, clock
from loyalty.core.errors import InsufficientPoints
from loyalty.ledger import balances
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import Operation
from loyalty.models import AdjustmentRequest, AdjustmentUse, Program
from loyalty.services import adjustments, locks
from loyalty.services.adjustments import Wanted
from tests.concurrency.conftest import buy
from tests.concurrency.threads import Meeting, race
from tests.factories import CardFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

VERA = actors.staff("vera", "cc_operator")
OLGA = actors.staff("olga", "director")
ROOT = actors.staff("root", "administrator")


def ask(card, amount, key, actor=VERA):
    return adjustments.ask(actor, Wanted(key, card.contact_id, Account.SPENDABLE, Decimal(amount), "late parcel"))


def spendable(card):
    return balances.read(card.contact_id, clock.now()).spendable


def names(answers):
    return sorted(type(each).__name__ for each in answers)


def test_two_checkers_at_once_post_one_operation(rich):
    request = ask(rich, 5000, "big")
    answers = race(lambda: adjustments.approve(OLGA, request.pk), lambda: adjustments.approve(ROOT, request.pk))
    assert names(answers) == ["AdjustmentDecided", "AdjustmentRequest"]
    assert (spendable(rich), Operation.objects.filter(kind="adjustment").count()) == (5100, 1)


def test_an_approval_and_a_withdrawal_at_once_leave_one_of_them(rich):
    request = ask(rich, 5000, "big")
    answers = race(lambda: adjustments.approve(OLGA, request.pk), lambda: adjustments.withdraw(VERA, request.pk, "no"))
    assert names(answers) == ["AdjustmentDecided", "AdjustmentRequest"]
    status = AdjustmentRequest.objects.get().status
    assert spendable(rich) == (5100 if status == "posted" else 100)


@pytest.mark.negative_control
def test_without_the_lock_on_the_request_both_would_decide_and_the_key_of_the_operation_has_to_help(rich, monkeypatch):
    """The race is real: both find the request waiting. The books still take it once, for its key is taken."""
    request = ask(rich, 5000, "big")

    def only_look(request_id):
        return AdjustmentRequest.objects.get(pk=request_id)

    monkeypatch.setattr(locks, "lock_adjustment", Meeting().after(only_look))
    answers = race(lambda: adjustments.approve(OLGA, request.pk), lambda: adjustments.approve(ROOT, request.pk))
    assert names(answers) == ["AdjustmentRequest", "AdjustmentRequest"]
    assert (spendable(rich), Operation.objects.filter(kind="adjustment").count()) == (5100, 1)


def test_one_form_sent_three_times_at_once_is_one_adjustment(rich):
    answers = race(*(lambda: ask(rich, 10, "once") for _ in range(3)))
    assert len({each.pk for each in answers}) == 1
    assert (spendable(rich), AdjustmentUse.objects.get().amount) == (110, 10)


def test_one_key_for_two_customers_at_once_is_a_conflict_for_one(rich):
    other = CardFactory()
    answers = race(lambda: ask(rich, 10, "once"), lambda: ask(other, 10, "once"))
    assert names(answers) == ["AdjustmentRequest", "OperationConflict"]


def test_one_person_at_eight_desks_never_passes_the_limit_of_the_day(rich):
    Program.objects.update(adjustment_alone_daily=350)
    cards = [rich, *(CardFactory() for _ in range(7))]
    answers = race(*(lambda n=n, card=card: ask(card, 100, f"f{n}") for n, card in enumerate(cards)))
    assert sorted(each.status for each in answers) == ["posted"] * 3 + ["requested"] * 5
    assert AdjustmentUse.objects.get().amount == 300


@pytest.mark.negative_control
def test_counted_in_steps_two_desks_would_pass_the_limit_together(rich, monkeypatch):
    """Read, decide, write: what one statement on a locked row is there to prevent."""
    Program.objects.update(adjustment_alone_daily=100)
    AdjustmentUse.objects.create(person="staff:vera", day=clock.now().date(), amount=0)
    monkeypatch.setattr(adjustments, "_count_alone", Meeting().after(count_in_steps))
    other = CardFactory()
    answers = race(lambda: ask(rich, 100, "a"), lambda: ask(other, 100, "b"))
    assert [each.status for each in answers] == ["posted", "posted"]


def count_in_steps(_person, _day, amount, most):
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(amount), 0) FROM loyalty_adjustmentuse")
        return cursor.fetchone()[0] + amount <= most


def test_a_spend_and_a_debit_of_the_same_points(rich):
    answers = race(lambda: buy(rich, "s", bonuses=80), lambda: ask(rich, -80, "d"))
    assert sum(isinstance(each, InsufficientPoints) for each in answers) == 1
    assert spendable(rich) == 20
