"""Measure the platform on its own server, in a database made for it and dropped after it."""

import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from loyalty.bench import audience_scale, books_scale, code_scale, course, import_scale, list_scale, year_scale
from loyalty.bench.course import PAIRS, Order
from loyalty.bench.ending import ending_in_order
from loyalty.bench.report import Report
from loyalty.bench.scale import Findings, Stage

_SMALLEST_SHARE = 2 * PAIRS
SPEED = "speed"

# What is measured, at which size unless told, and in a quick run.
_SCALE: dict[str, tuple[Callable[[int, Stage], Findings], int, int]] = {
    "books": (books_scale.run, 10_000_000, 2_000),
    "lists": (list_scale.run, 1_000_000, 500),
    "codes": (code_scale.run, 1_000_000, 300),
    "import": (import_scale.run, 100_000, 300),
    "audiences": (audience_scale.run, 1_000_000, 500),
    "year": (year_scale.run, 1_000_000, 500),
}


class Command(BaseCommand):
    help = (
        "Measure accrual, spend, balance read, rollover and calls over HTTP, each beside the same work as bare"
        " SQL (speed), or the time and memory of what is done to millions (the others), in a database of its own."
        " The live data are not touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", nargs="?", default=SPEED, choices=(SPEED, *_SCALE), help="speed unless given")
        parser.add_argument("--size", type=int, help="of all but speed: how many transfers, contacts, codes, numbers")
        parser.add_argument("--minutes", type=float, default=60.0, help="ends without a result after so long (60)")
        parser.add_argument("--lots", type=int, default=100_000, help="lots of one rollover (100000)")
        parser.add_argument("--contacts", type=int, help="contacts (half as many as lots)")
        parser.add_argument("--seconds", type=float, default=5.0, help="for each side of a comparison (5)")
        parser.add_argument("--connections", type=int, default=16, help="callers at once over HTTP (16)")
        parser.add_argument("--web-workers", type=int, default=2, help="processes of each web server (2)")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
        parser.add_argument("--quick", action="store_true", help="a tiny run that only shows that all works")
        parser.add_argument("--http", action="store_true", default=True, dest="http", help="calls over HTTP (on)")
        parser.add_argument("--no-http", action="store_false", dest="http", help="no calls over HTTP")

    def handle(self, *_args: Any, **options: Any) -> None:
        measure = _measure(options)
        errors = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with (
            ending_in_order(options["minutes"] * 60),
            Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress,
        ):
            report = measure(_Stages(progress, errors))
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2))
        else:
            console = Console(width=150)
            with console.capture() as shown:
                report.print_to(console)
            self.stdout.write(shown.get())
        if report.failures:
            raise CommandError("; ".join(report.failures))


class _Stages:
    """Shows where the run is: a bar on a terminal, a line a stage elsewhere."""

    def __init__(self, progress: Progress, errors: Console) -> None:
        self.progress, self.errors = progress, errors
        self.task = progress.add_task("", total=1)

    def __call__(self, name: str) -> Any:
        if not self.errors.is_terminal:
            self.errors.print(name)
        self.progress.reset(self.task, description=name)
        return self._advance

    def _advance(self, done: int, total: int) -> None:
        self.progress.update(self.task, completed=done, total=total)


def _measure(options: dict[str, Any]) -> Callable[[Stage], Report | Findings]:
    """Return what measures as the command line asks."""
    if options["what"] == SPEED:
        order = _order(options)
        return lambda stage: course.run(order, stage)
    run, usual, quick = _SCALE[options["what"]]
    size = options["size"] or (quick if options["quick"] else usual)
    if size < 1:
        raise CommandError("Give a size of at least 1.")
    return lambda stage: run(size, stage)


def _order(options: dict[str, Any]) -> Order:
    lots, seconds = options["lots"], options["seconds"]
    if options["quick"]:
        lots, seconds = min(lots, 640), min(seconds, 0.2)
    contacts = options["contacts"] or lots // 2
    if contacts < _SMALLEST_SHARE or lots < contacts or seconds <= 0:
        raise CommandError(
            f"Give at least {_SMALLEST_SHARE} contacts, as many lots as contacts or more, and some seconds."
        )
    return Order(lots, contacts, seconds, options["http"], options["connections"], options["web_workers"])
