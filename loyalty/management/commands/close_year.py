"""Do the year end by hand, or look ahead to it."""

from typing import Any

from django.core.management.base import CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from loyalty.management.use_case_command import UseCaseCommand
from loyalty.selectors.year_forecast import Forecast
from loyalty.services import year_end
from loyalty.services.year_end import YearEndSummary


class Command(UseCaseCommand):
    help = (
        "Judge the tiers that ended with a year and close its qualifying points; safe to repeat, to kill and to run"
        " beside the job of Celery beat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--year", type=int, help="The last year that is over unless given; of older ones as well.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Only say who would move where. The running year unless given."
        )

    def run(self, **options: Any) -> None:
        """Print what was, or would be, done."""
        if options["dry_run"]:
            self._tell(year_end.preview_year(options["year"]))
            return
        summary = self._close(options["year"])
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(summary.reasons.items())) or "none"
        self.stdout.write(
            f"Looked at {summary.contacts} contacts; closed {summary.points} tier-qualifying points in"
            f" {summary.lots} lots; new standings: {reasons}."
        )
        if summary.busy:
            self.stdout.write(f"{summary.busy} ranges were busy. Run again: what is done is not done twice.")

    def _close(self, year: int | None) -> YearEndSummary:
        columns = (TextColumn("closing the year"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("contacts", total=None)
            return year_end.close_year(
                self.actor(), year, lambda done, total: bar.update(task, completed=done, total=total)
            )

    def _tell(self, forecast: Forecast) -> None:
        self.stdout.write(f"The end of {forecast.year}, {forecast.turn:%Y-%m-%d %H:%M:%S %Z}, if nothing more happens:")
        width = max((len(move.source) for move in forecast.moves), default=0)
        for move in forecast.moves:
            self.stdout.write(f"  {move.source:<{width}} -> {move.target:<{width}} {move.contacts:>12} contacts")
        self.stdout.write(
            f"{forecast.contacts} contacts; {forecast.points} tier-qualifying points will close, {forecast.waiting} of"
            " them still in escrow. Points that mature after the year are not counted."
        )
