"""Measure the platform beside bare SQL on the same server, in a database made for it and dropped after it."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from loyalty.bench import course
from loyalty.bench.course import PAIRS, Order

_SMALLEST_SHARE = 2 * PAIRS


class Command(BaseCommand):
    help = (
        "Measure accrual, spend, balance read, rollover and calls over HTTP, each beside the same work as bare"
        " SQL, in a database of its own. Works for about a minute; the live data are not touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
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
        order = _order(options)
        errors = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
            report = course.run(order, _Stages(progress, errors))
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2))
        else:
            console = Console(width=110)
            with console.capture() as shown:
                report.print_to(console)
            self.stdout.write(shown.get())
        if report.broken_laws:
            raise CommandError("the books do not balance")


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
