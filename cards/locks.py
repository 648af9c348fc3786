"""Row locks on cards."""

from datetime import datetime

from django.db.models import Q

from cards.models import Card, CardCategory, CardSeries, CardStatus, Reservation


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
    passed: list[int] = []
    while True:
        left = free.exclude(pk__in=passed)
        card = left.select_for_update(of=("self",), skip_locked=True).first()
        card = card or left.select_for_update(of=("self",)).first()
        if card is None or not _reserved(card, now):
            return card
        passed.append(card.pk)


def _reserved(card: Card, now: datetime) -> bool:
    # A reservation leaves the card's row as it was. One that was committed after the search for a free number
    # had begun is therefore seen only now, by a new statement that holds the lock.
    return Reservation.objects.filter(card_id=card.pk, reserved_until__gt=now).exists()


def lock_series(series_id: int) -> CardSeries:
    """Lock and return a series, to take serial numbers from it."""
    return CardSeries.objects.select_for_update(of=("self",), no_key=True).get(pk=series_id)
