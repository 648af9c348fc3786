"""Blocking, unblocking and replacing cards (specs/cash_desk.md: Transitions, Who may block, Who may unblock).

The checks stand in the order of the specification: required, phone, card, reason against role, status.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cards import blocking, locks, numbers, policies, services
from cards import selectors as cards
from cards.blocking import BLOCK_NAMES, UNBLOCK_NAMES, BlockReason, UnblockReason
from cards.errors import (
    BlockReasonForbidden,
    CardBoundToAnother,
    CardNotFound,
    CardStatusRefused,
    UnblockReasonForbidden,
)
from cards.models import Card, CardStatus
from cards.policies import Outcome
from cards.services import BlockAct
from customers import identifiers, sufficiency
from customers import locks as customer_locks
from customers import selectors as customers
from customers.errors import ContactNotFound
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import LoyaltyError, RequiredParameterMissing
from loyalty.core.roles import Role
from loyalty.services import cards as card_use_cases
from loyalty.services import journal, program
from loyalty.services.unit_of_work import unit_of_work

LOOKS = 2
"""How often a contact's card is looked for: a replacement may have given it another one while we waited."""

Pick = Callable[[Sequence[Card]], Card | None]


@dataclass(frozen=True, slots=True)
class Named:
    """How a call names its card, read: a number, the contact of a phone, or both."""

    number: str
    contact: Contact | None


def block_card(
    actor: Actor,
    role: Role,
    *,
    number: str = "",
    phone: str = "",
    reason_code: int | None,
    reason_name: str | None = "",
) -> Card:
    """Block the card with a number, or the card of the contact with a phone that is not blocked.

    `reason_name` are the caller's own words, at most 300 characters; the specification's when empty. None for
    either says that it could not be read. Raises, in this order: RequiredParameterMissing, PhoneInvalid,
    ContactNotFound, CardNumberInvalid, CardNotFound, BlockReasonForbidden, CardStatusRefused.
    """
    named = _read(number, phone)
    with unit_of_work():
        card = _lock(named, role, _not_blocked)
        reason = _block_reason(role, reason_code, reason_name)
        _require_own(card, named, role, BlockReasonForbidden)
        card = _require("block", card)
        _block(actor, role, card, reason, reason_name)
    return card


def unblock_card(
    actor: Actor,
    role: Role,
    *,
    number: str = "",
    phone: str = "",
    reason_code: int | None,
    reason_name: str | None = "",
) -> Card:
    """Unblock the card with a number, or the contact's card that was blocked last: Active when the data suffice.

    What the last block record says decides. Raises as `block_card` does, UnblockReasonForbidden for the reason.
    """
    named = _read(number, phone)
    with unit_of_work():
        card = _lock(named, role, cards.blocked_last)
        reason = _unblock_reason(role, reason_code, reason_name)
        _require_own(card, named, role, UnblockReasonForbidden)
        if card is not None and card.status == CardStatus.BLOCKED:
            require_unblockable(role, card, reason)
        card = _require("unblock", card)
        _unblock(actor, role, card, reason, reason_name)
    return card


def block_reasons(role: Role) -> list[BlockReason]:
    """Return the reasons a role may block for."""
    return [reason for reason in BlockReason if blocking.may_block(role, reason)]


def unblock_reason(role: Role, card: Card) -> UnblockReason | None:
    """Return the one reason a role may unblock this Blocked card with, None when it may not."""
    for reason in UnblockReason:
        try:
            require_unblockable(role, card, reason)
        except UnblockReasonForbidden:
            continue
        return reason
    return None


def require_unblockable(role: Role, card: Card, reason: UnblockReason) -> None:
    """Raise UnblockReasonForbidden unless the role may unblock this Blocked card with the reason."""
    last = cards.last_block(card.pk)
    if card.blocked_for_good:
        raise UnblockReasonForbidden("A replaced card is never unblocked.")
    if last is None:
        # A card that came blocked from another system: nobody can say what for, so an administrator decides.
        allowed = role == Role.ADMINISTRATOR
    else:
        allowed = blocking.may_unblock(role, reason, BlockReason(last.reason_code), Role(last.role))
    if not allowed:
        raise UnblockReasonForbidden(**_forbidden)


def _read(number: str, phone: str) -> Named:
    if not number and not phone:
        raise RequiredParameterMissing("Number", names=["Number"])
    contact = None
    if phone:
        contact = customers.by_phone(identifiers.read_phone(phone))
        if contact is None:
            raise ContactNotFound(by="phone")
    return Named(numbers.read_number(number, cards.number_formats()) if number else "", contact)


def _lock(named: Named, role: Role, pick: Pick) -> Card | None:
    """Lock the card; None when the contact of a phone has none to act upon. Raises CardNotFound."""
    if not named.number:
        return _lock_of_contact(named, pick)
    card = locks.lock_by_number(named.number)
    if card is None:
        raise CardNotFound()
    # The site's customer who names somebody else's card is refused the reason, not told about the card.
    if named.contact and card.contact_id not in (None, named.contact.pk) and role != Role.CLIENT:
        raise CardNotFound("The card with this number is not the card of the contact with this phone.")
    return card


def _lock_of_contact(named: Named, pick: Pick) -> Card | None:
    for _ in range(LOOKS):
        held = cards.of_contact(named.contact.pk) if named.contact else []
        card = pick(list(locks.lock_by_numbers(card.number for card in held).values()))
        if card is not None:
            return card
    return None
