"""Real transactions at once: one thread, one connection each, and never longer than a few seconds."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

LONGEST = 20
"""Seconds after which a race counts as stuck."""

Act = Callable[[], Any]


def _alone(act: Act, gate: threading.Barrier | None) -> Any:
    try:
        if gate is not None:
            gate.wait(LONGEST)
        return act()
    except Exception as error:
        return error
    finally:
        connection.close()


def race(*acts: Act) -> list[Any]:
    """Start all acts at the same instant; return what each returned or raised, in their order."""
    gate = threading.Barrier(len(acts))
    with ThreadPoolExecutor(len(acts)) as pool:
        started = [pool.submit(_alone, act, gate) for act in acts]
        return [each.result(LONGEST) for each in started]


@contextmanager
def meanwhile(hold: str, parameters: list[Any], *acts: Act) -> Iterator[list[Any]]:
    """Hold what a statement locks for the length of the block, and run acts against it in the background.

    The list is filled with what they returned or raised, after the block has committed.
    """
    answers: list[Any] = []
    with ThreadPoolExecutor(len(acts)) as pool:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(hold, parameters)
            started = [pool.submit(_alone, act, None) for act in acts]
            yield answers
        answers.extend(each.result(LONGEST) for each in started)


def waiting() -> int:
    """How many statements of this database wait for a lock now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def wait_for_waiting(count: int = 1) -> None:
    """Return when `count` statements wait for a lock: from then on the race is decided by the locks alone."""
    deadline = time.monotonic() + LONGEST
    while waiting() < count:
        if time.monotonic() > deadline:
            raise AssertionError(f"{waiting()} of {count} calls came to wait for a lock")
        time.sleep(0.005)


def overlapping(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make two writers meet in their rows: who has written first commits only when another one waits for it.

    A meeting before the write is not enough: one of the two may write and commit before the other one begins.
    """
    first = threading.Lock()

    def wrapped(*args: Any, **options: Any) -> Any:
        answer = function(*args, **options)
        if first.acquire(blocking=False):
            wait_for_waiting()
        return answer

    return wrapped


class Meeting:
    """Makes a race certain: every caller of a wrapped function waits, once it has its answer, for the others.

    Where a lock keeps the others out, they cannot come; then the meeting ends after `patience` seconds.
    """

    def __init__(self, callers: int = 2, patience: float = 10) -> None:
        self._barrier = threading.Barrier(callers)
        self._patience = patience

    def after(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with the meeting behind it."""

        def wrapped(*args: Any, **options: Any) -> Any:
            answer = function(*args, **options)
            self._wait()
            return answer

        return wrapped

    def _wait(self) -> None:
        try:
            self._barrier.wait(self._patience)
        except threading.BrokenBarrierError:
            return
