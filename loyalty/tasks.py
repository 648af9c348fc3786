"""Tasks are wake-up calls: one line each, into the same use cases as every other door."""

from celery import shared_task

from loyalty.core import actors
from loyalty.services import (
    books,
    card_imports,
    code_orders,
    expiry,
    fiscal_receipts,
    holding,
    interactions,
    limits,
    matching,
    points,
    pool_watch,
    segments,
    year_end,
)


@shared_task(name="loyalty.tasks.roll_over_escrow")
def roll_over_escrow() -> None:
    """Land what has matured."""
    points.roll_over_escrow(actors.system(points.ROLLOVER))


@shared_task(name="loyalty.tasks.expire_points")
def expire_points() -> None:
    """Burn what has expired."""
    expiry.expire_points(actors.system(expiry.EXPIRY))


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


@shared_task(name="loyalty.tasks.import_card_numbers")
def import_card_numbers() -> None:
    """Work off the files of card numbers that wait."""
    card_imports.run_waiting()


@shared_task(name="loyalty.tasks.watch_card_pool")
def watch_card_pool() -> None:
    """Raise or end the alert of a low pool."""
    pool_watch.look()


@shared_task(name=fiscal_receipts.DECIDE)
def decide_fiscal_receipt(receipt_id: int) -> None:
    """Decide one scanned receipt."""
    fiscal_receipts.decide(actors.system("receipts"), receipt_id)


@shared_task(name="loyalty.tasks.decide_fiscal_receipts")
def decide_fiscal_receipts() -> None:
    """Decide the scanned receipts whose wake-up was lost."""
    fiscal_receipts.decide_waiting(actors.system("receipts"))


@shared_task(name=matching.MATCH)
def match_scanned_purchases() -> None:
    """See which scanned receipts are purchases that tills uploaded later."""
    matching.match_waiting(actors.system("receipts"))


@shared_task(name="loyalty.tasks.make_promo_codes")
def make_promo_codes() -> None:
    """Make the promo codes that were ordered."""
    code_orders.make_codes(actors.system(code_orders.MAKE_CODES))


@shared_task(name="loyalty.tasks.change_segments")
def change_segments() -> None:
    """Work off the orders to change segments."""
    segments.work_off()
