"""Row locks on cards."""

from datetime import datetime

from django.db.models import Q

from cards.models import Card, CardCategory, CardSeries, CardStatus


def lock_by_number(number: str) -> Card | None:
    """Lock and return the card with a number, None if there is none."""
    return Card.objects.select_for_update(of=("self",), no_key=True).filter(number=number).first()


def lock_free_number(now: datetime) -> Card | None:
    """Lock and return a free virtual number of the pool: New, unbound, not reserved; None if the pool is empty.

    Numbers that another call is taking are passed over; only when nothing else is left does this wait
    for them, because that call may yet give its number back.
    """
    free = (
        Card.objects.filter(status=CardStatus.NEW, category=CardCategory.VIRTUAL, contact__isnull=True)
        .filter(Q(reservation__isnull=True) | Q(reservation__reserved_until__lte=now))
        .order_by("id")
    )
    card = free.select_for_update(of=("self",), skip_locked=True).first()
    return card or free.select_for_update(of=("self",)).first()


def lock_series(series_id: int) -> CardSeries:
    """Lock and return a series, to take serial numbers from it."""
    return CardSeries.objects.select_for_update(of=("self",), no_key=True).get(pk=series_id)
