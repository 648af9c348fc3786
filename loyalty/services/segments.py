"""Segments: lists of contacts that people upload, or audiences frozen as they stand (specs/koshelek.md, 9 to 11).

An order to change a segment is a row; a worker reads the table in ranges, then changes the segment in one
transaction: whoever asks meanwhile sees the whole of the old list or the whole of the new one. Orders for a segment are
worked off in the order in which they came. Safe to kill, to repeat, to run twice at once: the row is finished once.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from django.db import connection
from django.db.models import QuerySet

from loyalty.core import actors, clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.core.wake import wake
from loyalty.selectors import audiences as audience_reads
from loyalty.services import journal, program, reasons
from loyalty.services.unit_of_work import unit_of_work
from promos import audiences, locks, segment_lines, segments
from promos.errors import AudienceNotFound
from promos.models import Audience, Segment, SegmentChange, SegmentChangeStatus, SegmentMode
from promos.segment_lines import Line

TASK = "loyalty.tasks.change_segments"
WORKER = actors.system("change_segments")
RANGE = 5_000
"""Lines that are looked up at once."""

AT_ONCE = 5_000
"""Tables up to this long are worked off while the person waits; longer ones by a worker."""

MOST_PROBLEMS = 10_000
STALE = timedelta(minutes=2)
"""A worker that has not told of progress for so long is taken for dead."""


def create_segment(actor: Actor, name: str, note: str, reason: str) -> Segment:
    """Make an empty segment. Raises InvalidParameter."""
    why = reasons.required(reason)
    with unit_of_work():
        return _create(actor, name, note, why)


def describe_segment(actor: Actor, segment_id: int, name: str, note: str, reason: str) -> Segment:
    """Give a segment another name or note. Raises SegmentNotFound, InvalidParameter."""
    why = reasons.required(reason)
    with unit_of_work():
        segment = locks.lock_segment(segment_id)
        old = [segment.name, segment.note]
        new = [segment.name if name.strip() == segment.name else _own_name(name), _note(note)]
        if new != old:
            segment.name, segment.note = new
            segment.updated_at = clock.now()
            segment.save(update_fields=["name", "note", "updated_at"])
            journal.record(actor, "segment.describe", segment.name, reason=why, old=old, new=new)
    return segment


def upload(actor: Actor, segment_id: int, *, mode: str, file_name: str, content: bytes, reason: str) -> SegmentChange:
    """Order a change of a segment by a table of phones, contact codes or card numbers, CSV or XLSX.

    Returns the order, which a worker fills in; a short table is worked off before the answer. Raises SegmentNotFound,
    InvalidParameter (`file`, `mode`, `reason`) when the table cannot be read.
    """
    why = reasons.required(reason)
    if mode not in SegmentMode.values:
        raise InvalidParameter("Choose add, remove or replace.", name="mode")
    lines = segment_lines.count(content)
    with unit_of_work():
        segment = locks.lock_segment(segment_id)
        order = _order(actor, segment, mode=mode, file_name=file_name[-120:], content=content, lines=lines)
        journal.record(actor, "segment.upload", segment.name, reason=why, order=order.pk, mode=mode, lines=lines)
    if lines <= AT_ONCE:
        _work(order.pk)
    return SegmentChange.objects.get(pk=order.pk)


def freeze_audience(actor: Actor, audience_id: int, name: str, note: str, reason: str) -> SegmentChange:
    """Make a segment of whom an audience holds when a worker comes to it, and never again.

    Raises AudienceNotFound, InvalidParameter.
    """
    why = reasons.required(reason)
    with unit_of_work():
        audience = Audience.objects.filter(pk=audience_id).first()
        if audience is None:
            raise AudienceNotFound()
        segment = _create(actor, name, note, why)
        order = _order(actor, segment, mode=SegmentMode.ADD, audience=audience)
        journal.record(actor, "segment.freeze", segment.name, reason=why, order=order.pk, audience=audience.name)
    return order


def work_off() -> int:
    """Work off the orders that wait, and those whose worker has died, in their order; return how many were finished."""
    return sum(_work(order_id) for order_id in list(_open_orders().values_list("pk", flat=True)))


def _open_orders() -> QuerySet[SegmentChange]:
    open_ = SegmentChange.objects.exclude(status=SegmentChangeStatus.DONE)
    busy = open_.filter(status=SegmentChangeStatus.RUNNING, updated_at__gt=clock.now() - STALE)
    return open_.exclude(pk__in=busy.values("pk")).order_by("pk")


def _work(order_id: int) -> bool:
    with unit_of_work():
        order = locks.lock_change(order_id)
        if order is None or _has_earlier(order):
            return False
        order.start()
        order.updated_at, order.done = clock.now(), 0
        order.save(update_fields=["status", "updated_at", "done"])
    contacts, problems = _look_up(order)
    with unit_of_work():
        segment = locks.lock_segment(order.segment_id)
        waiting = locks.lock_change(order_id, wait=True)
        if waiting is None or _has_earlier(waiting):
            # Another worker took this one for dead and was faster.
            return False
        _apply(segment, waiting, contacts, problems)
    return True


def _look_up(order: SegmentChange) -> tuple[list[int], list[tuple[int, str, str]]]:
    """Return whom the lines of the order name, and which lines name nobody; tell of the progress."""
    contacts: list[int] = []
    problems: list[tuple[int, str, str]] = []
    done = 0
    for lines in _ranges(segment_lines.read(bytes(order.content)) if order.audience_id is None else iter(())):
        found = segments.find(lines)
        contacts += found.contacts
        problems += found.problems
        done += len(lines)
        with unit_of_work():
            SegmentChange.objects.filter(pk=order.pk, status=SegmentChangeStatus.RUNNING).update(
                done=done, updated_at=clock.now()
            )
    return contacts, problems


def _apply(segment: Segment, order: SegmentChange, contacts: list[int], problems: list[tuple[int, str, str]]) -> None:
    now = clock.now()
    if order.audience is not None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '64MB'")
        day = audience_reads.today(program.settings().tzinfo)
        narrowed = audience_reads.narrowing(order.audience.conditions, day)
        order.added = order.found = segments.add_all(segment.pk, narrowed.sql, narrowed.parameters, now)
    else:
        named = segments.present(contacts)
        applied = segments.apply(segment.pk, order.mode, named, now)
        order.found, order.added, order.removed = len(named), applied.added, applied.removed
    order.problem_count, order.problems = len(problems), problems[:MOST_PROBLEMS]
    order.content, order.done = b"", order.lines
    order.updated_at = order.finished_at = segment.updated_at = now
    order.finish()
    order.save()
    segment.save(update_fields=["updated_at"])
    journal.record(
        WORKER, "segment.change", segment.name, order=order.pk, ordered_by=order.actor, mode=order.mode,
        found=order.found, added=order.added, removed=order.removed, problems=order.problem_count,
    )  # fmt: skip


def _has_earlier(order: SegmentChange) -> bool:
    earlier = SegmentChange.objects.filter(segment_id=order.segment_id, pk__lt=order.pk)
    return earlier.exclude(status=SegmentChangeStatus.DONE).exists()


def _ranges(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while part := list(islice(lines, RANGE)):
        yield part


def _order(actor: Actor, segment: Segment, **what: object) -> SegmentChange:
    now = clock.now()
    order = SegmentChange.objects.create(segment=segment, actor=str(actor), created_at=now, updated_at=now, **what)
    wake(TASK)
    return order


def _create(actor: Actor, name: str, note: str, why: str) -> Segment:
    now = clock.now()
    segment = Segment.objects.create(name=_own_name(name), note=_note(note), created_at=now, updated_at=now)
    journal.record(actor, "segment.create", segment.name, reason=why)
    return segment


def _own_name(name: str) -> str:
    text = name.strip()
    if not text or len(text) > audiences.LONGEST_NAME or not text.isprintable():
        raise InvalidParameter("Give the segment a name of at most 80 characters.", name="name")
    if Segment.objects.filter(name=text).exists():
        raise InvalidParameter("Another segment has this name. Choose another.", name="name")
    return text


def _note(note: str) -> str:
    text = note.strip()
    if len(text) > 300:
        raise InvalidParameter("Say it in at most 300 characters.", name="note")
    return text
