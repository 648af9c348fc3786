"""What the platform does to millions: each task in a database of its own, with its time and its memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from loyalty.bench import databases
from loyalty.bench.measured import Cost
from loyalty.bench.seeding import Progress

Stage = Callable[[str], Progress]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing. `bound` says what was promised; `note` what else is worth knowing."""

    what: str
    cost: Cost
    bound: str = ""
    note: str = ""


@dataclass(slots=True)
class Findings:
    """The rows of a run and the sizes they were measured at, what else is worth knowing, and promises that broke."""

    title: str
    sizes: dict[str, int]
    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return what --json prints."""
        rows = [{"what": row.what, **row.cost.as_dict(), "bound": row.bound, "note": row.note} for row in self.rows]
        found = {"title": self.title, "sizes": self.sizes, "rows": rows}
        return found | {"remarks": self.remarks, "failures": self.failures}

    def print_to(self, console: Console) -> None:
        """Print the table."""
        sizes = ", ".join(f"{value:,} {name}" for name, value in self.sizes.items())
        table = Table(title=f"{self.title} ({sizes})", title_justify="left")
        table.add_column("what", no_wrap=True)
        for name in ("seconds", "process MB", "of it grown", "PostgreSQL MB", "temporary MB", "promised"):
            table.add_column(name, justify="right")
        table.add_column("note")
        for row in self.rows:
            cost = row.cost
            megabytes = (_megabytes(each) for each in (cost.process or None, cost.grown, cost.sessions, cost.temporary))
            table.add_row(row.what, f"{cost.seconds:,.1f}", *megabytes, row.bound, row.note)
        console.print(table)
        for remark in self.remarks:
            console.print(remark, soft_wrap=True, highlight=False)


def _megabytes(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


@contextmanager
def prepared(stage: Stage) -> Iterator[str]:
    """Give the URL of an empty, migrated database of our own; dropped whatever happens."""
    stage("preparing a database")(0, 1)
    with databases.own_database() as url:
        yield url
