"""The expiry job twice at once, beside a till, and against a purchase that puts the expiry off."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from loyalty.core import actors, clock
from loyalty.ledger import balances, burning, locks
from loyalty.ledger.models import Lot, Operation, Transfer
from loyalty.models import PointsExpiry, Program
from loyalty.services import expiry
from tests.concurrency.conftest import buy
from tests.concurrency.test_waiting import impatient
from tests.concurrency.threads import meanwhile, overlapping, race, wait_for_waiting
from tests.factories import CardFactory
from tests.ledger import books

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

JOB = actors.system(expiry.EXPIRY)
BALANCES = "SELECT 1 FROM ledger_bonusbalance WHERE contact_id = %s FOR UPDATE"


def spendable(card):
    return balances.read(card.contact_id, clock.now()).spendable


def make_pass(monkeypatch, days=1):
    """Let a day pass for every thread."""
    moment = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def cards(transactional_db):
    """Nine cards with 10 points that expire within the day, and one point that does not."""
    cards = [CardFactory() for _ in range(9)]
    for card in cards:
        books.adjust(card.contact_id, 10, expires_at=clock.now() + timedelta(hours=1))
        books.adjust(card.contact_id, 1)
    return cards


def test_two_runs_at_once_burn_every_lot_once(cards, monkeypatch, settings):
    settings.EXPIRY_LOTS_PER_RANGE = 2
    make_pass(monkeypatch)
    runs = race(*(lambda: expiry.expire_points(JOB) for _ in range(3)))
    assert sum(run.lots for run in runs) == 9
    assert sum(run.points for run in runs) == 90
    assert Transfer.objects.filter(source=1, target=7).count() == 9
    assert [spendable(card) for card in cards] == [1] * 9


@pytest.mark.negative_control
def test_without_the_lock_two_runs_meet_in_the_same_lots_and_the_guard_of_the_balance_stops_one(cards, monkeypatch):
    make_pass(monkeypatch)
    monkeypatch.setattr(locks, "lock_many", lambda contacts: [(each, Decimal(0)) for each in contacts])
    monkeypatch.setattr(burning, "burn", overlapping(burning.burn))
    runs = race(*(lambda: expiry.expire_points(JOB) for _ in range(2)))
    assert [each for each in runs if "goes below zero only by" in str(each)], runs


def test_a_spend_and_the_job_at_once_never_spend_what_has_burned(cards, monkeypatch):
    books.adjust(cards[0].contact_id, 100)
    make_pass(monkeypatch)
    answers = race(lambda: buy(cards[0], "s", bonuses=101), lambda: expiry.expire_points(JOB))
    assert not [each for each in answers if isinstance(each, Exception)]
    assert spendable(cards[0]) == 0
    assert balances.read(cards[0].contact_id, clock.now()).burned == 10


def by_inactivity():
    Program.objects.update(points_expiry=PointsExpiry.INACTIVITY)


def test_a_purchase_that_comes_before_the_expiry_and_a_job_that_waited_for_it(cards, monkeypatch):
    """The job finds the lot expired and waits for the purchase, whose clock was behind; then it finds the lot alive."""
    by_inactivity()
    card = cards[0]
    lot = Lot.objects.get(contact_id=card.contact_id, expires_at__isnull=False)
    until = lot.expires_at + timedelta(days=300)
    make_pass(monkeypatch)
    with meanwhile(BALANCES, [card.contact_id], lambda: expiry.expire_points(JOB)) as answers:
        wait_for_waiting()
        burning.put_off(card.contact_id, until=until, now=lot.expires_at - timedelta(seconds=1))
    assert [each.lots for each in answers] == [8]
    assert spendable(card) == 11
    assert not Operation.objects.filter(contact_id=card.contact_id, kind="expiry").exists()


def test_purchases_by_inactivity_and_the_job_never_wait_in_a_circle(cards, monkeypatch, settings):
    by_inactivity()
    settings.EXPIRY_LOTS_PER_RANGE = 3
    make_pass(monkeypatch)
    acts = [lambda each=each: buy(each, f"p-{each.pk}", bonuses=1, amount=10) for each in cards]
    answers = race(*acts, lambda: expiry.expire_points(JOB), lambda: expiry.expire_points(JOB))
    assert not [each for each in answers if isinstance(each, Exception)]
    assert sum(each.busy for each in answers[-2:]) == 0
    assert [spendable(card) for card in cards] == [0] * 9


def test_a_range_that_somebody_keeps_locked_is_left_for_the_next_run(cards, monkeypatch, settings):
    settings.EXPIRY_LOTS_PER_RANGE = 1
    make_pass(monkeypatch)
    with transaction.atomic():
        locks.lock_many([cards[3].contact_id])
        [summary] = race(impatient(lambda: expiry.expire_points(JOB)))
    assert (summary.lots, summary.busy) == (8, 1)
    assert expiry.expire_points(JOB).lots == 1
