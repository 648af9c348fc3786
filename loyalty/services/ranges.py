"""Jobs over ranges of contacts: a transaction each, so that a job may be killed, repeated, run twice at once or late.

A run leaves a row that shows how far it is. A range that somebody keeps locked is left for the next run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db.models import F

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy, InvalidParameter
from loyalty.ledger import rollover
from loyalty.ledger.rollover import ContactRange
from loyalty.models import JobRun
from loyalty.services.unit_of_work import unit_of_work

Progress = Callable[[int, int], None]
"""Hears after each range how much is done, and of how much: lots, or contacts."""


Done = TypeVar("Done")
"""What one range came to."""


@dataclass(frozen=True, slots=True)
class RangeJob(Generic[Done]):
    """A job: `work` does the contacts of one range inside a transaction, `count` hears of it once it is committed.

    `size` says how much of the total one range came to, in the same unit as the ranges; `result`, at the end, what all
    ranges came to.
    """

    name: str
    actor: Actor
    as_of: datetime
    work: Callable[[Sequence[int]], Done]
    size: Callable[[Done], int]
    count: Callable[[Done], None]
    result: Callable[[], dict[str, Any]]
    unit: str = "lots"


def moment_of(as_of: datetime | None) -> datetime:
    """Return the moment that a job works for, now unless given. Raises InvalidParameter for the future."""
    now = clock.now()
    if as_of is not None and as_of > now:
        raise InvalidParameter("A time in the future goes only with a dry run.", name="as_of")
    return as_of or now


def run(job: RangeJob[Done], ranges: Sequence[ContactRange], progress: Progress | None = None) -> int:
    """Carry a job out, range by range; return how many ranges were left because somebody kept a row locked.

    Nothing is left behind, not even a row, where nothing is due.
    """
    if not ranges:
        return 0
    now = clock.now()
    total, done, busy = sum(each.size for each in ranges), 0, 0
    row = JobRun.objects.create(
        job=job.name, actor=str(job.actor), as_of=job.as_of, started_at=now, updated_at=now, total=total
    )
    for each in ranges:
        try:
            part = _carry_out(job, each, row)
        except Busy:
            busy += 1
        else:
            done += job.size(part)
            job.count(part)
        if progress is not None:
            progress(done, total)
    JobRun.objects.filter(pk=row.pk).update(
        finished_at=clock.now(), result={job.unit: done, **job.result(), "busy_ranges": busy}
    )
    return busy


def _carry_out(job: RangeJob[Done], each: ContactRange, row: JobRun) -> Done:
    with unit_of_work():
        rollover.commit_without_waiting()
        part = job.work(each.contacts)
        JobRun.objects.filter(pk=row.pk).update(done=F("done") + job.size(part), updated_at=clock.now())
    return part
