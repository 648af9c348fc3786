"""Who sends a receipt or a code through the wallet: a phone, a card number, or both (specs/koshelek.md, 12 and 13)."""

from cards import numbers
from cards import selectors as cards
from cards.errors import CardNotFound, CardUnbound, ContactHasNoCard, OnlyBlockedCard
from cards.models import Card
from customers import selectors as customers
from customers.errors import ContactNotFound, PhoneBelongsToAnother


def usable_card(phone: str, number: str) -> Card:
    """Return the card that the named customer can use now. `phone` is E.164, or ""; one of the two is given.

    A number finds its holder, also that of a card which another has replaced; a phone given with it must be the
    holder's. Raises CardNumberInvalid, CardNotFound, CardUnbound, ContactNotFound, PhoneBelongsToAnother,
    ContactHasNoCard, OnlyBlockedCard.
    """
    held = cards.of_contact(_contact(phone, number))
    usable = next((card for card in held if card.status in cards.USABLE), None)
    if usable is not None:
        return usable
    raise OnlyBlockedCard() if held else ContactHasNoCard()


def _contact(phone: str, number: str) -> int:
    owner = customers.by_phone(phone) if phone else None
    if not number:
        if owner is None:
            raise ContactNotFound(by="phone")
        return owner.pk
    card = cards.by_number(numbers.read_number(number, cards.number_formats()))
    if card is None:
        raise CardNotFound()
    if card.contact_id is None:
        raise CardUnbound()
    if phone and (owner is None or owner.pk != card.contact_id):
        raise PhoneBelongsToAnother() if owner else ContactNotFound(by="phone")
    return card.contact_id
