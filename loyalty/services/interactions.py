"""The interaction log: written in batches beside the calls, deleted when old."""

from datetime import timedelta

from django.db import connection

from loyalty.core import clock
from loyalty.models import Interaction
from loyalty.services import program
from loyalty.services.unit_of_work import unit_of_work

DELETED_AT_ONCE = 2_000


_COLUMNS = [field.attname for field in Interaction._meta.concrete_fields if not field.primary_key]
_COPY = f"COPY {Interaction._meta.db_table} ({', '.join(_COLUMNS)}) FROM STDIN"


def store(entries: list[Interaction]) -> None:
    """Write entries; a crash of the database may lose the last of them, so nothing waits for its disk.

    By COPY: the thread that writes shares the processor with the calls, and this takes a third of an INSERT's.
    """
    with unit_of_work(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")
        with cursor.copy(_COPY) as copy:
            for entry in entries:
                copy.write_row([getattr(entry, name) for name in _COLUMNS])


def delete_old() -> int:
    """Delete entries older than the retailer keeps them, some thousands a transaction; return how many."""
    oldest = clock.now() - timedelta(days=program.settings().interaction_days)
    deleted = 0
    while gone := _delete_before(oldest):
        deleted += gone
    return deleted


def _delete_before(oldest: object) -> int:
    old = Interaction.objects.filter(recorded_at__lt=oldest).order_by("recorded_at").values("pk")
    with unit_of_work():
        return Interaction.objects.filter(pk__in=old[:DELETED_AT_ONCE])._raw_delete("default")
