"""Files of card numbers: which column holds them, which lines are good, why the others are not. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cards import numbers
from cards.models import CardSeries, ImportCause
from loyalty.core import spreadsheets
from loyalty.core.errors import InvalidParameter

LARGEST_FILE = 32 * 1024 * 1024
MOST_LINES = 1_000_000
LONGEST_TEXT = 40
"""As much of a bad line as is kept to show it."""

_TITLES = {"number", "cardnumber", "cardno", "card", "barcode", "номер", "номеркарты", "карта", "штрихкод"}


@dataclass(frozen=True, slots=True)
class Line:
    """A judged line: its number without blanks, or the text that is none; `cause` is None when it is good."""

    line: int
    number: str
    cause: ImportCause | None = None
    first_line: int | None = None


def texts(content: bytes) -> Iterator[tuple[int, str]]:
    """Yield (line, text where the number should stand) of a CSV or XLSX file, without its header.

    The first line is a header when one of its cells is a known title, which then names the column, or when none has
    a digit. Without a title the numbers stand in the first column. Raises InvalidParameter (`file`) when the file
    cannot be read or has more than MOST_LINES lines.
    """
    rows = spreadsheets.rows(content)
    head = next(rows, None)
    if head is None:
        return
    titled = next((place for place, cell in enumerate(head[1]) if _is_title(cell)), None)
    column = titled or 0
    count = 0
    if titled is None and re.search(r"\d", " ".join(head[1])):
        count = 1
        yield head[0], _cell(head[1], column)
    for line, cells in rows:
        count += 1
        if count > MOST_LINES:
            raise InvalidParameter(
                f"The file has more than {MOST_LINES} lines. Divide it into several files.", name="file"
            )
        yield line, _cell(cells, column)


def judge(lines: Iterable[tuple[int, str]], series: CardSeries, seen: dict[str, int]) -> Iterator[Line]:
    """Yield a verdict for each line; what the system knows already is not asked here.

    `seen` (number to the line where it stood first) is filled on the way.
    """
    for line, text in lines:
        number = re.sub(r"\s", "", text)
        cause = cause_of(number, series)
        if cause is not None:
            yield Line(line, text, cause)
        elif (first := seen.setdefault(number, line)) != line:
            yield Line(line, number, ImportCause.REPEATED, first)
        else:
            yield Line(line, number)


def cause_of(number: str, series: CardSeries) -> ImportCause | None:
    """Return why a text is no number of a series, None when it is one."""
    if not number:
        return ImportCause.EMPTY
    if not (number.isascii() and number.isdigit()):
        return ImportCause.NOT_DIGITS
    if len(number) != series.length:
        return ImportCause.LENGTH
    if not number.startswith(series.prefix):
        return ImportCause.PREFIX
    if not numbers.has_check_digit(number, series.check_digit):
        return ImportCause.CHECK_DIGIT
    return None


def shown(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text of a stranger as it can be stored and shown: short, and without what no database takes."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:longest]


def _is_title(cell: str) -> bool:
    return re.sub(r"[\W_]", "", cell).casefold() in _TITLES


def _cell(cells: list[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""
