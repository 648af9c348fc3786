"""The alert of a low pool: raised once when few free numbers are left, ended once when there are enough again."""

from contextlib import suppress

import structlog

from cards import pool
from loyalty.core import actors, clock
from loyalty.core.errors import Busy
from loyalty.models import Program
from loyalty.services import journal, program
from loyalty.services.unit_of_work import unit_of_work

JOB = "watch_card_pool"
TARGET = "card_pool"

log = structlog.get_logger(__name__)


def look() -> None:
    """Count the free numbers up to the alert's bound, and raise or end the alert.

    The state is a row: of two calls at once one changes it, and that one writes the journal.
    """
    settings = program.settings()
    bound, now = settings.low_pool_alert, clock.now()
    with unit_of_work():
        free = pool.free_numbers(now, bound) if bound else 0
        if free < bound:
            _raise(free)
        elif settings.pool_low_since is not None:
            _end(bound)


def note_empty() -> None:
    """Raise the alert at once: a wallet has asked for a number and there was none. Never in the way of its answer."""
    with suppress(Busy), unit_of_work():
        _raise(0)


def _raise(free: int) -> None:
    calm = Program.objects.filter(pk=1, pool_low_since__isnull=True, low_pool_alert__gt=0)
    if calm.update(pool_low_since=clock.now()):
        journal.record(actors.system(JOB), "card_pool.low", TARGET, free=free)
        log.warning("card_pool_low", free=free, next="import numbers, or create_card_pool")


def _end(bound: int) -> None:
    raised = Program.objects.filter(pk=1, pool_low_since__isnull=False)
    # With the alert switched off nothing was filled: the change of the settings is in the journal.
    if raised.update(pool_low_since=None) and bound:
        journal.record(actors.system(JOB), "card_pool.filled", TARGET, at_least=bound)
        log.info("card_pool_filled", at_least=bound)
