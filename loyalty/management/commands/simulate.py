"""Live through years of a retailer in a database made for it."""

import json
import os
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from loyalty.bench.ending import ending_in_order
from loyalty.simulator import chart, course
from loyalty.simulator.calendar import date_of
from loyalty.simulator.course import Outcome, Stage
from loyalty.simulator.order import Order
from loyalty.simulator.summary import AMOUNTS

_MOST_MEMBERS, _MOST_DAYS, _MOST_PROCESSES = 100_000, 3650, 16
_SECONDS_BETWEEN_LINES = 15


class Command(BaseCommand):
    help = (
        "Simulate shoppers with habits through the real use cases, under a virtual clock, in a database of its own."
        " The same order gives the same result, with and without faults. Ends with the check of the books."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--members", type=int, default=1000, help="shoppers (1000)")
        parser.add_argument("--days", type=int, default=730, help="days from 1 February 2024 on (730)")
        parser.add_argument("--seed", type=int, default=7, help="of all chance (7)")
        parser.add_argument(
            "--faults", action="store_true", help="tills send twice and go offline; jobs come late, run twice or die"
        )
        parser.add_argument(
            "--processes", type=int, default=min(os.cpu_count() or 1, 4), help="(one a core, at most 4)"
        )
        parser.add_argument("--chart", type=Path, default=Path("simulation.html"), help="the page with the picture")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")

    def handle(self, *_args: Any, **options: Any) -> None:
        order = Order(options["members"], options["days"], options["seed"], options["faults"])
        _require(order, options["processes"], options["chart"])
        with ending_in_order(), _Told(order) as told:
            outcome = course.run(order, told.hear, min(options["processes"], order.members))
        try:
            options["chart"].write_text(chart.page(outcome), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['chart']} cannot be written: {error.strerror}.") from error
        self.stdout.write(json.dumps(outcome.as_dict(), indent=2) if options["json"] else _table(outcome))
        self.stderr.write(f"The picture is in {options['chart']}.")
        if outcome.broken:
            raise CommandError(f"The books do not balance: {'; '.join(outcome.broken)}.")


class _Told:
    """Tells where the simulation is and about when it ends: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._errors = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=self._errors, transient=True, disable=not self._errors.is_terminal)
        self._task = self._bar.add_task("making a database", total=None)
        self._begun = self._last = 0.0

    def __enter__(self) -> "_Told":
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def hear(self, stage: Stage) -> None:
        """Show a stage."""
        now = time.monotonic()
        self._begun = self._begun or now
        text = f"{date_of(stage.days)}: {stage.events:,} of about {stage.expected:,} events{self._left(stage, now)}"
        self._bar.update(self._task, description=text, completed=stage.events, total=stage.expected)
        if not self._errors.is_terminal and (now - self._last > _SECONDS_BETWEEN_LINES):
            self._errors.print(text)
            self._last = now

    def _left(self, stage: Stage, now: float) -> str:
        if not stage.events or now - self._begun < 1:
            return ""
        seconds = (now - self._begun) * max(stage.expected - stage.events, 0) / stage.events
        return f", about {seconds / 60:.0f} min left" if seconds > 90 else f", about {seconds:.0f} s left"


def _require(order: Order, processes: int, page: Path) -> None:
    if not (1 <= order.members <= _MOST_MEMBERS and 1 <= order.days <= _MOST_DAYS):
        raise CommandError(f"Give 1 to {_MOST_MEMBERS} members and 1 to {_MOST_DAYS} days.")
    if not 1 <= processes <= _MOST_PROCESSES:
        raise CommandError(f"Give 1 to {_MOST_PROCESSES} processes.")
    if page.is_dir() or not page.resolve().parent.is_dir():
        # Said now, and not after half an hour.
        raise CommandError(f"{page} cannot be written: name a file in a folder that is there.")


def _table(outcome: Outcome) -> str:
    tiers = list(dict.fromkeys(name for month in outcome.months for name in month.tiers))
    table = Table("month", *AMOUNTS, *tiers)
    for column in table.columns[1:]:
        column.justify = "right"
    for month in outcome.months:
        amounts = (f"{getattr(month, name):,.0f}" for name in AMOUNTS)
        table.add_row(f"{month.first_day:%Y-%m}", *amounts, *(f"{month.tiers.get(name, 0):,}" for name in tiers))
    console = Console(width=160)
    with console.capture() as shown:
        console.print(table)
    counts = ", ".join(f"{name} {count:,}" for name, count in outcome.counts.items())
    return f"{shown.get()}{counts}\n{outcome.laws} laws checked, {len(outcome.broken)} broken."
