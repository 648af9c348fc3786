"""Live through years of a retailer in a database made for it."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from loyalty.simulator import chart, course
from loyalty.simulator.course import Order, Outcome

_AMOUNTS = ("issued", "matured", "spent", "restored", "burned", "returned", "liability")


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
        parser.add_argument("--chart", type=Path, default=Path("simulation.html"), help="the page with the picture")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")

    def handle(self, *_args: Any, **options: Any) -> None:
        order = Order(options["members"], options["days"], options["seed"], options["faults"])
        if not (1 <= order.members <= 1_000_000 and 1 <= order.days <= 3650):
            raise CommandError("Give 1 to 1000000 members and 1 to 3650 days.")
        outcome = self._run(order)
        try:
            options["chart"].write_text(chart.page(outcome), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['chart']} cannot be written: {error.strerror}.") from error
        self.stdout.write(json.dumps(outcome.as_dict(), indent=2) if options["json"] else _told(outcome))
        self.stderr.write(f"The picture is in {options['chart']}.")
        if outcome.broken:
            raise CommandError(f"The books do not balance: {'; '.join(outcome.broken)}.")

    def _run(self, order: Order) -> Outcome:
        columns = (TextColumn("days"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("days", total=order.days)
            return course.run(order, lambda done, total: bar.update(task, completed=done, total=total))


def _told(outcome: Outcome) -> str:
    tiers = list(dict.fromkeys(name for month in outcome.months for name in month.tiers))
    table = Table("month", *_AMOUNTS, *tiers)
    for column in table.columns[1:]:
        column.justify = "right"
    for month in outcome.months:
        amounts = (f"{getattr(month, name):,.0f}" for name in _AMOUNTS)
        table.add_row(f"{month.first_day:%Y-%m}", *amounts, *(f"{month.tiers.get(name, 0):,}" for name in tiers))
    console = Console(width=150)
    with console.capture() as shown:
        console.print(table)
    counts = ", ".join(f"{name} {count:,}" for name, count in outcome.counts.items())
    return f"{shown.get()}{counts}\n{outcome.laws} laws checked, {len(outcome.broken)} broken."
