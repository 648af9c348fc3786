"""Row locks on cards."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from cards.models import (
    Card,
    CardCategory,
    CardImport,
    CardSeries,
    CardStatus,
    ImportStatus,
    Reservation,
)


def lock_by_number(number: str) -> Card | None:
    """Lock and return the card with a number, None if there is none, or only one of a customer who was erased."""
    found = Card.objects.select_for_update(of=("self",), no_key=True).filter(number=number)
    return found.filter(contact__erased_at=None).first()


def lock_by_numbers(numbers: Iterable[str]) -> dict[str, Card]:
    """Lock the cards with these numbers in the order of their keys; return those that are found, by number.

    Cards of a customer who was erased are found by nothing.
    """
    named = Card.objects.filter(number__in=set(numbers), contact__erased_at=None)
    found = named.select_for_update(of=("self",), no_key=True).order_by("pk")
    return {card.number: card for card in found}


def lock_active_of(contact_id: int) -> Card | None:
    """Lock and return the card with which a contact may spend, None if there is none."""
    active = Card.objects.filter(contact_id=contact_id, status=CardStatus.ACTIVE).order_by("pk")
    return active.select_for_update(of=("self",), no_key=True).first()


def lock_all_of(contact_id: int) -> list[Card]:
    """Lock and return every card of a contact, in the order of their keys: whatever it buys with waits."""
    held = Card.objects.filter(contact_id=contact_id).order_by("pk")
    return list(held.select_for_update(of=("self",), no_key=True))


# Written out, not by the ORM: as parameters, status and category would hide the index of the pool from a
# prepared plan, and an outer join to reservations reads the whole pool to find its first free number.
_FREE = f"""
SELECT card.* FROM cards_card card
WHERE card.status = {CardStatus.NEW.value} AND card.category = {CardCategory.VIRTUAL.value}
  AND card.id <> ALL(%(passed)s::bigint[])
  AND NOT EXISTS (SELECT 1 FROM cards_reservation WHERE card_id = card.id AND reserved_until > %(now)s)
ORDER BY card.id LIMIT 1
FOR UPDATE OF card
"""


def lock_free_number(now: datetime) -> Card | None:
    """Lock and return a free virtual number of the pool: New, not reserved; None if the pool is empty.

    Numbers that another call is taking are passed over; only when nothing else is left does this wait
    for them, because that call may yet give its number back.
    """
    passed: list[int] = []
    while True:
        parameters = {"passed": passed, "now": now}
        card = _first(_FREE + "SKIP LOCKED", parameters) or _first(_FREE, parameters)
        if card is None or not _reserved(card, now):
            return card
        passed.append(card.pk)


# Numbers that other calls are taking are passed over: who lends many need not have these. From the far end of the pool:
# whoever asks for a single one begins at the other, and would pass over all that are lent each time.
_FREE_MANY = f"""
SELECT card.id FROM cards_card card
WHERE card.status = {CardStatus.NEW.value} AND card.category = {CardCategory.VIRTUAL.value}
  AND NOT EXISTS (SELECT FROM cards_reservation WHERE card_id = card.id AND reserved_until > %(now)s)
ORDER BY card.id DESC LIMIT %(count)s FOR UPDATE OF card SKIP LOCKED
"""


def lock_free_numbers(count: int, now: datetime) -> list[int]:
    """Lock up to `count` free virtual numbers of the pool; return the ids of their cards."""
    with connection.cursor() as cursor:
        cursor.execute(_FREE_MANY, {"count": count, "now": now})
        return [row[0] for row in cursor.fetchall()]


def _first(sql: str, parameters: dict[str, Any]) -> Card | None:
    return next(iter(Card.objects.raw(sql, parameters)), None)


def _reserved(card: Card, now: datetime) -> bool:
    # A reservation leaves the card's row as it was. One that was committed after the search for a free number
    # had begun is therefore seen only now, by a new statement that holds the lock.
    return Reservation.objects.filter(card_id=card.pk, reserved_until__gt=now).exists()


def lock_series(series_id: int) -> CardSeries:
    """Lock and return a series, to take serial numbers from it."""
    return CardSeries.objects.select_for_update(of=("self",), no_key=True).get(pk=series_id)


def lock_every_series() -> list[CardSeries]:
    """Lock and return every series in the order of their keys: the flag that one of them issues numbers moves."""
    return list(CardSeries.objects.select_for_update(of=("self",), no_key=True).order_by("pk"))


def lock_next_import(*, silent_since: datetime) -> CardImport | None:
    """Lock and return the oldest import that nobody works on, None when there is none.

    It waits, or its worker has given no sign since `silent_since`. One that another worker takes in this moment is
    passed over.
    """
    free = Q(status=ImportStatus.WAITING) | Q(status=ImportStatus.RUNNING, updated_at__lt=silent_since)
    found = CardImport.objects.filter(free).order_by("pk")
    return found.select_for_update(of=("self",), no_key=True, skip_locked=True).first()


def lock_import(import_id: int, attempt: int) -> CardImport | None:
    """Lock and return a running import while `attempt` is the one that works on it; None when it is no more."""
    mine = CardImport.objects.filter(pk=import_id, attempt=attempt, status=ImportStatus.RUNNING)
    return mine.select_for_update(of=("self",), no_key=True).first()
