"""Numbers lent to a partner without an online link, so that nobody else is given them (specs/koshelek.md, issue)."""

from dataclasses import dataclass
from datetime import timedelta

from cards import services
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.services import journal
from loyalty.services.unit_of_work import unit_of_work

LENT_FOR = timedelta(days=365)
"""How long a partner may issue from the numbers of a registry; each new registry begins the time anew."""

MOST_LENT = 1_000_000


@dataclass(frozen=True, slots=True)
class Lent:
    """How many numbers a partner holds after a call, and how many of them it was lent by it."""

    held: int
    added: int


def lend_numbers(actor: Actor, count: int) -> Lent:
    """Let a partner hold `count` free numbers of the pool in all; what it holds already is kept for it longer.

    A pool with fewer lends what it has. Never takes a number back: the partner may have issued it.
    Raises InvalidParameter for a count out of range.
    """
    if not 0 <= count <= MOST_LENT:
        raise InvalidParameter(f"The count is from 0 to {MOST_LENT}.", name="numbers")
    with unit_of_work():
        now = clock.now()
        until, who = now + LENT_FOR, str(actor)
        held = services.renew(until=until, actor=who, now=now)
        missing = max(count - held, 0)
        added = services.lend(missing, until=until, actor=who, now=now) if missing else 0
        journal.record(actor, "card_pool.lend", who, held=held + added, added=added)
    return Lent(held + added, added)
