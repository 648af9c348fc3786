"""A customer types a code: what every test of this folder does."""

from decimal import Decimal
from typing import Any

from cards.models import Card
from loyalty.core import actors, clock
from loyalty.core.errors import LoyaltyError
from loyalty.ledger import balances
from loyalty.services import promo_codes

APP = actors.client("wallet-app", "", "koshelek")


def use(card: Card, code: str, actor: Any = APP) -> Decimal:
    """The points that the code gave to the card's holder."""
    return promo_codes.redeem(actor, phone="", number=card.number, code=code).points


def heard(card: Card, code: str, actor: Any = APP) -> str:
    """What the customer hears: the points, or the cause of the refusal."""
    try:
        return str(use(card, code, actor))
    except LoyaltyError as refused:
        return refused.code


def spendable(card: Card) -> Decimal:
    """What the holder may spend now."""
    assert card.contact_id is not None
    return balances.read(card.contact_id, clock.now()).spendable
