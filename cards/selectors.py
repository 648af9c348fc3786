"""Finding cards. No writes, no locks."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from cards.models import BlockRecord, Card, CardImportFault, CardSeries, CardStatus, Reservation
from customers import identifiers
from customers.models import Contact

USABLE = (CardStatus.ISSUED, CardStatus.ACTIVE)
"""Statuses of a card that its holder can use (specs/koshelek.md, Settled points)."""


def number_formats() -> frozenset[tuple[int, str]]:
    """Return (length, check digit) of every series: what a card number may look like."""
    return frozenset(CardSeries.objects.values_list("length", "check_digit").distinct())


def by_number(number: str) -> Card | None:
    """Return the card with a number, with its contact and series; none of a customer who was erased."""
    found = Card.objects.select_related("contact", "series").filter(number=number)
    return found.filter(contact__erased_at=None).first()


def is_reserved(card_id: int, now: datetime) -> bool:
    """Tell whether a number is held for somebody: who asks holds the card's lock, so none is reserved meanwhile."""
    return Reservation.objects.filter(card_id=card_id, reserved_until__gt=now).exists()


def of_contact(contact_id: int) -> list[Card]:
    """Return the cards of a contact: those not blocked first, then the newest (specs/cash_desk.md)."""
    cards = Card.objects.select_related("series").filter(contact_id=contact_id).order_by("-bound_at", "-id")
    return sorted(cards, key=lambda card: card.status == CardStatus.BLOCKED)


def last_block(card_id: int) -> BlockRecord | None:
    """Return the record of the card's last block: it decides what the card is blocked for and by whom."""
    return BlockRecord.objects.filter(card_id=card_id, blocking=True).order_by("-id").first()


def blocked_last(cards: Sequence[Card]) -> Card | None:
    """Return that of the blocked cards which was blocked last, the newest of those without a record; None of none.

    One that is blocked for good only when there is no other: a merge gives a card up though an older block of the
    other one is still to be lifted.
    """
    every = [card for card in cards if card.status == CardStatus.BLOCKED]
    blocked = {card.pk: card for card in every if not card.blocked_for_good} or {card.pk: card for card in every}
    records = BlockRecord.objects.filter(card_id__in=blocked, blocking=True)
    last = records.order_by("-id").values_list("card_id", flat=True).first() if blocked else None
    return blocked[last] if last else max(blocked.values(), key=lambda card: card.pk, default=None)


def issuing_series() -> CardSeries | None:
    """Return the series that new virtual cards take their numbers from."""
    return CardSeries.objects.filter(issuing=True).first()


def lines_naming(people: Iterable[Contact]) -> QuerySet[CardImportFault]:
    """Return bad lines of imports that have a phone or an e-mail of these people: a surname may be of somebody else."""
    named = Q(pk=None)
    for person in people:
        named |= lines_with(person.phone or "", [person.email] if person.email else [])
    return CardImportFault.objects.filter(named).order_by("id")


def lines_with(phone: str, words: Iterable[str]) -> Q:
    """Return what finds the bad lines that hold a phone (E.164 or "") or one of these words."""
    named = Q(pk=None)
    for word in words:
        named |= Q(number__icontains=word)
    if phone:
        # Without the country, and whatever stands between the digits.
        named |= Q(number__regex="[^0-9]*".join(identifiers.subscriber(phone)))
    return named
