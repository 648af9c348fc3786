"""Changes to imports of numbers. Called by loyalty.services inside its transaction only."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from cards import imports, pool, selectors
from cards.imports import Line
from cards.models import (
    UNFINISHED,
    CardImport,
    CardImportFault,
    CardImportFile,
    CardSeries,
    ImportCause,
    ImportMode,
    ImportStatus,
)

_FAULTS = """
INSERT INTO cards_cardimportfault (card_import_id, line, number, cause, first_line)
SELECT %(import)s, * FROM unnest(%(lines)s::int[], %(numbers)s::text[], %(causes)s::text[], %(firsts)s::int[])
"""


def store(content: bytes, now: datetime, **given: Any) -> tuple[CardImport, bool]:
    """Store a file that waits to be imported; return its import and whether it is new.

    The same file for the same series, category and mode that is not finished yet is not stored again.
    """
    digest = hashlib.sha256(content).hexdigest()
    same = {name: given[name] for name in ("series_id", "category", "mode")} | {"sha256": digest}
    if (going_on := _going_on(same)) is not None:
        return going_on, False
    try:
        with transaction.atomic():
            made = CardImport.objects.create(**given, sha256=digest, size=len(content), created_at=now, updated_at=now)
    except IntegrityError:
        # Another call has stored it in this moment.
        if (going_on := _going_on(same)) is not None:
            return going_on, False
        raise
    CardImportFile.objects.create(card_import=made, content=content)
    return made, True


def take(found: CardImport, now: datetime) -> None:
    """Make a locked import Running by a new attempt: what an earlier one still does counts no more."""
    found.take()
    found.attempt += 1
    found.started_at = found.started_at or now
    found.updated_at = now
    found.save(update_fields=["status", "attempt", "started_at", "updated_at"])


def sign(import_id: int, attempt: int, now: datetime, *, total: int | None = None) -> bool:
    """Give a sign of life, and say how many lines there are once that is known; False when others have taken over."""
    mine = CardImport.objects.filter(pk=import_id, attempt=attempt, status=ImportStatus.RUNNING)
    known = {} if total is None else {"total": total}
    return mine.update(updated_at=now, **known) == 1


def add_lines(held: CardImport, series: CardSeries, lines: Sequence[Line], now: datetime) -> None:
    """Turn the good ones of the next lines of a locked import into cards, and keep the others as faults."""
    good = sorted(each.number for each in lines if each.cause is None)
    added = pool.add_numbers(series, good, held.category, now) if good else []
    _count(held, _marked(lines, set(good) - set(added)), now, added=len(added), done=len(lines))


def check_lines(held: CardImport, lines: Sequence[Line], now: datetime) -> None:
    """Keep the faults of the next lines of a locked import; no card is made yet."""
    good = [each.number for each in lines if each.cause is None]
    _count(held, _marked(lines, pool.known(good) if good else set()), now, added=0, done=len(lines))


def refuse_lines(held: CardImport, lines: Sequence[Line], now: datetime) -> None:
    """Keep those lines of a checked, locked import as faults whose numbers have come into the system since."""
    known = pool.known([each.number for each in lines])
    _count(held, _marked([each for each in lines if each.number in known], known), now, added=0, done=0)


def close(held: CardImport, now: datetime, *, problem: str = "") -> None:
    """End a locked import - Failed with a problem, Refused or Done by its counts - and drop its file."""
    if problem:
        held.problem = problem[:300]
        held.fail()
    elif held.mode == ImportMode.ALL_OR_NOTHING and held.refused:
        held.refuse()
    else:
        held.finish()
    held.finished_at = held.updated_at = now
    held.save(update_fields=["status", "problem", "added", "finished_at", "updated_at"])
    CardImportFile.objects.filter(card_import=held).delete()


def forget(phone: str, words: Sequence[str]) -> None:
    """Empty what is kept of bad lines that name a person: the wrong file, or the wrong column of it, was uploaded.

    `phone`: E.164 or ""; the line of the file and the cause stay.
    """
    CardImportFault.objects.filter(selectors.lines_with(phone, words)).update(number="")


def _going_on(same: dict[str, Any]) -> CardImport | None:
    return CardImport.objects.filter(**same, status__in=UNFINISHED).first()


def _marked(lines: Sequence[Line], known: set[str]) -> list[Line]:
    """Return the lines that bring no card: the bad ones, and the good ones whose number is `known`."""
    return [
        Line(each.line, each.number, ImportCause.KNOWN) if each.cause is None else each
        for each in lines
        if each.cause is not None or each.number in known
    ]


def _count(held: CardImport, bad: Sequence[Line], now: datetime, *, added: int, done: int) -> None:
    if bad:
        columns: dict[str, Any] = {
            "import": held.pk,
            "lines": [each.line for each in bad],
            "numbers": [imports.shown(each.number) for each in bad],
            "causes": [str(each.cause) for each in bad],
            "firsts": [each.first_line for each in bad],
        }
        with connection.cursor() as cursor:
            cursor.execute(_FAULTS, columns)
    counts = {"added": F("added") + added, "refused": F("refused") + len(bad), "done": F("done") + done}
    CardImport.objects.filter(pk=held.pk).update(**counts, updated_at=now)
    held.added, held.refused, held.done = held.added + added, held.refused + len(bad), held.done + done
