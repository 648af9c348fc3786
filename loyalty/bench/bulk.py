"""Filling tables with millions of rows: keys, exclusions and secondary indexes wait until the rows are there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

_KEYS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype IN ('f', 'x') AND conrelid = ANY(%(tables)s::regclass[]) ORDER BY conname
"""
_INDEXES = """
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = ANY(%(tables)s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) AND NOT indisunique
ORDER BY indexrelid
"""


@contextmanager
def loading(tables: Sequence[str]) -> Iterator[None]:
    """Let a block fill the tables; then the indexes are built at once, and every key is proved.

    For the bench's own database only: what another session writes meanwhile is not checked before the end.
    """
    with connection.cursor() as cursor:
        changes = []
        for statement in (_KEYS, _INDEXES):
            cursor.execute(statement, {"tables": list(tables)})
            changes.append(cursor.fetchall())
        for drop, _ in [*changes[0], *changes[1]]:
            cursor.execute(drop)
        yield
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for _, restore in [*changes[1], *changes[0]]:
            cursor.execute(restore)
