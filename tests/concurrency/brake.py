"""A worker that is to be killed in the middle of its work must not reach the end, however slow the test is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from tests.concurrency.worker import others_are_gone, until

_KEY = 20_261_122

# A lock's time-out would let the worker go on, or fail, before it is killed.
_FUNCTION = f"""
CREATE FUNCTION wait_for_the_test() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({_KEY}); RETURN NEW; END $$
"""


@contextmanager
def brake(table: str, when: str) -> Iterator[Callable[[], bool]]:
    """Let whoever updates a row of a table, `when` being true of OLD and NEW, wait until the end of the block.

    Yields what tells whether somebody waits there. At the end of the block the worker has to be dead.
    """
    _do(f"SELECT pg_advisory_lock({_KEY})")
    _do(_FUNCTION)
    _do(
        f"CREATE TRIGGER wait_for_the_test BEFORE UPDATE ON {table} FOR EACH ROW"
        f" WHEN ({when}) EXECUTE FUNCTION wait_for_the_test()"
    )
    try:
        yield _somebody_waits
    finally:
        _do(f"SELECT pg_advisory_unlock({_KEY})")
        # PostgreSQL learns that the worker is dead when it goes on, and undoes what was not committed.
        until(others_are_gone)
        _do("DROP FUNCTION wait_for_the_test CASCADE")


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return bool(cursor.fetchone()[0])


def _do(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
