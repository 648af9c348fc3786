"""Imports of card numbers from CSV and XLSX files: uploaded by a person, worked off by a job, in chunks.

A chunk is a transaction: its cards, its faults and its counts come together, so that a killed worker's import goes
on where it stopped. All or nothing: every line is checked first, chunk by chunk, and the cards come in one transaction.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

import structlog

from cards import importing, imports, locks, pool
from cards.imports import Line
from cards.models import CardCategory, CardImport, CardImportFile, CardSeries, ImportMode
from loyalty.core import actors, clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy, InvalidParameter
from loyalty.core.wake import wake
from loyalty.services import journal, pool_watch
from loyalty.services.unit_of_work import unit_of_work

JOB = "import_card_numbers"
TASK = f"loyalty.tasks.{JOB}"
CHUNK = 5_000
READ_AT_ONCE = 20_000
SILENCE = timedelta(seconds=60)
"""After this long without a sign of life an import belongs to whoever takes it; signs come every few seconds."""

MOST_ATTEMPTS = 5
LONGEST_NAME = 200

log = structlog.get_logger(__name__)


class _Overtaken(Exception):
    """Another worker has taken the import over, after we were silent for too long."""


class _Collided(Exception):
    """A number that was free when it was checked has come into the system since."""


@dataclass(slots=True)
class _Work:
    """An import that this worker holds: the attempt that it is, and what its file says."""

    held: CardImport
    series: CardSeries
    lines: list[tuple[int, str]] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)


def start(
    actor: Actor,
    *,
    series_id: int,
    category: CardCategory,
    mode: ImportMode,
    file_name: str,
    content: bytes,
    reason: str,
) -> tuple[CardImport, bool]:
    """Store a file of numbers and wake the job; return the import and whether it is new.

    The same file that is on its way already is not taken twice: its import is returned. Raises InvalidParameter
    (`file`) when it is empty or larger than LARGEST_FILE.
    """
    if not content:
        raise InvalidParameter("The file is empty.", name="file")
    if len(content) > imports.LARGEST_FILE:
        raise InvalidParameter("The file is larger than 32 MB. Divide it into several files.", name="file")
    name = imports.shown(file_name, LONGEST_NAME)
    with unit_of_work():
        made, new = importing.store(
            content,
            clock.now(),
            series_id=series_id,
            category=category,
            mode=mode,
            file_name=name,
            actor=str(actor),
            reason=reason,
        )
        if new:
            journal.record(
                actor, "card_import.start", str(made.pk), reason=reason, file=name, mode=mode, category=category.label
            )
        wake(TASK)
    return made, new


def run_waiting() -> int:
    """Work off every import that nobody works on; return how many this call has ended. Safe to run twice at once."""
    ended = 0
    while (work := _claim()) is not None:
        try:
            _run(work)
            ended += 1
        except _Overtaken:
            log.warning("card_import_overtaken", card_import=work.held.pk, attempt=work.held.attempt)
        except Busy:
            # The sweep takes it up again when our silence has lasted long enough.
            log.warning("card_import_busy", card_import=work.held.pk, attempt=work.held.attempt)
    return ended


def _claim() -> _Work | None:
    with unit_of_work():
        now = clock.now()
        found = locks.lock_next_import(silent_since=now - SILENCE)
        if found is None:
            return None
        importing.take(found, now)
    return _Work(found, CardSeries.objects.get(pk=found.series_id))


def _run(work: _Work) -> None:
    if work.held.attempt > MOST_ATTEMPTS:
        _close(work, problem=f"Tried {MOST_ATTEMPTS} times without coming to an end. The log of the worker says more.")
        return
    try:
        work.lines = list(_read(work))
    except InvalidParameter as error:
        _close(work, problem=error.text)
        return
    if not work.lines:
        _close(work, problem="There is no number in this file.")
        return
    _sign(work, total=len(work.lines))
    verdicts = imports.judge(work.lines, work.series, work.seen)
    # What an earlier attempt has done is judged again, for the numbers seen, and not stored again.
    for _ in islice(verdicts, work.held.done):
        pass
    for chunk in _chunks(verdicts):
        _store(work, chunk)
    if work.held.mode == ImportMode.ALL_OR_NOTHING and not work.held.refused:
        _add_all(work)
    _close(work)


def _read(work: _Work) -> Iterator[tuple[int, str]]:
    content = bytes(CardImportFile.objects.get(pk=work.held.pk).content)
    for count, line in enumerate(imports.texts(content), start=1):
        if count % READ_AT_ONCE == 0:
            _sign(work)
        yield line


def _sign(work: _Work, *, total: int | None = None) -> None:
    with unit_of_work():
        if not importing.sign(work.held.pk, work.held.attempt, clock.now(), total=total):
            raise _Overtaken
    work.held.total = total or work.held.total


def _store(work: _Work, chunk: list[Line]) -> None:
    with unit_of_work():
        held = _hold(work)
        if held.mode == ImportMode.SKIP_BAD:
            importing.add_lines(held, work.series, chunk, clock.now())
        else:
            importing.check_lines(held, chunk, clock.now())
    work.held = held


def _add_all(work: _Work) -> None:
    """Turn every number into a card, in one transaction; when one has come into the system meanwhile, none."""
    numbers, now = sorted(work.seen), clock.now()
    try:
        with unit_of_work():
            held = _hold(work)
            for start_at in range(0, len(numbers), pool.AT_ONCE):
                batch = numbers[start_at : start_at + pool.AT_ONCE]
                if len(pool.add_numbers(work.series, batch, held.category, now)) < len(batch):
                    raise _Collided
            held.added = len(numbers)
            importing.close(held, clock.now())
            _journal(held)
    except _Collided:
        with unit_of_work():
            held = _hold(work)
            for chunk in _chunks(Line(line, number) for number, line in work.seen.items()):
                importing.refuse_lines(held, chunk, now)
            importing.close(held, clock.now())
            _journal(held)
    work.held = held


def _close(work: _Work, *, problem: str = "") -> None:
    if work.held.finished_at is None:
        with unit_of_work():
            held = _hold(work)
            importing.close(held, clock.now(), problem=problem)
            _journal(held)
    pool_watch.look()


def _hold(work: _Work) -> CardImport:
    held = locks.lock_import(work.held.pk, work.held.attempt)
    if held is None:
        raise _Overtaken
    return held


def _journal(held: CardImport) -> None:
    journal.record(
        actors.system(JOB),
        f"card_import.{held.status}",
        str(held.pk),
        lines=held.total,
        added=held.added,
        refused=held.refused,
    )


def _chunks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    rest = iter(lines)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
