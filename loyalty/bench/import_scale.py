"""Files of card numbers: CSV and XLSX, all or nothing and without the bad lines, as a worker takes them."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl import Workbook

from cards import numbers
from cards.models import CardSeries, ImportMode
from loyalty.bench import measured
from loyalty.bench.scale import Findings, Row, Stage, prepared

_LONGEST_SECONDS = 600.0
_PROMISED_SECONDS = 60.0
_PROMISED_LINES = 100_000
_BAD_EVERY = 100


def run(lines: int, stage: Stage) -> Findings:
    """Import four files of so many lines each; a hundredth of the lines is bad where bad ones are passed over."""
    findings = Findings("Imports of card numbers", {"numbers": lines})
    with prepared(stage) as url, TemporaryDirectory() as folder:
        series = CardSeries.objects.get(issuing=True)
        for place, mode in enumerate((ImportMode.ALL_OR_NOTHING, ImportMode.SKIP_BAD)):
            for turn, write in enumerate((_write_csv, _write_xlsx)):
                stage(f"{write.__name__[7:]}, {mode.label.lower()}")(0, 1)
                made = numbers.make_numbers(series, 1 + (2 * place + turn) * lines, lines)
                if mode == ImportMode.SKIP_BAD:
                    made[::_BAD_EVERY] = [f"{number}0" for number in made[::_BAD_EVERY]]
                path = write(Path(folder), made)
                cost, found = measured.step(
                    "import_numbers", url, seconds=_LONGEST_SECONDS, path=str(path), mode=str(mode)
                )
                _note(findings, f"{path.suffix[1:].upper()}, {mode.label}", cost, found)
                _require(findings, found, made)
    return findings


def _note(findings: Findings, what: str, cost: measured.Cost, found: dict[str, int]) -> None:
    size = findings.sizes["numbers"]
    bound = f"{_PROMISED_SECONDS:.0f} s" if size == _PROMISED_LINES else ""
    findings.rows.append(Row(what, cost, bound, f"{found['added']:,} added, {found['refused']:,} refused"))
    if bound and cost.seconds >= _PROMISED_SECONDS:
        findings.failures.append(f"{what} took {cost.seconds:.0f} s")


def _require(findings: Findings, found: dict[str, int], made: Sequence[str]) -> None:
    length = len(made[-1])
    good = sum(len(number) == length for number in made)
    if (found["added"], found["refused"]) != (good, len(made) - good):
        findings.failures.append(f"{good} of {len(made)} numbers were good, the import said {found}")


def _write_csv(folder: Path, made: Sequence[str]) -> Path:
    path = folder / "numbers.csv"
    path.write_text("number\n" + "\n".join(made) + "\n")
    return path


def _write_xlsx(folder: Path, made: Sequence[str]) -> Path:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["number"])
    for number in made:
        sheet.append([number])
    path = folder / "numbers.xlsx"
    book.save(path)
    return path
