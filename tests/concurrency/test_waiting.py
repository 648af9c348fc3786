"""Nobody waits in a circle, and a till waits for the job only while it lands points of that very customer."""

import random
import time
from itertools import count

import pytest
from django.db import connection, transaction

from cards.models import Card
from loyalty.core import clock
from loyalty.core.errors import Busy, InsufficientPoints
from loyalty.ledger import locks, rollover
from loyalty.ledger.models import Lot
from loyalty.services import points, wallet
from tests.concurrency.conftest import JOB, buy
from tests.concurrency.test_cards import APP, issue, person
from tests.concurrency.threads import LONGEST, race
from tests.factories import CardFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

STRESS_SECONDS = 5
HARMLESS = {"AccessShareLock", "RowShareLock", "RowExclusiveLock"}


def impatient(act):
    """Run an act that gives up when it would wait for somebody who keeps a lock.

    Two inserts at once may wait a moment for each other while their table grows: that is nobody's lock.
    """

    def run():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        return act()

    return run


@pytest.fixture
def due(transactional_db):
    """Ten cards whose holders' points mature at this moment."""
    cards = [CardFactory() for _ in range(10)]
    for number, card in enumerate(cards):
        buy(card, f"due-{number}", amount=100, days_ago=29.9999)
    time.sleep(0.01)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_lot DISABLE TRIGGER USER")
        cursor.execute("UPDATE ledger_lot SET matures_at = matures_at - interval '1 hour'")
        cursor.execute("ALTER TABLE ledger_lot ENABLE TRIGGER USER")
    return cards


def roll_over(cards):
    now = clock.now()
    contacts = [card.contact_id for card in cards]
    return rollover.roll_over(contacts, as_of=now, recorded_at=now, actor="system:test", cause="maturity")


def test_a_purchase_outside_the_range_does_not_wait_at_all(due):
    inside, outside = due[:5], due[5:]
    with transaction.atomic():
        assert roll_over(inside).lots == 10
        answers = race(*(impatient(lambda each=each: buy(each, f"now-{each.pk}", bonuses=50)) for each in outside))
    assert [type(each).__name__ for each in answers] == ["Credited"] * 5


@pytest.mark.negative_control
def test_a_purchase_inside_the_range_waits_until_its_points_have_landed(due):
    with transaction.atomic():
        roll_over(due[:5])
        [answer] = race(impatient(lambda: buy(due[0], "now")))
    assert isinstance(answer, Busy)


def test_a_range_locks_rows_only_and_no_table(due):
    with transaction.atomic(), connection.cursor() as cursor:
        roll_over(due)
        cursor.execute("SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'")
        assert {mode for (mode,) in cursor.fetchall()} <= HARMLESS


def test_a_range_locks_the_balances_of_its_own_contacts_and_no_others(due):
    with transaction.atomic():
        assert {contact for contact, _ in locks.lock_many([due[0].contact_id])} == {due[0].contact_id}
        [answer] = race(impatient(lambda: [buy(each, f"now-{each.pk}") for each in due[1:]]))
    assert not isinstance(answer, Exception)


@pytest.mark.parametrize("size", [1, 5, 6, 19, 20, 400])
def test_a_range_holds_fewer_lots_than_the_setting_and_those_of_one_contact(due, size):
    ranges = rollover.due_ranges(clock.now(), size)
    assert all(each.size < size + 2 for each in ranges)
    assert len(ranges) >= 20 // (size + 2)
    assert sorted(contact for each in ranges for contact in each.contacts) == sorted(each.contact_id for each in due)


def test_a_range_that_somebody_keeps_locked_is_left_for_the_next_run(due, settings):
    settings.ROLLOVER_LOTS_PER_RANGE = 2
    with transaction.atomic():
        locks.lock_many([due[3].contact_id])
        [summary] = race(impatient(lambda: points.roll_over_escrow(JOB)))
    assert (summary.lots, summary.busy) == (18, 1)
    assert points.roll_over_escrow(JOB).lots == 2
    assert not Lot.objects.filter(landed=None).exists()


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_five_seconds_of_everything_at_once_never_wait_in_a_circle(monkeypatch):
    monkeypatch.setattr(points.settings, "ROLLOVER_LOTS_PER_RANGE", 4)
    cards, receipts = [CardFactory() for _ in range(4)], count()
    for card in cards:
        buy(card, f"start-{card.pk}", amount=500, days_ago=31)
    before, until = deadlocks(), time.monotonic() + STRESS_SECONDS

    def keep_on(seed):
        dice, done = random.Random(seed), 0
        while time.monotonic() < until:
            _anything(dice, cards, receipts)
            done += 1
        return done

    answers = race(*(lambda seed=seed: keep_on(seed) for seed in range(6)))
    assert not [each for each in answers if isinstance(each, Exception)], answers
    assert sum(answers) > 100
    assert deadlocks() == before
    assert STRESS_SECONDS < LONGEST


def _anything(dice: random.Random, cards: list[Card], receipts: "count[int]") -> None:
    card, receipt = dice.choice(cards), f"stress-{next(receipts)}"
    acts = (
        lambda: buy(card, receipt, amount=20, bonuses=5),
        lambda: buy(card, receipt, amount=20),
        lambda: buy(card, receipt, amount=3, days_ago=31),
        lambda: buy(card, receipt, amount=3, days_ago=30 - 0.2 / 86400),
        lambda: points.roll_over_escrow(JOB),
        lambda: wallet.update_person(APP, card.number, person(card.contact.phone, locality=receipt)),
        lambda: wallet.reserve_number(APP) if dice.random() < 0.1 else None,
        lambda: issue(dice.choice(cards).contact.phone),
        lambda: issue(f"+7911{dice.randrange(8):07d}"),
        lambda: wallet.set_channels(APP, card.number, allow=["sms"], deny=["call"]),
    )
    try:
        dice.choice(acts)()
    except (InsufficientPoints, wallet.PoolEmpty):
        return
