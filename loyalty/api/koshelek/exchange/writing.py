"""Registries that we write: whole or not at all, so that a partner never fetches half a file."""

import csv
import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cards import barcodes
from loyalty.api.koshelek import answers
from loyalty.api.koshelek.exchange import formats
from loyalty.selectors import exchange
from loyalty.selectors.exchange import FreeNumber, IssuedCard

Progress = Callable[[int], None]
_EVERY = 1_000


def write_cards(path: Path, progress: Progress) -> int:
    """Write the registry of issued cards; return its lines. Raises OSError."""
    return _write(path, formats.CARDS_COLUMNS, map(_card, exchange.issued_cards()), progress)


def write_numbers(path: Path, actor: str, progress: Progress) -> int:
    """Write the registry of the numbers lent to an actor; return its lines. Raises OSError."""
    return _write(path, formats.NUMBERS_COLUMNS, map(_number, exchange.lent_numbers(actor)), progress)


def _card(card: IssuedCard) -> Sequence[str]:
    return (
        card.number, answers.card_state(card.status), barcodes.kind_of(card.barcode, card.number),
        (card.phone or "").removeprefix("+"), card.email,
    )  # fmt: skip


def _number(free: FreeNumber) -> Sequence[str]:
    return free.number, barcodes.kind_of(free.barcode, free.number)


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]], progress: Progress) -> int:
    # Readable by its owner only: the file holds phones. It gets its name when it is whole.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            lines = _pack(file, f"{path.stem}.csv", columns, rows, progress)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return lines


def _pack(
    file: io.BufferedIOBase, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]], progress: Progress
) -> int:
    lines = 0
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as part,
        io.TextIOWrapper(part, encoding=formats.ENCODING, newline="") as text,
    ):
        table = csv.writer(text, delimiter=formats.DELIMITER, lineterminator=formats.LINE_END)
        table.writerow(columns)
        for lines, row in enumerate(rows, start=1):
            table.writerow(row)
            if lines % _EVERY == 0:
                progress(lines)
    progress(lines)
    return lines
