"""Changes to cards, series and reservations. Called by loyalty.services inside its transaction only."""

from datetime import datetime, timedelta

from cards import locks, numbers
from cards.models import Card, CardCategory, CardSeries, Reservation


def make_cards(series_id: int, count: int, category: CardCategory, now: datetime) -> list[str]:
    """Make `count` New cards with the next numbers of a series; return the numbers.

    Raises ValueError when the series has fewer numbers left; then nothing is made.
    """
    series = locks.lock_series(series_id)
    first = series.next_serial
    made = [_number(series, serial) for serial in range(first, first + count)]
    Card.objects.bulk_create(
        (
            Card(number=number, series=series, category=category, card_type=series.card_type, created_at=now)
            for number in made
        ),
        batch_size=2000,
    )
    CardSeries.objects.filter(pk=series.pk).update(next_serial=first + count)
    return made


def issue(card: Card, now: datetime) -> None:
    """Make a locked card Issued."""
    card.issue()
    card.issued_at = card.issued_at or now
    card.save(update_fields=["status", "issued_at"])


def bind(card: Card, contact_id: int, now: datetime) -> None:
    """Bind a locked, Issued card to a contact and end its reservation."""
    card.contact_id = contact_id
    card.bound_at = now
    card.save(update_fields=["contact", "bound_at"])
    Reservation.objects.filter(card_id=card.pk).delete()


def activate(card: Card, now: datetime) -> None:
    """Make a locked, bound card Active."""
    card.activate()
    card.activated_at = card.activated_at or now
    card.save(update_fields=["status", "activated_at"])


def reserve(card: Card, *, minutes: int, actor: str, now: datetime) -> Reservation:
    """Hold a locked, free number for `minutes`."""
    reservation, _ = Reservation.objects.update_or_create(
        card=card,
        defaults={"reserved_at": now, "reserved_until": now + timedelta(minutes=minutes), "actor": actor},
    )
    return reservation


def _number(series: CardSeries, serial: int) -> str:
    return numbers.make_number(series.prefix, series.length, series.check_digit, serial)
