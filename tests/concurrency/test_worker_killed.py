"""A worker dies in the middle of fifty thousand lots, and the broker is not there: nothing is lost or doubled."""

import time

import pytest
from django.conf import settings
from django.db import connection, transaction
from redis import Redis

from loyalty.core import clock
from loyalty.core.wake import wake
from loyalty.models import JobRun
from tests.concurrency import many_lots
from tests.concurrency.brake import brake
from tests.concurrency.worker import broker, broker_url, send, until, worker

pytestmark = [pytest.mark.race, pytest.mark.worker, pytest.mark.django_db(transaction=True)]

LOTS = 50_000
TASK = "loyalty.tasks.roll_over_escrow"


def landed() -> int:
    return one("SELECT count(*) FROM ledger_lot WHERE landed IS NOT NULL")


def one(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def assert_every_contact_is_done_or_not_begun() -> None:
    halves = one(
        "SELECT count(*) FROM (SELECT contact_id FROM ledger_lot GROUP BY contact_id"
        " HAVING count(landed) NOT IN (0, count(*))) AS half"
    )
    assert halves == 0


def assert_all_landed_once(contacts: int) -> None:
    debtors = -(-contacts // many_lots.DEBTOR_EVERY)
    assert landed() == LOTS
    assert one("SELECT count(*) FROM ledger_operation WHERE kind = 'rollover'") == contacts * 2
    assert one("SELECT sum(amount) FROM ledger_transfer WHERE source = 2 AND target = 1") == contacts * 20
    assert one("SELECT sum(amount) FROM ledger_bonusbalance WHERE account = 1") == (
        contacts * 20 - debtors * many_lots.DEBT
    )
    assert one("SELECT sum(amount) FROM ledger_bonusbalance WHERE account IN (2, 4)") == 0


def test_a_worker_killed_in_the_middle_of_fifty_thousand_lots_loses_and_doubles_nothing(tmp_path):
    contacts, log = many_lots.write(LOTS, clock.now()), tmp_path / "worker.log"
    small = {"ROLLOVER_LOTS_PER_RANGE": "100"}
    with broker() as redis:
        with brake("ledger_lot", f"NEW.contact_id = {contacts // 2}") as reached, worker(log, **small) as first:
            send(TASK)
            until(reached, log)
            first.kill()
        done = landed()
        assert 0 < done < LOTS
        assert_every_contact_is_done_or_not_begun()
        half = JobRun.objects.get()
        assert (half.finished_at, half.total) == (None, LOTS)
        assert half.done == done
        # The broker still holds the task of the dead worker. We let the time-out of the settings pass.
        assert redis.hlen("unacked") == 1
        [(tag, since)] = redis.zrange("unacked_index", 0, -1, withscores=True)
        redis.zadd("unacked_index", {tag: since - settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] - 1})
        with worker(log, ROLLOVER_LOTS_PER_RANGE="2000"):
            until(lambda: JobRun.objects.filter(finished_at__isnull=False).exists(), log)
            until(lambda: redis.hlen("unacked") == 0, log)
    second = JobRun.objects.first()
    assert (second.done, second.total) == (LOTS - done, LOTS - done)
    assert_all_landed_once(contacts)


def test_a_stopped_broker_does_not_fail_a_use_case(settings, monkeypatch):
    from celery import Celery

    lost = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
    lost.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    monkeypatch.setattr("loyalty.core.wake.current_app", lost)
    began = time.monotonic()
    with transaction.atomic():
        wake(TASK)
        JobRun.objects.create(
            job="kept", actor="test", as_of=clock.now(), started_at=clock.now(), updated_at=clock.now()
        )
    assert JobRun.objects.get().job == "kept"
    assert time.monotonic() - began < 2


def test_a_wake_up_is_sent_after_the_commit_and_never_for_work_that_was_rolled_back(monkeypatch):
    sent = []
    monkeypatch.setattr("loyalty.core.wake._send", lambda task, args: sent.append((task, args)))
    with transaction.atomic():
        wake(TASK, 1)
        assert not sent
    with transaction.atomic():
        wake(TASK, 2)
        transaction.set_rollback(True)
    assert sent == [(TASK, (1,))]


def test_the_brokers_database_of_these_tests_is_not_that_of_the_cache():
    with Redis.from_url(settings.REDIS_URL) as cache, Redis.from_url(broker_url()) as redis:
        cache.set("only-in-the-cache", 1, ex=5)
        assert redis.get("only-in-the-cache") is None
