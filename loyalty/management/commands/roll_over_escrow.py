"""Roll escrow points over by hand."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils.dateparse import parse_date, parse_datetime
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from loyalty.core import clock
from loyalty.core.errors import InvalidParameter
from loyalty.management.use_case_command import UseCaseCommand
from loyalty.services import points, program


class Command(UseCaseCommand):
    help = "Roll over what has matured; safe to repeat, to kill and to run beside the job of Celery beat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-of", help="An ISO time (the retailer's zone unless it has an offset); now unless given."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only say what is due. The future is allowed.")

    def run(self, **options: Any) -> None:
        """Print what was, or would be, rolled over."""
        as_of = read_moment(options["as_of"]) if options["as_of"] else clock.now()
        if options["dry_run"]:
            summary, word = points.preview_rollover(as_of), "Due"
        else:
            summary, word = self._roll_over(as_of), "Rolled over"
        self.stdout.write(
            f"{word} at {as_of:%Y-%m-%d %H:%M:%S %Z}: {summary.lots} lots of {summary.contacts} contacts,"
            f" {summary.spendable} spendable and {summary.qualifying} tier-qualifying points;"
            f" {summary.upgraded} contacts moved up."
        )

    def _roll_over(self, as_of: datetime) -> points.RolloverSummary:
        columns = (TextColumn("rolling over"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("lots", total=None)
            return points.roll_over_escrow(
                self.actor(),
                as_of=as_of,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )


def read_moment(text: str) -> datetime:
    """Return an aware moment from an ISO time or day; raises InvalidParameter."""
    try:
        moment = parse_datetime(text)
        day = parse_date(text) if moment is None else None
    except ValueError:
        moment = day = None
    if moment is None and day is not None:
        moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone follows
    if moment is None:
        raise InvalidParameter(f"{text} is not a time. Write it like 2026-03-31T12:00:00+03:00.", name="as_of")
    return moment if moment.tzinfo else moment.replace(tzinfo=program.settings().tzinfo)
