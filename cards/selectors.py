"""Finding cards. No writes, no locks."""

from cards.models import Card, CardSeries, CardStatus

USABLE = (CardStatus.ISSUED, CardStatus.ACTIVE)
"""Statuses of a card that its holder can use (specs/koshelek.md, Settled points)."""


def number_formats() -> frozenset[tuple[int, str]]:
    """Return (length, check digit) of every series: what a card number may look like."""
    return frozenset(CardSeries.objects.values_list("length", "check_digit").distinct())


def by_number(number: str) -> Card | None:
    """Return the card with a number, with its contact and series."""
    return Card.objects.select_related("contact", "series").filter(number=number).first()


def of_contact(contact_id: int) -> list[Card]:
    """Return the cards of a contact: those not blocked first, then the newest (specs/cash_desk.md)."""
    cards = Card.objects.select_related("series").filter(contact_id=contact_id).order_by("-bound_at", "-id")
    return sorted(cards, key=lambda card: card.status == CardStatus.BLOCKED)


def issuing_series() -> CardSeries | None:
    """Return the series that new virtual cards take their numbers from."""
    return CardSeries.objects.filter(issuing=True).first()
