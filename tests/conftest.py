"""Fixtures for every test: a clock to move, and a database whose books can be emptied between tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase

from loyalty.core import clock

MOSCOW = ZoneInfo("Europe/Moscow")


class MovingClock:
    """The clock of a story: it stands still until the story moves it."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def forward(self, **duration: float) -> datetime:
        """Move on by days, hours, minutes."""
        return self.set(self.moment + timedelta(**duration))

    def set(self, moment: datetime) -> datetime:
        """Move to a moment."""
        self.moment = moment
        clock._fixed.set(moment)
        return moment


@pytest.fixture
def story_clock() -> Iterator[MovingClock]:
    """A clock that starts on Monday, 2 March 2026, at noon in Moscow."""
    start = datetime(2026, 3, 2, 12, 0, tzinfo=MOSCOW)
    with clock.at(start):
        yield MovingClock(start)


@contextmanager
def books_may_be_emptied() -> Iterator[None]:
    """Lift the guards against TRUNCATE for the clean-up between tests; nothing else may."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgname LIKE 'pgtrigger_no_truncate%'"
        )
        guards = cursor.fetchall()
        for table, name in guards:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
    yield
    with connection.cursor() as cursor:
        for table, name in guards:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")


_flush = TransactionTestCase._fixture_teardown


def _flush_books(self: TransactionTestCase) -> None:
    with books_may_be_emptied():
        _flush(self)


TransactionTestCase._fixture_teardown = _flush_books  # type: ignore[method-assign]


def _forget_calls() -> None:
    # Not at the top: this file is read before Django's models are.
    from loyalty.api import authentication, interaction_backlog

    interaction_backlog.backlog.clear()
    authentication.forget_credentials()


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """The process takes neither calls that wait for the interaction log nor credentials into the next test."""
    _forget_calls()
    yield
    _forget_calls()


@pytest.fixture(autouse=True)
def _clean_cache() -> Iterator[None]:
    yield
    # Not clear(): that empties the server, and with it the counts of a test in another worker.
    server = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]
    if keys := list(server.scan_iter(f"{cache.key_prefix}:*")):
        server.delete(*keys)
