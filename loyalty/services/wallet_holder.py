"""Who stands behind what a wallet sends of its user: a phone, a card number, or both (specs/koshelek.md, 12, 13)."""

from cards import locks as card_locks
from cards import numbers
from cards import selectors as cards
from cards.errors import CardNotFound, CardUnbound, ContactWithoutCard, OnlyBlockedCard
from cards.models import Card
from customers import locks as customer_locks
from customers import selectors as customers
from customers.errors import ContactBlocked, ContactNotFound
from customers.models import Contact, ContactStatus
from loyalty.core.errors import Busy


def find(phone: str, number: str) -> int:
    """Return the contact with a phone (E.164), a card number, or both; one of them is given.

    Raises ContactNotFound, also when the two do not belong together; CardNumberInvalid, CardNotFound, CardUnbound.
    """
    if not number:
        found = customers.by_phone(phone)
        if found is None:
            raise ContactNotFound(by="phone")
        return found.pk
    card = cards.by_number(numbers.read_number(number, cards.number_formats()))
    if card is None:
        raise CardNotFound()
    if card.contact is None:
        raise CardUnbound()
    if phone and card.contact.phone != phone and customers.by_phone(phone) != card.contact:
        # Not which of the two is wrong: that would tell a stranger's phone from nobody's.
        raise ContactNotFound(by="phone")
    return card.contact.pk


def usable_card(contact_id: int) -> Card:
    """Return the card that the contact can use now, not locked. Raises ContactWithoutCard, OnlyBlockedCard."""
    held = cards.of_contact(contact_id)
    usable = next((card for card in held if card.status in cards.USABLE), None)
    if usable is None:
        raise OnlyBlockedCard() if held else ContactWithoutCard()
    return usable


def lock(contact_id: int) -> Contact:
    """Lock a usable card of the contact, then the contact, and return it.

    Raises ContactWithoutCard, OnlyBlockedCard, ContactBlocked; Busy while its card is being blocked or replaced.
    """
    card = card_locks.lock_by_number(usable_card(contact_id).number)
    if card is None or card.contact_id != contact_id or card.status not in cards.USABLE:
        # A repeat finds what has become of it.
        raise Busy()
    contact = customer_locks.lock_contact(contact_id)
    if contact.status == ContactStatus.BLOCKED:
        raise ContactBlocked()
    return contact
