"""The job of the year end twice at once, and tills, codes and people that reach a customer while the year is closed."""

from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import transaction

from loyalty.core import actors, clock
from loyalty.ledger import balances, locks
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import Operation
from loyalty.models import Program, StaffRole
from loyalty.services import adjustments, points, purchases, year_end
from loyalty.services.adjustments import Wanted
from tests.concurrency.conftest import TILL, buy, sale
from tests.concurrency.test_waiting import impatient
from tests.concurrency.threads import meanwhile, overlapping, race, wait_for_waiting
from tests.factories import CardFactory, tier_named
from tests.ledger.books import MOSCOW, adjust
from tiers import services as tiers
from tiers.models import Standing

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

JOB = actors.system(year_end.CLOSE)
CHIEF = actors.Actor("staff", "chief", StaffRole.ADMINISTRATOR)
TURN = datetime(2027, 1, 1, tzinfo=MOSCOW)
BALANCES = "SELECT 1 FROM ledger_bonusbalance WHERE contact_id = %s FOR UPDATE"
SECOND = timedelta(seconds=1)


@pytest.fixture
def time(monkeypatch):
    """A clock for all threads, which stands until a test moves it."""
    hands = SimpleNamespace(now=datetime(2026, 6, 1, tzinfo=MOSCOW))
    monkeypatch.setattr(clock, "now", lambda: hands.now)
    return hands


@pytest.fixture
def cards(transactional_db, time):
    """Nine cards, without escrow, of Gold holders whose tier ends with a year that earned them 1500 points."""
    Program.objects.update(escrow_days=0)
    cards = [CardFactory() for _ in range(9)]
    Standing.objects.update(
        tier=tier_named("Gold"), entered_at=TURN - timedelta(days=700), ends_at=TURN, reason="upgraded"
    )
    for card in cards:
        adjust(card.contact_id, 1500, Account.QUALIFYING)
    return cards


def standings(card):
    return list(Standing.objects.filter(contact=card.contact_id).order_by("id").values_list("tier__name", "reason"))


def closed():
    return Operation.objects.filter(kind="year_close").count()


def qualifying(card):
    return balances.read(card.contact_id, clock.now(), since=TURN).qualifying


def test_two_runs_at_once_judge_and_close_everyone_once(cards, time, settings):
    settings.YEAR_END_ROWS_PER_RANGE = 4
    time.now = TURN + SECOND
    runs = race(*(lambda: year_end.close_year(JOB) for _ in range(3)))
    assert not [each for each in runs if isinstance(each, Exception)]
    assert (sum(run.points for run in runs), closed()) == (9 * 1500, 9)
    assert [standings(card) for card in cards] == [[("Gold", "upgraded"), ("Base", "assessed")]] * 9
    assert year_end.close_year(JOB).contacts == 0


@pytest.mark.negative_control
def test_without_the_lock_two_runs_meet_in_the_same_year(cards, time, monkeypatch):
    time.now = TURN + SECOND
    monkeypatch.setattr(locks, "lock_many", lambda contacts: [(each, Decimal(0)) for each in contacts])
    monkeypatch.setattr(tiers, "assess", overlapping(tiers.assess))
    runs = race(*(lambda: year_end.close_year(JOB) for _ in range(2)))
    assert [each for each in runs if isinstance(each, Exception)], runs


def test_tills_and_two_runs_at_once_never_wait_in_a_circle_and_new_points_stay(cards, time, settings):
    settings.YEAR_END_ROWS_PER_RANGE = 4
    time.now = TURN + SECOND
    acts = [lambda each=each: buy(each, f"n-{each.pk}", amount=2500) for each in cards]
    answers = race(*acts, lambda: year_end.close_year(JOB), lambda: year_end.close_year(JOB))
    assert not [each for each in answers if isinstance(each, Exception)], answers
    year_end.close_year(JOB)
    assert closed() == 9
    assert [qualifying(card) for card in cards] == [2500] * 9
    assert [standings(card)[1:] for card in cards] == [[("Base", "assessed"), ("Silver", "upgraded")]] * 9


def close_while_it_waits(card, time, act):
    """`act` begins in the last second of the year and waits for the balances, which the job holds over midnight."""
    time.now = TURN - SECOND
    with meanwhile(BALANCES, [card.contact_id], act) as answers:
        wait_for_waiting()
        time.now = TURN + SECOND
        points.settle_many([card.contact_id], time.now, JOB, MOSCOW, ended=True)
    return answers


def purchase_of(card):
    last_second = sale(card, "late", amount=2500)
    return lambda: purchases.add_purchase(TILL, last_second)


def gift_to(card):
    wanted = Wanted("a-key", card.contact_id, Account.QUALIFYING, Decimal(2500), "a friendly letter")
    return lambda: adjustments.ask(CHIEF, wanted)


@pytest.mark.parametrize("act_on", [purchase_of, gift_to])
def test_points_that_meet_the_close_of_their_year_land_in_the_year_that_has_begun(cards, time, act_on):
    card = cards[0]
    Program.objects.update(adjustment_alone=10_000, adjustment_alone_daily=10_000)
    time.now = TURN - SECOND
    [answer] = close_while_it_waits(card, time, act_on(card))
    assert not isinstance(answer, Exception)
    assert (qualifying(card), closed()) == (2500, 1)
    assert standings(card) == [("Gold", "upgraded"), ("Base", "assessed"), ("Silver", "upgraded")]


@pytest.mark.negative_control
def test_without_the_lock_before_the_look_at_the_clock_they_are_lost_with_the_year_that_was_judged_already(
    cards, time, monkeypatch
):
    card = cards[0]
    time.now = TURN - SECOND
    monkeypatch.setattr(purchases, "locks", SimpleNamespace(lock_balances=lambda *_: None))
    [answer] = close_while_it_waits(card, time, purchase_of(card))
    assert not isinstance(answer, Exception)
    assert (qualifying(card), closed()) == (0, 2)


def test_a_range_that_somebody_keeps_locked_is_left_for_the_next_run(cards, time, settings):
    settings.YEAR_END_ROWS_PER_RANGE = 1
    time.now = TURN + SECOND
    with transaction.atomic():
        locks.lock_many([cards[3].contact_id])
        [summary] = race(impatient(lambda: year_end.close_year(JOB)))
    assert (summary.contacts, summary.busy) == (8, 1)
    assert year_end.close_year(JOB).contacts == 1
