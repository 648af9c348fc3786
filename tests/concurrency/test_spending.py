"""Two tills spend the same points, or one spends while the job rolls over."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from cards.models import Card
from loyalty.core import clock
from loyalty.core.errors import Busy, InsufficientPoints
from loyalty.ledger import balances, invariants, locks, posting, rollover
from loyalty.ledger.locks import LockedBalances
from loyalty.ledger.models import Lot, Operation, Transfer
from loyalty.services import holders, points
from tests.concurrency.conftest import JOB, buy
from tests.concurrency.threads import Meeting, meanwhile, overlapping, race, wait_for_waiting
from tests.factories import CardFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

BALANCES = "SELECT 1 FROM ledger_bonusbalance WHERE contact_id = %s FOR UPDATE"


def spendable(card: Card) -> Decimal:
    return balances.read(card.contact_id, clock.now()).spendable


def unlocked(contact_id: int, now: object) -> LockedBalances:
    """What lock_balances would be if it only looked."""
    held_now = balances.read(contact_id, now)
    return LockedBalances({1: held_now.spendable}, due=False)


def read_holder_without_a_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    assert holders._LOCKED == "FOR NO KEY UPDATE OF card"
    monkeypatch.setattr(holders, "_LOCKED", "")


def test_two_spends_of_the_same_points_leave_one_of_them_refused(rich):
    answers = race(lambda: buy(rich, "a", bonuses=80), lambda: buy(rich, "b", bonuses=80))
    assert sorted(type(each).__name__ for each in answers) == ["Credited", "InsufficientPoints"]
    refused = next(each for each in answers if isinstance(each, InsufficientPoints))
    assert refused.data == {"available": Decimal(20)}
    assert spendable(rich) == 20


def test_spends_that_fit_are_both_paid_from_the_right_lots(rich):
    buy(rich, "more", amount=50, days_ago=31)
    answers = race(*(lambda n=n: buy(rich, f"s{n}", bonuses=25) for n in range(6)))
    assert [type(each).__name__ for each in answers] == ["Credited"] * 6
    assert spendable(rich) == 0


def test_the_balances_alone_keep_two_spends_apart_even_without_the_lock_on_the_card(rich, monkeypatch):
    read_holder_without_a_lock(monkeypatch)
    answers = race(lambda: buy(rich, "a", bonuses=80), lambda: buy(rich, "b", bonuses=80))
    assert sorted(type(each).__name__ for each in answers) == ["Credited", "InsufficientPoints"]
    assert spendable(rich) == 20


@pytest.mark.negative_control
def test_without_any_lock_the_database_itself_has_to_stop_the_second_spend(rich, monkeypatch):
    """The race is real: both calls find 100 points. Then a CHECK, not our answer, refuses one of them."""
    read_holder_without_a_lock(monkeypatch)
    monkeypatch.setattr(locks, "lock_balances", Meeting().after(unlocked))
    monkeypatch.setattr(posting, "redeem", overlapping(posting.redeem))
    answers = race(lambda: buy(rich, "a", bonuses=80), lambda: buy(rich, "b", bonuses=80))
    names = sorted(type(each).__name__ for each in answers)
    assert names == ["Credited", "IntegrityError"]
    assert not any(isinstance(each, InsufficientPoints) for each in answers)


@pytest.mark.negative_control
def test_without_locks_and_checks_points_would_be_spent_twice(rich, monkeypatch):
    """The damage itself: what a plain read followed by a write does, guards off."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_lot DROP CONSTRAINT lot_never_overdrawn")
        cursor.execute("ALTER TABLE ledger_bonusbalance DISABLE TRIGGER USER")
    try:
        read_holder_without_a_lock(monkeypatch)
        monkeypatch.setattr(locks, "lock_balances", Meeting().after(unlocked))
        monkeypatch.setattr(posting, "redeem", overlapping(posting.redeem))
        answers = race(lambda: buy(rich, "a", bonuses=80), lambda: buy(rich, "b", bonuses=80))
        assert [type(each).__name__ for each in answers] == ["Credited", "Credited"]
        assert spendable(rich) == -60
        assert {finding.number for finding in invariants.broken()} >= {1, 6}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE ledger_bonusbalance ENABLE TRIGGER USER")
            cursor.execute(
                "ALTER TABLE ledger_lot ADD CONSTRAINT lot_never_overdrawn"
                " CHECK (remaining >= 0 AND remaining <= earned) NOT VALID"
            )


@pytest.fixture
def due(transactional_db):
    """A card whose holder's 100 points have matured while the job has not come yet."""
    card = CardFactory()
    buy(card, "due", amount=100, days_ago=29)
    Lot.objects.update(expires_at=None)
    return card


def make_mature(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two days pass for every thread."""
    from datetime import timedelta

    moment = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.parametrize("rounds", range(3))
def test_a_spend_and_the_job_at_once_land_the_points_once(due, monkeypatch, rounds):
    make_mature(monkeypatch)
    answers = race(lambda: buy(due, "spend", bonuses=70), lambda: points.roll_over_escrow(JOB))
    assert not [each for each in answers if isinstance(each, Exception)]
    assert spendable(due) == 30
    assert Operation.objects.filter(kind="rollover").count() == 1


def test_a_spend_that_waited_for_the_job_sees_what_it_landed(due, monkeypatch):
    make_mature(monkeypatch)
    with meanwhile(BALANCES, [due.contact_id], lambda: buy(due, "spend", bonuses=70)) as answers:
        wait_for_waiting()
        now = clock.now()
        rollover.roll_over([due.contact_id], as_of=now, recorded_at=now, actor="system:test", cause="maturity")
    assert [type(each).__name__ for each in answers] == ["Credited"]
    assert spendable(due) == 30
    assert Operation.objects.filter(kind="rollover").count() == 1


def test_two_runs_of_the_job_at_once_land_every_lot_once(due, monkeypatch, settings):
    settings.ROLLOVER_LOTS_PER_RANGE = 4
    for number in range(8):
        buy(CardFactory(), f"more-{number}", amount=100, days_ago=29)
    make_mature(monkeypatch)
    runs = race(*(lambda: points.roll_over_escrow(JOB) for _ in range(3)))
    assert sum(run.lots for run in runs) == 18
    assert Transfer.objects.filter(source=2, target=1).count() == 9


@pytest.mark.negative_control
def test_without_the_lock_two_runs_meet_in_the_same_lots_and_the_guard_of_the_lot_stops_one(due, monkeypatch):
    make_mature(monkeypatch)
    monkeypatch.setattr(locks, "lock_many", lambda contacts: [(each, Decimal(0)) for each in contacts])
    monkeypatch.setattr(rollover, "roll_over", overlapping(rollover.roll_over))
    runs = race(*(lambda: points.roll_over_escrow(JOB) for _ in range(2)))
    assert [each for each in runs if "rolls over once" in str(each)]


def test_an_accrual_during_a_range_of_the_same_contact_is_neither_lost_nor_landed_early(due, monkeypatch):
    make_mature(monkeypatch)
    answers = race(
        lambda: points.roll_over_escrow(JOB),
        lambda: buy(due, "today", amount=40),
        lambda: buy(due, "past", amount=7, days_ago=31),
    )
    assert not [each for each in answers if isinstance(each, Exception)]
    points.roll_over_escrow(JOB)
    read = balances.read(due.contact_id, clock.now())
    assert (read.spendable, read.spendable_escrow) == (107, 40)


def meet_between_accrual_and_landing(monkeypatch):
    """The purchase has accrued, the job comes and has to wait for it, and only then the purchase lands its points."""
    make_mature(monkeypatch)
    met, settle = Meeting(), points.settle
    monkeypatch.setattr(posting, "accrue", met.after(posting.accrue))
    monkeypatch.setattr(rollover, "due_ranges", met.after(rollover.due_ranges))
    monkeypatch.setattr(points, "settle", lambda *given: (wait_for_waiting(), settle(*given)))


def test_a_purchase_of_the_past_and_the_job_do_not_wait_for_each_other_in_a_circle(due, monkeypatch):
    """The accrual takes the escrow balances first, its landing needs the others: so it locks all of them before."""
    meet_between_accrual_and_landing(monkeypatch)
    answers = race(lambda: points.roll_over_escrow(JOB), lambda: buy(due, "past", amount=7, days_ago=31))
    assert [type(each).__name__ for each in answers] == ["RolloverSummary", "Credited"]
    assert answers[0].busy == 0
    assert spendable(due) == 107


@pytest.mark.negative_control
def test_without_that_lock_the_two_wait_in_a_circle_and_the_database_ends_one(due, monkeypatch):
    meet_between_accrual_and_landing(monkeypatch)
    monkeypatch.setattr("loyalty.services.purchases.locks", SimpleNamespace(lock_balances=unlocked))
    answers = race(lambda: points.roll_over_escrow(JOB), lambda: buy(due, "past", amount=7, days_ago=31))
    assert getattr(answers[0], "busy", 0) == 1 or isinstance(answers[1], Busy)
