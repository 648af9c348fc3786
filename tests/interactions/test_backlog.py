"""The queue behind the log: bounded, never in the way of a call, written in the end."""

import os

import pytest
from django.db import OperationalError, connection

from loyalty.api import interaction_backlog, interaction_log
from loyalty.api.interaction_backlog import Backlog
from loyalty.models import Interaction
from loyalty.services import interactions
from tests.interactions.test_masking import call


def test_a_full_queue_drops_counts_and_does_not_fail(monkeypatch):
    monkeypatch.setattr(interaction_backlog, "MOST_CALLS", 3)
    backlog = Backlog()
    for _ in range(5):
        backlog.put(call())
    assert (len(backlog._calls), backlog.dropped) == (3, 2)


def test_bodies_go_before_entries_when_memory_is_short(monkeypatch):
    monkeypatch.setattr(interaction_backlog, "MOST_BYTES", 10)
    backlog = Backlog()
    for _ in range(2):
        backlog.put(call(request=b"12345678"))
    assert [each.request for each in backlog._calls] == [b"12345678", b""]
    assert backlog._bytes == 8


def test_strangers_cannot_fill_the_log(monkeypatch):
    monkeypatch.setattr(interaction_backlog, "MOST_STRANGERS", 2)
    backlog = Backlog()
    for _ in range(4):
        backlog.put(call(stranger=True))
    backlog.put(call())
    assert (len(backlog._calls), backlog.dropped) == (3, 2)


@pytest.mark.django_db
def test_what_waits_while_the_database_is_away_is_written_later(monkeypatch):
    backlog, store = Backlog(), interactions.store
    for number in range(3):
        backlog.put(call(correlation_id=f"c-{number}"))

    def away(_entries):
        raise OperationalError

    monkeypatch.setattr(interactions, "store", away)
    assert backlog.flush() == 0
    assert len(backlog._calls) == 3
    monkeypatch.setattr(interactions, "store", store)
    assert backlog.flush() == 3
    assert list(Interaction.objects.order_by("id").values_list("correlation_id", flat=True)) == ["c-0", "c-1", "c-2"]


@pytest.mark.django_db
def test_an_entry_that_cannot_be_written_does_not_stop_the_others(monkeypatch):
    backlog = Backlog()
    monkeypatch.setattr(interaction_backlog, "BATCH", 1)
    backlog.put(call(status=99_999_999))
    backlog.put(call())
    assert backlog.flush() == 2


@pytest.mark.django_db
def test_a_broken_log_does_not_break_the_call(monkeypatch, till):
    def broken(_call):
        raise MemoryError

    monkeypatch.setattr(interaction_backlog, "put", broken)
    assert till.balance("1").key == "InvalidCardNumber"
    monkeypatch.setattr(interaction_log, "outcome", broken)
    assert till.balance("1").key == "InvalidCardNumber"


@pytest.mark.django_db(transaction=True)
def test_the_thread_writes_with_a_connection_of_its_own_and_ends_when_asked(settings):
    settings.INTERACTION_LOG_THREAD = True
    backlog = Backlog()
    for _ in range(50):
        backlog.put(call())
    assert backlog._thread is not None
    assert backlog._thread.daemon
    backlog.close()
    assert not backlog._thread.is_alive()
    assert Interaction.objects.count() == 50


def test_a_forked_process_starts_empty_with_a_lock_of_its_own():
    interaction_backlog.backlog.put(call())
    with interaction_backlog.backlog._lock:
        child = os.fork()
        if child == 0:
            # Without a new lock the child would wait here for ever.
            interaction_backlog.backlog.put(call())
            os._exit(len(interaction_backlog.backlog._calls))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


@pytest.mark.django_db
def test_old_entries_are_deleted_in_batches(monkeypatch, story_clock):
    monkeypatch.setattr(interactions, "DELETED_AT_ONCE", 2)
    from loyalty.api import interaction_rows
    from loyalty.core import clock

    interactions.store(interaction_rows.rows([call(recorded_at=clock.now()) for _ in range(5)]))
    story_clock.forward(days=29)
    interactions.store(interaction_rows.rows([call(recorded_at=clock.now())]))
    assert interactions.delete_old() == 0
    story_clock.forward(days=2)
    assert interactions.delete_old() == 5
    assert Interaction.objects.count() == 1


@pytest.mark.django_db
def test_entries_are_found_through_indexes():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM loyalty_interaction WHERE card_number = '1' OR till = '1'")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "interaction_of_card" in plan
    assert "interaction_of_till" in plan
