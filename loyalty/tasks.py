"""Tasks are wake-up calls: one line each, into the same use cases as every other door."""

from celery import shared_task

from loyalty.core import actors
from loyalty.services import books, holding, interactions, limits, points, year_end


@shared_task(name="loyalty.tasks.roll_over_escrow")
def roll_over_escrow() -> None:
    """Land what has matured."""
    points.roll_over_escrow(actors.system(points.ROLLOVER))


@shared_task(name="loyalty.tasks.delete_old_interactions")
def delete_old_interactions() -> None:
    """Delete what the interaction log has kept long enough."""
    interactions.delete_old()


@shared_task(name="loyalty.tasks.delete_old_limit_uses")
def delete_old_limit_uses() -> None:
    """Delete the counters of days long past."""
    limits.delete_old_uses()


@shared_task(name="loyalty.tasks.verify_ledger")
def verify_ledger() -> None:
    """Check every law of the books."""
    books.check_nightly(actors.system(books.CHECK))


@shared_task(name="loyalty.tasks.sweep_holds")
def sweep_holds() -> None:
    """Tidy up holds that the clock has ended."""
    holding.sweep()


@shared_task(name="loyalty.tasks.assess_tiers")
def assess_tiers() -> None:
    """Close years that have turned and judge standings that have ended."""
    year_end.assess_due(actors.system(year_end.ASSESS))
