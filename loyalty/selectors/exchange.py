"""What a partner without an online link is told: issued cards and the numbers lent to it. Streams; writes nothing."""

from collections.abc import Iterator
from typing import NamedTuple

from cards.models import Card, CardStatus
from loyalty.core import clock

CHUNK = 5_000


class IssuedCard(NamedTuple):
    """A card that belongs to somebody."""

    number: str
    status: int
    barcode: str
    phone: str | None
    email: str


class FreeNumber(NamedTuple):
    """A number that a partner may give to somebody."""

    number: str
    barcode: str


def issued_cards() -> Iterator[IssuedCard]:
    """Yield every card that is bound and not blocked for good, by number, from a server-side cursor."""
    cards = Card.objects.filter(contact__isnull=False, blocked_for_good=False).order_by("number")
    rows = cards.values_list("number", "status", "series__barcode", "contact__phone", "contact__email")
    return map(IssuedCard._make, rows.iterator(chunk_size=CHUNK))


def lent_numbers(actor: str) -> Iterator[FreeNumber]:
    """Yield the numbers that an actor holds and has not issued yet, by number, from a server-side cursor."""
    held = Card.objects.filter(
        status=CardStatus.NEW, reservation__actor=actor, reservation__reserved_until__gt=clock.now()
    ).order_by("number")
    return map(FreeNumber._make, held.values_list("number", "series__barcode").iterator(chunk_size=CHUNK))
