"""Files of numbers as retailers have them."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

from cards import numbers
from cards.models import Card, CardCategory, CardImport, CardSeries, ImportMode
from loyalty.core import actors
from loyalty.services import card_imports

MARKETER = actors.staff("vera", "marketer")


def issuing() -> CardSeries:
    return CardSeries.objects.get(issuing=True)


def ten(first: int = 1, count: int = 10) -> list[str]:
    """Numbers of the series that issues, from a serial on."""
    return numbers.make_numbers(issuing(), first, count)


def csv_of(*cells: str, header: str = "") -> bytes:
    return "\r\n".join([header] * bool(header) + list(cells)).encode()


def xlsx_of(rows: Iterable[Sequence[Any]]) -> bytes:
    book, buffer = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(buffer)
    return buffer.getvalue()


def spoilt(number: str) -> str:
    """The number with another check digit."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def start(
    content: bytes,
    mode: ImportMode = ImportMode.SKIP_BAD,
    *,
    category: CardCategory = CardCategory.VIRTUAL,
    series: CardSeries | None = None,
) -> CardImport:
    given = series or issuing()
    return card_imports.start(
        MARKETER,
        series_id=given.pk,
        category=category,
        mode=mode,
        file_name="numbers.csv",
        content=content,
        reason="a new print run",
    )[0]


def bring(content: bytes, mode: ImportMode = ImportMode.SKIP_BAD, **given: Any) -> CardImport:
    """Upload a file and let the job work it off."""
    made = start(content, mode, **given)
    card_imports.run_waiting()
    return CardImport.objects.get(pk=made.pk)


def outcome(made: CardImport) -> tuple[str, int, int, int]:
    """Status, lines, added, refused."""
    return made.status, made.total, made.added, made.refused


def faults(made: CardImport) -> list[tuple[int, str, str, int | None]]:
    return list(made.faults.order_by("line").values_list("line", "number", "cause", "first_line"))


def in_system() -> set[str]:
    return set(Card.objects.values_list("number", flat=True))
