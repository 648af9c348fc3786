"""The wallet's lists of phones (specs/koshelek.md, calls 10 and 11), opened for streaming.

A list is one snapshot, held while the caller reads, and one at a time: a second call meanwhile is told to come again.
So neither memory nor the pool of connections nor old row versions grow with the callers.
"""

from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from django.db import connection

from loyalty.core.actors import Actor
from loyalty.core.errors import Busy
from loyalty.models import Program
from loyalty.selectors import wallet_lists as reads
from loyalty.selectors.wallet_lists import Listed
from loyalty.services import journal
from loyalty.services.unit_of_work import snapshot, unit_of_work
from promos.models import Audience

IDLE_SECONDS = 60
"""A caller that reads nothing for so long loses its list, and the database its transaction."""

LOCK = 0x6C697374
"""The advisory lock of a list that is being read."""

Part = TypeVar("Part")


class Stream(Generic[Part]):
    """An open list: iterate over its parts, and close it whatever happens; then the transaction ends.

    The first part is read when it is made, so that what can fail fails before an answer has begun.
    """

    def __init__(self, parts: Generator[Part] | None = None) -> None:
        self._parts = parts
        self._first = [] if parts is None else [each for each in (next(parts, None),) if each is not None]

    def __iter__(self) -> Iterator[Part]:
        return self

    def __next__(self) -> Part:
        if self._first:
            return self._first.pop()
        if self._parts is None:
            raise StopIteration
        return next(self._parts)

    def close(self) -> None:
        """End the transaction, also in the middle. May be called again."""
        self._first.clear()
        if self._parts is not None:
            self._parts.close()


def phones(actor: Actor) -> Stream[list[str]]:
    """Open the list of phones of the audience that a marketer has chosen; an empty one while none is. Raises Busy."""
    return _opened(actor, reads.phones)


def profiles(actor: Actor) -> Stream[list[Listed]]:
    """Open the same list with what is known of each contact. Raises Busy."""
    return _opened(actor, reads.profiles)


def _opened(actor: Actor, read: Callable[[Audience, ZoneInfo], Iterator[Part]]) -> Stream[Part]:
    settings = Program.objects.select_related("wallet_audience").get(pk=1)
    audience = settings.wallet_audience
    if audience is None:
        return Stream()
    with unit_of_work():
        journal.record(actor, "wallet_list.read", audience.name)
    return Stream(_parts(read, audience, settings.tzinfo))


def _parts(read: Callable[[Audience, ZoneInfo], Iterator[Part]], audience: Audience, zone: ZoneInfo) -> Generator[Part]:
    with snapshot():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise Busy("Another list is being read. Repeat when it has ended.")
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
            # All of it will be read: the plan for the whole is wanted, not the one that shows its first rows soonest.
            cursor.execute("SET LOCAL cursor_tuple_fraction = 1")
            cursor.execute("SET LOCAL work_mem = '64MB'")
        yield from read(audience, zone)
