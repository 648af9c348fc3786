"""A card with its holder and points as models; a till reads `card_balances`, which is plain and fast."""

from dataclasses import dataclass

from cards import numbers
from cards import selectors as cards
from cards.errors import CardNotFound
from cards.models import Card, CardStatus
from customers.models import Contact
from loyalty.core import clock
from loyalty.ledger import balances
from loyalty.ledger.balances import Balance


@dataclass(frozen=True, slots=True)
class CardBalance:
    """A card with its holder (None while unbound) and the holder's points (None while unbound)."""

    card: Card
    contact: Contact | None
    balance: Balance | None

    @property
    def frozen(self) -> bool:
        """Whether spendable points are frozen because the card is blocked."""
        return self.card.status == CardStatus.BLOCKED


def by_number(text: str) -> CardBalance:
    """Return the card with a number. Raises CardNumberInvalid, CardNotFound."""
    return _with_balance(card_by_number(text))


def card_by_number(text: str) -> Card:
    """Return the card with a number without its points. Raises CardNumberInvalid, CardNotFound."""
    number = text.strip()
    # What a card may look like is asked only when none was found: a till waits for one statement less.
    card = cards.by_number(number) if numbers.may_be_number(number) else None
    if card is None:
        numbers.read_number(number, cards.number_formats())
        raise CardNotFound()
    return card


def _with_balance(card: Card) -> CardBalance:
    balance = balances.read(card.contact_id, clock.now()) if card.contact_id else None
    return CardBalance(card, card.contact, balance)
