"""Burn expired points by hand."""

from datetime import datetime

from loyalty.management.range_command import RangeCommand
from loyalty.services import expiry
from loyalty.services.expiry import ExpirySummary
from loyalty.services.ranges import Progress


class Command(RangeCommand):
    help = "Burn what has expired; safe to repeat, to kill and to run beside the job of Celery beat."
    doing, done = "burning", "Burned"

    def preview(self, as_of: datetime) -> ExpirySummary:
        """Return what would burn."""
        return expiry.preview_expiry(as_of)

    def carry_out(self, as_of: datetime, progress: Progress) -> ExpirySummary:
        """Burn."""
        return expiry.expire_points(self.actor(), as_of=as_of, progress=progress)

    def tell(self, summary: ExpirySummary) -> str:
        """Say what burned."""
        return f"{summary.lots} lots of {summary.contacts} contacts, {summary.points} points."
