"""Tasks are wake-up calls: one line each, into the same use cases as every other door."""

from celery import shared_task

from loyalty.core import actors
from loyalty.services import points


@shared_task(name="loyalty.tasks.roll_over_escrow")
def roll_over_escrow() -> None:
    """Land what has matured."""
    points.roll_over_escrow(actors.system(points.ROLLOVER))
