"""The only place that opens a transaction: one for each use case, all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import psycopg
from django.db import OperationalError, connection, transaction

from loyalty.core.errors import Busy

_RETRYABLE = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)
_joined = ContextVar("_joined", default=False)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Run a use case in a transaction of its own; a row that stays locked becomes `Busy`, which may be retried."""
    try:
        with transaction.atomic(durable=not _joined.get()):
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, _RETRYABLE):
            raise Busy() from error
        raise


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Run many use cases as one: killed anywhere inside, not one of them has happened.

    For filling a database that nobody uses yet: the locks of every use case are kept until the end.
    """
    with unit_of_work():
        token = _joined.set(True)
        try:
            yield
        finally:
            _joined.reset(token)


@contextmanager
def snapshot() -> Iterator[None]:
    """Read one moment of the whole database in a transaction of its own: a report over many statements."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
