"""Uploaded tables: what spreadsheets write is read, what is no table is refused by name."""

import io
import zipfile

import pytest
from openpyxl import Workbook

from loyalty.core import spreadsheets
from loyalty.core.errors import InvalidParameter


def workbook(*rows: tuple[object, ...]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        "Номер;Город\r\n2990000000017;Москва\r\n".encode(),
        "\ufeffНомер,Город\n\n2990000000017 ,Москва".encode(),
        "Номер\tГород\n2990000000017\tМосква\n".encode("cp1251"),
        workbook(("Номер", "Город"), (2990000000017, "Москва")),
        workbook(("Номер", "Город"), (2990000000017.0, " Москва "), (None, None)),
    ],
    ids=("semicolons", "commas", "tabs", "numbers", "fractions"),
)
def test_every_usual_writing_of_a_table_reads_the_same(content: bytes) -> None:
    assert [cells for _, cells in spreadsheets.rows(content)] == [["Номер", "Город"], ["2990000000017", "Москва"]]


def test_lines_are_numbered_as_people_see_them() -> None:
    assert [line for line, _ in spreadsheets.rows(b"a\n\n\nb\n")] == [1, 4]
    assert [line for line, _ in spreadsheets.rows(workbook(("a",), (None,), ("b",)))] == [1, 3]


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (spreadsheets.LARGEST_UNPACKED + 1))
    return file.getvalue()


def damaged(name: str, text: bytes) -> bytes:
    """A workbook one part of which says something else."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(("a",), ("b",)))) as whole, zipfile.ZipFile(file, "w") as archive:
        for part in whole.namelist():
            archive.writestr(part, text if part == name else whole.read(part))
    return file.getvalue()


SHEET, BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
_HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


@pytest.mark.parametrize("content", [
    b"PK\x03\x04 broken", b"\x89PNG\r\n\x1a\n\x00\x00", bomb(),
    damaged(SHEET, _HEAD + b'<row r="1"><c r="A1"><v>1</v></c></row><row'),
    damaged(SHEET, _HEAD + b'<row r="x"><c r="A1" t="s"><v>77</v></c></row></sheetData></worksheet>'),
    damaged(SHEET, b""), damaged(BOOK, b"<workbook"), damaged(BOOK, b"<workbook/>"), damaged("xl/styles.xml", b"<"),
], ids=(
    "no archive", "a picture", "a bomb", "cut off", "no such text", "empty sheet", "cut book", "empty book", "styles",
))  # fmt: skip
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidParameter) as refused:
        list(spreadsheets.rows(content))
    assert refused.value.data == {"name": "file"}
