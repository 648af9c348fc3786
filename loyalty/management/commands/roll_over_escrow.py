"""Roll escrow points over by hand."""

from datetime import datetime

from loyalty.management.range_command import RangeCommand
from loyalty.services import points
from loyalty.services.points import RolloverSummary
from loyalty.services.ranges import Progress


class Command(RangeCommand):
    help = "Roll over what has matured; safe to repeat, to kill and to run beside the job of Celery beat."
    doing, done = "rolling over", "Rolled over"

    def preview(self, as_of: datetime) -> RolloverSummary:
        """Return what is due."""
        return points.preview_rollover(as_of)

    def carry_out(self, as_of: datetime, progress: Progress) -> RolloverSummary:
        """Roll over."""
        return points.roll_over_escrow(self.actor(), as_of=as_of, progress=progress)

    def tell(self, summary: RolloverSummary) -> str:
        """Say what landed."""
        return (
            f"{summary.lots} lots of {summary.contacts} contacts,"
            f" {summary.spendable} spendable and {summary.qualifying} tier-qualifying points;"
            f" {summary.upgraded} contacts moved up."
        )
