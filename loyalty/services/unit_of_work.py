"""The only place that opens a transaction: one for each use case, all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import OperationalError, connection, transaction

from loyalty.core.errors import Busy

_RETRYABLE = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Run a use case in a transaction of its own; a row that stays locked becomes `Busy`, which may be retried."""
    try:
        with transaction.atomic(durable=True):
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, _RETRYABLE):
            raise Busy() from error
        raise


@contextmanager
def snapshot() -> Iterator[None]:
    """Read one moment of the whole database in a transaction of its own: a report over many statements."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
