"""The registry of cards issued by the app: each line is one call 7, with the channels of call 2, by itself.

A bad line is reported and never stops the rest. The report grows beside the registry while the work goes on: it is
the progress. Who repeats a call that was interrupted goes on after its last whole line; a line that was written to
the books and not yet reported is harmless, because the same person on the same number is answered the same.
"""

import csv
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loyalty.api.koshelek import errors, serializers
from loyalty.api.koshelek.exchange import formats
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy, InvalidParameter, LoyaltyError, RequiredParameterMissing
from loyalty.services import wallet

Progress = Callable[[int], None]
_Row = dict[str, str]
_REPEATS = 3


@dataclass(slots=True)
class Outcome:
    """How many lines were taken and refused, and how many of them an earlier, interrupted call had done."""

    accepted: int = 0
    refused: int = 0
    before: int = 0


def read_issued(actor: Actor, registry: Path, report: Path, progress: Progress) -> Outcome:
    """Register every card of the registry and write the report; raises InvalidParameter for what is no registry.

    The unfinished report lies at `report` with `.part` behind it, and names the registry that it answers.
    """
    part = report.with_name(f"{report.name}.part")
    digest = _digest(registry)
    outcome = Outcome()
    with _opened(registry) as rows, part.open("a+", encoding=formats.ENCODING, newline="") as file:
        skip = _resume(file, digest, outcome)
        table = csv.writer(file, delimiter=formats.DELIMITER, lineterminator=formats.LINE_END)
        for place, (line, row) in enumerate(rows):
            if place < skip:
                continue
            refusal = _take(actor, row)
            table.writerow(_reported(line, row, refusal))
            file.flush()
            outcome.accepted, outcome.refused = outcome.accepted + (not refusal), outcome.refused + bool(refusal)
            progress(place + 1)
    _finish(part, report)
    return outcome


def _take(actor: Actor, row: _Row | InvalidParameter) -> LoyaltyError | None:
    """Register one line; return what it was refused for. A busy row is tried again: nobody waits at a counter."""
    if isinstance(row, InvalidParameter):
        return row
    for _ in range(_REPEATS):
        try:
            _register(actor, row)
        except Busy as error:
            refusal: LoyaltyError = error
        except LoyaltyError as error:
            return error
        else:
            return None
    return refusal


def _register(actor: Actor, row: _Row) -> None:
    missing = [name for name in formats.ISSUED_REQUIRED if not row.get(name, "").strip()]
    if missing:
        raise RequiredParameterMissing(f"{', '.join(missing)}: required.", names=missing)
    person = serializers.read_new_holder({name: row[name] for name in formats.PERSON_COLUMNS if name in row})
    allow, deny = serializers.read_channels({name: _channels(row.get(name, "")) for name in formats.CHANNEL_COLUMNS})
    card = wallet.register_on_number(actor, row["cardNumber"], person)
    if allow or deny:
        wallet.set_channels(actor, card.number, allow=allow, deny=deny)


def _channels(text: str) -> list[str]:
    return [name.strip() for name in text.split(formats.CHANNEL_DELIMITER) if name.strip()]


def _reported(line: int, row: _Row | InvalidParameter, refusal: LoyaltyError | None) -> tuple[Any, ...]:
    # Of the line only the number, and only when it is one: the report holds no personal data.
    given = row.get("cardNumber", "").strip() if isinstance(row, dict) else ""
    number = given if given.isdecimal() and len(given) <= 19 else ""
    if refusal is None:
        return line, number, formats.ACCEPTED, "", ""
    told = errors.body_of(errors.row_of(refusal.code), refusal.text)
    return line, number, formats.REFUSED, told["code"], told["description"]


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[tuple[int, _Row | InvalidParameter]]]:
    """Give the lines of a registry as dicts by column, with their numbers; an unreadable one is the error."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidParameter(f"{path.name} is not a ZIP file that can be read.", name="file") from error
    with archive:
        part = _only_part(archive)
        try:
            with io.TextIOWrapper(archive.open(part), encoding="utf-8-sig", errors="replace", newline="") as text:
                yield _rows(text)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise InvalidParameter(
                "The ZIP file is damaged. Send it again; what was read is done.", name="file"
            ) from error


def _only_part(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    parts = [each for each in archive.infolist() if not each.is_dir()]
    if len(parts) != 1 or not parts[0].filename.lower().endswith(".csv"):
        raise InvalidParameter("A registry is a ZIP file with one CSV file in it.", name="file")
    (part,) = parts
    if part.file_size > max(formats.LARGEST_RATIO * part.compress_size, 1_000_000) or (
        part.file_size > formats.LARGEST_UNPACKED
    ):
        raise InvalidParameter("The registry is too large. Divide it into several files.", name="file")
    if part.flag_bits & 1:
        raise InvalidParameter("The ZIP file has a password. Send it without one, by a safe way.", name="file")
    return part


def _rows(text: io.TextIOWrapper) -> Iterator[tuple[int, _Row | InvalidParameter]]:
    lines = _lines(text)
    head = _split(next(lines, ""))
    columns = [name.strip() for name in head] if isinstance(head, list) else []
    absent = [name for name in formats.ISSUED_REQUIRED if name not in columns]
    if absent or len(set(columns)) < len(columns):
        raise InvalidParameter(
            f"The first line names the columns, each once; {' and '.join(formats.ISSUED_REQUIRED)} are needed.",
            name="file",
        )
    for line, written in enumerate(lines, start=2):
        if not written.strip():
            continue
        cells = _split(written)
        if isinstance(cells, list) and len(cells) != len(columns):
            cells = InvalidParameter(f"The line has {len(cells)} fields instead of {len(columns)}.", name="line")
        yield line, cells if isinstance(cells, InvalidParameter) else dict(zip(columns, cells, strict=True))


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Give the lines; of one that is too long the beginning, so that none of them fills the memory."""
    while written := text.readline(formats.LONGEST_LINE + 2):
        rest = written
        while rest and not rest.endswith(("\n", "\r")):
            rest = text.readline(formats.LONGEST_LINE)
        yield written


def _split(written: str) -> list[str] | InvalidParameter:
    """Return the fields of a line. No field holds a line end, so that a stray quote spoils its own line only."""
    if len(written) > formats.LONGEST_LINE:
        return InvalidParameter(f"The line has more than {formats.LONGEST_LINE} characters.", name="line")
    if "\ufffd" in written:
        return InvalidParameter("The line is not UTF-8.", name="line")
    try:
        return next(csv.reader([written.rstrip("\r\n")], delimiter=formats.DELIMITER, strict=True), [])
    except csv.Error as error:
        return InvalidParameter(f"The line cannot be read: {error}.", name="line")


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidParameter(f"{path} cannot be read: {error.strerror}.", name="file") from error


def _resume(file: Any, digest: str, outcome: Outcome) -> int:
    """Begin a report, or cut an unfinished one behind its last whole line; return how many lines it has done."""
    file.seek(0)
    mark, text = f"#{digest}{formats.LINE_END}", file.read()
    whole = text[: text.rfind(formats.LINE_END) + len(formats.LINE_END)] if formats.LINE_END in text else ""
    if not whole.startswith(mark):
        whole = mark + formats.DELIMITER.join(formats.REPORT_COLUMNS) + formats.LINE_END
    file.seek(0)
    file.truncate()
    file.write(whole)
    file.flush()
    done = list(csv.reader(whole.splitlines()[2:], delimiter=formats.DELIMITER))
    outcome.accepted = sum(each[2] == formats.ACCEPTED for each in done)
    outcome.refused, outcome.before = len(done) - outcome.accepted, len(done)
    return len(done)


def _finish(part: Path, report: Path) -> None:
    """Pack the whole report, without the mark, and give it its name."""
    packed = report.with_name(f"{report.name}.zip.part")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, part.open("rb") as file:
        file.readline()
        with archive.open(f"{report.stem}.csv", "w", force_zip64=True) as target:
            while block := file.read(1 << 20):
                target.write(block)
    packed.chmod(0o600)
    packed.replace(report)
    part.unlink()
