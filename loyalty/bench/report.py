"""What a run found, as a table for people and as one JSON object for programs."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from loyalty.bench.rollover_runs import Stalls
from loyalty.bench.rounds import Comparison
from loyalty.bench.web_runs import WebComparison

LONGEST_STALL_MS = 50.0


@dataclass(slots=True)
class Report:
    """Everything measured in one run, and the sizes it was measured at."""

    sizes: dict[str, int | float]
    comparisons: list[Comparison] = field(default_factory=list)
    stalls: Stalls | None = None
    broken_laws: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """What makes the command fail."""
        return ["the books do not balance"] if self.broken_laws else []

    def as_dict(self) -> dict[str, Any]:
        """Return what --json prints: rates, ratios, milliseconds."""
        return {
            "sizes": self.sizes,
            "comparisons": [_as_dict(each) for each in self.comparisons],
            "purchase_during_rollover": _stalls_as_dict(self.stalls) if self.stalls else None,
            "broken_laws": self.broken_laws,
        }

    def print_to(self, console: Console) -> None:
        """Print the tables."""
        sizes = ", ".join(f"{value:,} {name}" for name, value in self.sizes.items())
        table = Table(title=f"Ours beside bare SQL ({sizes})", title_justify="left")
        table.add_column("what")
        for name in ("ours", "bare", "ratio", "aim", "p50 ms", "p95 ms", "p99 ms"):
            table.add_column(name, justify="right")
        for each in self.comparisons:
            table.add_row(*_row(each))
        console.print(table)
        if self.stalls:
            console.print(_stall_table(self.stalls))
        found = "; ".join(self.broken_laws) or "every law holds"
        console.print(f"The books after all of it: {found}.")


def _row(comparison: Comparison) -> Sequence[str]:
    latencies = ("", "", "")
    if isinstance(comparison, WebComparison):
        half, most, nearly_all = (f"{comparison.milliseconds(part):.2f}" for part in (0.5, 0.95, 0.99))
        latencies = (half, most, nearly_all)
    return (
        comparison.name,
        f"{statistics.median(comparison.ours):,.0f}{comparison.unit}",
        f"{statistics.median(comparison.bare):,.0f}{comparison.unit}" if comparison.bare else "",
        f"{comparison.ratio:.2f}" if comparison.ratio is not None else "",
        f"{comparison.aim:.2f}" if comparison.aim else "",
        *latencies,
    )


def _as_dict(comparison: Comparison) -> dict[str, Any]:
    found = {
        "name": comparison.name,
        "unit": comparison.unit.strip(),
        "ours": round(statistics.median(comparison.ours), 1),
        "bare": round(statistics.median(comparison.bare), 1) if comparison.bare else None,
        "ratio": None if comparison.ratio is None else round(comparison.ratio, 3),
        "aim": comparison.aim,
    }
    if isinstance(comparison, WebComparison):
        found |= {
            "p50_ms": round(comparison.milliseconds(0.5), 2),
            "p95_ms": round(comparison.milliseconds(0.95), 2),
            "p99_ms": round(comparison.milliseconds(0.99), 2),
        }
    return found


def _percentile(taken: list[float], part: float) -> float:
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def _stalls_as_dict(stalls: Stalls) -> dict[str, Any]:
    found: dict[str, Any] = {"lots": stalls.lots, "aim_ms": LONGEST_STALL_MS}
    for name, taken in (("alone", stalls.alone), ("during", stalls.during), ("ranges", stalls.ranges)):
        found[name] = {
            "count": len(taken),
            "p50_ms": round(_percentile(taken, 0.5), 2),
            "p99_ms": round(_percentile(taken, 0.99), 2),
            "worst_ms": round(max(taken, default=0.0), 2),
        }
    return found


def _stall_table(stalls: Stalls) -> Table:
    title = f"Milliseconds (aim: a purchase never waits {LONGEST_STALL_MS:.0f} ms for the rollover)"
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    for name in ("count", "p50", "p99", "worst"):
        table.add_column(name, justify="right")
    rows = (
        ("a purchase alone", stalls.alone),
        (f"a purchase while {stalls.lots:,} lots roll over", stalls.during),
        ("a range of the rollover: the longest a lock is held", stalls.ranges),
    )
    for name, taken in rows:
        cells = [_percentile(taken, 0.5), _percentile(taken, 0.99), max(taken, default=0.0)]
        table.add_row(name, f"{len(taken):,}", *(f"{cell:.1f}" for cell in cells))
    return table
