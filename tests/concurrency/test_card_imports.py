"""Imports beside each other, beside wallets and beside new numbers: every number once, every line counted once."""

import threading
from datetime import timedelta

import pytest

from cards import importing, pool
from cards import locks as card_locks
from cards.errors import PoolEmpty
from cards.models import Card, CardCategory, CardImport, CardSeries, ImportMode, Reservation
from loyalty.core import actors, clock
from loyalty.models import JournalEntry, Program
from loyalty.services import card_imports, card_series, pool_watch, wallet
from loyalty.services import cards as card_use_cases
from tests.cards.files import bring, csv_of, faults, in_system, issuing, outcome, start, ten
from tests.concurrency.brake import brake
from tests.concurrency.threads import Meeting, race
from tests.concurrency.worker import broker, send, until, worker
from tests.factories import CardSeriesFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
APP = actors.client("wallet", "", "koshelek")
NOTHING, SKIP = ImportMode.ALL_OR_NOTHING, ImportMode.SKIP_BAD


@pytest.fixture(autouse=True)
def _short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_imports, "CHUNK", 50)


def again(made: CardImport) -> CardImport:
    return CardImport.objects.get(pk=made.pk)


# Workers


@pytest.mark.parametrize("mode", [NOTHING, SKIP])
def test_two_workers_take_one_import_and_one_of_them_works_it_off(mode):
    made = start(csv_of(*ten(count=300)), mode)
    assert sorted(race(card_imports.run_waiting, card_imports.run_waiting)) == [0, 1]
    assert outcome(again(made)) == ("done", 300, 300, 0)
    assert again(made).attempt == 1


@pytest.mark.negative_control
def test_without_the_lock_of_the_claim_two_workers_would_do_the_same_lines(monkeypatch):
    made = start(csv_of(*ten(count=300)), SKIP)
    look = Meeting().after(lambda *, silent_since: CardImport.objects.filter(status="waiting").first())
    monkeypatch.setattr(card_locks, "lock_next_import", look)
    answers = race(card_imports.run_waiting, card_imports.run_waiting)
    assert any(isinstance(each, Exception) for each in answers) or outcome(again(made)) != ("done", 300, 300, 0)


def test_a_worker_that_was_given_up_for_dead_and_comes_back_changes_nothing(monkeypatch):
    made, met = start(csv_of(*ten(count=300)), SKIP), threading.Event()
    judged, store = threading.Event(), card_imports._store

    def stop_after_the_first_chunk(work, chunk):
        if work.held.attempt == 1 and work.held.done == 50:
            judged.set()
            met.wait(10)
        store(work, chunk)

    monkeypatch.setattr(card_imports, "_store", stop_after_the_first_chunk)

    def later() -> int:
        judged.wait(10)
        with clock.at(clock.now() + card_imports.SILENCE + timedelta(seconds=1)):
            ended = card_imports.run_waiting()
        met.set()
        return ended

    assert race(card_imports.run_waiting, later) == [0, 1]
    assert outcome(again(made)) == ("done", 300, 300, 0)
    assert again(made).attempt == 2


def test_a_worker_that_dies_while_it_adds_all_or_nothing_leaves_nothing_and_the_next_one_adds_all(monkeypatch):
    made, add = start(csv_of(*ten(count=300)), NOTHING), pool.add_numbers
    monkeypatch.setattr(pool, "AT_ONCE", 100)
    calls = []

    def die(*args, **given):
        calls.append(len(in_system()))
        if len(calls) == 3:
            raise SystemExit
        return add(*args, **given)

    monkeypatch.setattr(pool, "add_numbers", die)
    with pytest.raises(SystemExit):
        card_imports.run_waiting()
    assert (in_system(), again(made).done, again(made).status) == (set(), 300, "running")
    assert card_imports.run_waiting() == 0, "it is not silent long enough"
    with clock.at(clock.now() + card_imports.SILENCE + timedelta(seconds=1)):
        assert card_imports.run_waiting() == 1
    assert outcome(again(made)) == ("done", 300, 300, 0)


def test_an_import_that_kills_every_worker_fails_in_the_end(monkeypatch):
    made = start(csv_of(*ten()), SKIP)

    def die(*_args):
        raise SystemExit

    monkeypatch.setattr(importing, "add_lines", die)
    for attempt in range(card_imports.MOST_ATTEMPTS):
        with clock.at(clock.now() + attempt * timedelta(minutes=2)), pytest.raises(SystemExit):
            card_imports.run_waiting()
    with clock.at(clock.now() + timedelta(minutes=20)):
        assert card_imports.run_waiting() == 1
    assert again(made).status == "failed"
    assert "5 times" in again(made).problem


@pytest.mark.worker
def test_a_worker_killed_in_the_middle_of_an_import_loses_and_doubles_nothing(tmp_path):
    lines, log = 20_000, tmp_path / "worker.log"
    made = start(csv_of(*ten(count=lines)), SKIP)
    with broker():
        with brake("cards_cardimport", "OLD.done > 0 AND NEW.done > OLD.done") as reached, worker(log) as first:
            send(card_imports.TASK)
            until(reached, log)
            first.kill()
        half = again(made)
        assert half.status == "running"
        assert 0 < half.done == half.added == Card.objects.count() < lines
        # Nobody waits a minute for the silence to be long enough.
        CardImport.objects.update(updated_at=clock.now() - 2 * card_imports.SILENCE)
        with worker(log):
            send(card_imports.TASK)
            until(lambda: again(made).finished_at, log)
    assert outcome(again(made)) == ("done", lines, lines, 0)
    assert again(made).attempt == 2
    assert Card.objects.count() == lines


# The same numbers from several sides


@pytest.mark.parametrize("mode", [NOTHING, SKIP])
def test_the_same_numbers_in_two_files_at_once_come_in_once(mode, monkeypatch):
    numbers = ten(count=300)
    monkeypatch.setattr(pool, "AT_ONCE", 10)
    one, other = start(csv_of(*numbers), mode), start(csv_of(*reversed(numbers)), mode)
    race(card_imports.run_waiting, card_imports.run_waiting)
    assert in_system() == set(numbers)
    counts = [outcome(again(each)) for each in (one, other)]
    assert sum(added for _status, _total, added, _refused in counts) == 300
    if mode == SKIP:
        assert all(added + refused == 300 for _status, _total, added, refused in counts)
    else:
        assert sorted(status for status, *_ in counts) == ["done", "refused"]
    causes = {cause for each in (one, other) for _line, _number, cause, _first in faults(each)}
    assert causes == {"known"}


def test_a_button_pressed_twice_at_the_same_instant_is_one_import():
    made = race(*(lambda: start(csv_of(*ten())) for _ in range(4)))
    assert len({each.pk for each in made}) == 1
    assert JournalEntry.objects.filter(action="card_import.start").count() == 1


@pytest.mark.parametrize("mode", [NOTHING, SKIP])
def test_new_numbers_made_beside_an_import_of_the_same_ones_are_others(mode):
    made = start(csv_of(*reversed(ten(count=400))), mode)
    answers = race(
        card_imports.run_waiting,
        *(lambda: card_use_cases.create_card_pool(APP, count=60, category=CardCategory.VIRTUAL) for _ in "ab"),
    )
    assert not [each for each in answers if isinstance(each, Exception)]
    assert len(set(answers[1]) | set(answers[2])) == 120
    status, _total, added, refused = outcome(again(made))
    assert Card.objects.count() == added + 120
    assert (status, refused > 0) in {("done", False), ("done", True), ("refused", True)}
    assert in_system() >= set(answers[1]) | set(answers[2])


# Wallets beside an import


def test_two_wallets_reserve_the_last_imported_number_and_one_of_them_gets_it():
    [last] = ten(count=1)
    bring(csv_of(last))
    answers = race(lambda: wallet.reserve_number(APP), lambda: wallet.reserve_number(APP))
    assert sorted(type(each).__name__ for each in answers) == ["Card", "PoolEmpty"]
    assert Reservation.objects.get().card.number == last


def test_numbers_are_reserved_while_they_are_imported_each_once():
    made = start(csv_of(*ten(count=300)), SKIP)

    def take_twenty() -> list[str]:
        taken: list[str] = []
        while len(taken) < 20:
            try:
                taken.append(wallet.reserve_number(APP).number)
            except PoolEmpty:
                continue
        return taken

    answers = race(card_imports.run_waiting, take_twenty, take_twenty)
    assert not [each for each in answers if isinstance(each, Exception)]
    taken = answers[1] + answers[2]
    assert (len(taken), len(set(taken))) == (40, 40)
    assert set(taken) <= set(ten(count=300))
    assert outcome(again(made)) == ("done", 300, 300, 0)


def test_no_wallet_sees_a_number_of_all_or_nothing_before_all_are_there(monkeypatch):
    made, add = start(csv_of(*ten(count=300)), NOTHING), pool.add_numbers
    monkeypatch.setattr(pool, "AT_ONCE", 100)
    seen = []

    def look_between(*args, **given):
        added = add(*args, **given)
        answers = race(lambda: wallet.reserve_number(APP))
        seen.append(type(answers[0]).__name__)
        return added

    monkeypatch.setattr(pool, "add_numbers", look_between)
    assert card_imports.run_waiting() == 1
    assert seen == ["PoolEmpty"] * 3
    assert outcome(again(made)) == ("done", 300, 300, 0)


# The alert, the flag


def test_two_workers_that_see_a_low_pool_write_one_alert():
    assert race(*(pool_watch.look for _ in range(4))) == [None] * 4
    assert JournalEntry.objects.filter(action="card_pool.low").count() == 1


@pytest.mark.negative_control
def test_without_the_condition_in_the_statement_two_workers_would_write_two_alerts(monkeypatch):
    look = Meeting().after(lambda: Program.objects.get().pool_low_since is None)

    def read_then_write(free: int) -> None:
        if look():
            Program.objects.update(pool_low_since=clock.now())
            pool_watch.journal.record(APP, "card_pool.low", pool_watch.TARGET, free=free)

    monkeypatch.setattr(pool_watch, "_raise", read_then_write)
    race(pool_watch.look, pool_watch.look)
    assert JournalEntry.objects.filter(action="card_pool.low").count() == 2


def test_the_flag_that_moves_to_two_series_at_once_lands_on_one_of_them():
    before, series = issuing(), [CardSeriesFactory(), CardSeriesFactory()]
    answers = race(
        *(lambda each=each: card_series.change_series(APP, each.pk, {"issuing": True}, "test") for each in series)
    )
    assert not [each for each in answers if isinstance(each, Exception)]
    assert CardSeries.objects.get(issuing=True) in series
    assert issuing() != before
