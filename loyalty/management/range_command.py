"""The base of commands that start a job over ranges of contacts by hand: a time, a dry run, a bar."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from loyalty.core import clock
from loyalty.management.moments import read_moment
from loyalty.management.use_case_command import UseCaseCommand
from loyalty.services.ranges import Progress


class RangeCommand(UseCaseCommand):
    """Subclasses say what is `preview`ed, what is `carried out`, and how a summary reads."""

    doing = ""
    due, done = "Due", "Done"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-of", help="An ISO time (the retailer's zone unless it has an offset); now unless given."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only say what is due. The future is allowed.")

    def run(self, **options: Any) -> None:
        """Print what was, or would be, done."""
        as_of = read_moment(options["as_of"], "as_of") if options["as_of"] else clock.now()
        if options["dry_run"]:
            summary, word = self.preview(as_of), self.due
        else:
            summary, word = self._with_bar(as_of), self.done
        self.stdout.write(f"{word} at {as_of:%Y-%m-%d %H:%M:%S %Z}: {self.tell(summary)}")

    def preview(self, as_of: datetime) -> Any:
        """Return what would be done, writing nothing."""
        raise NotImplementedError

    def carry_out(self, as_of: datetime, progress: Progress) -> Any:
        """Do it, and return what was done."""
        raise NotImplementedError

    def tell(self, summary: Any) -> str:
        """Return the summary in words."""
        raise NotImplementedError

    def _with_bar(self, as_of: datetime) -> Any:
        columns = (TextColumn(self.doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Bar(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("lots", total=None)
            return self.carry_out(as_of, lambda done, total: bar.update(task, completed=done, total=total))
