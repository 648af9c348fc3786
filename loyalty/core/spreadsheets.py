"""Tables that people upload: CSV in the encodings and delimiters that spreadsheets write, and XLSX, row by row."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from loyalty.core.errors import InvalidParameter

LARGEST_UNPACKED = 200 * 1024 * 1024
"""An XLSX file is a ZIP: one that unpacks to more than this is no table, it is an attack."""

_ZIP = b"PK\x03\x04"
_ENCODINGS = ("utf-8-sig", "cp1251")
_DELIMITERS = ";,\t"
# What a damaged XLSX file makes its reader raise, when it is opened and on any later row.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    NotImplementedError,
    OSError,
)


def rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of a CSV or XLSX file (its first sheet); cells are texts without blanks around them.

    Lines count from 1, as people see them; empty ones are passed over. Whole numbers of a sheet are written
    without a fraction: 2990000000017.0 is a card number. Raises InvalidParameter (`file`) when it is neither.
    """
    table = _sheet(content) if content.startswith(_ZIP) else _lines(content)
    for number, cells in table:
        texts = [_text(cell) for cell in cells]
        if any(texts):
            yield number, texts


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(content)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise InvalidParameter(f"Line {reader.line_num} of the file cannot be read: {error}.", name="file") from error


def _decoded(content: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise InvalidParameter("The file is neither CSV text nor an XLSX table.", name="file")


def _sheet(content: bytes) -> Iterator[tuple[int, list[Any]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST_UNPACKED:
                raise InvalidParameter("The table is too large. Divide it into several files.", name="file")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
    except _DAMAGE as error:
        raise _damaged() from error
    try:
        number = 0
        while (cells := _next(rows)) is not None:
            number += 1
            yield number, list(cells)
    finally:
        book.close()


def _next(rows: Iterator[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    try:
        return next(rows, None)
    except _DAMAGE as error:
        raise _damaged() from error


def _damaged() -> InvalidParameter:
    return InvalidParameter("The XLSX file cannot be read. Save it again, or save it as CSV.", name="file")


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
