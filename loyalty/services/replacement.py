"""Replacing a card: the old one is blocked for good, the new one is taken and bound, in one transaction.

Balances, history, tier and consents hang on the contact, so they stay where they are (specs/cash_desk.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cards import locks, numbers, services
from cards import selectors as cards
from cards.blocking import BLOCK_NAMES, BlockReason
from cards.errors import (
    BlockReasonForbidden,
    CardBoundToAnother,
    CardNotFound,
    CardNumberInvalid,
    CardStatusRefused,
)
from cards.models import Card, CardStatus
from customers import locks as customer_locks
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import RequiredParameterMissing
from loyalty.core.roles import Role
from loyalty.services import blocking, journal, program
from loyalty.services import cards as card_use_cases
from loyalty.services.blocking import Named
from loyalty.services.unit_of_work import unit_of_work

NEW = "new_number"


@dataclass(frozen=True, slots=True)
class Replaced:
    """The card that was given up and the one that took its place."""

    old: Card
    new: Card


def replace_card(
    actor: Actor, role: Role, *, number: str = "", phone: str = "", new_number: str, reason_name: str = ""
) -> Replaced:
    """Block the card with a number, or the usable card of the contact with a phone, for good; bind another to its
    holder. The new card becomes Active when the data suffice.

    A card that is blocked already, a lost one, may be replaced by whoever could unblock it. Raises, in this order:
    RequiredParameterMissing, PhoneInvalid, ContactNotFound, CardNumberInvalid, CardNotFound (`name` is new_number
    when it is the new one), BlockReasonForbidden, CardStatusRefused, CardBoundToAnother.
    """
    if not new_number:
        raise RequiredParameterMissing("NewNumber", names=["NewNumber"])
    named = blocking.read_name(number, phone)
    new_number = _read_new(new_number)
    with unit_of_work():
        old, new = _lock(named, new_number)
        _require_right(role, old)
        contact_id = _require_old(old)
        _require_new(new, old)
        _give_up(actor, role, old, new, reason_name)
        _take(actor, new, contact_id)
    return Replaced(old, new)


def _read_new(number: str) -> str:
    try:
        return numbers.read_number(number, cards.number_formats())
    except CardNumberInvalid as error:
        raise CardNumberInvalid(name=NEW) from error


def _lock(named: Named, new_number: str) -> tuple[Card, Card]:
    """Lock both cards, and of a phone every card of its contact, in the order of their keys."""
    held = [] if named.number else [card.number for card in cards.of_contact(named.contact.pk)] if named.contact else []
    locked = locks.lock_by_numbers({named.number, new_number, *held} - {""})
    old = locked.get(named.number) if named.number else _to_replace([locked[each] for each in held])
    if old is None or (named.contact and old.contact_id not in (None, named.contact.pk)):
        raise CardNotFound()
    if new_number not in locked:
        raise CardNotFound(name=NEW)
    return old, locked[new_number]


def _to_replace(held: Sequence[Card]) -> Card | None:
    """Return the one card that is not given up yet; blocked or not."""
    return next((card for card in held if not card.blocked_for_good), None) or cards.blocked_last(held)


def _require_right(role: Role, old: Card) -> None:
    """Refuse a role that may not block for a replacement, or not lift the block that the card has now.

    Otherwise a replacement would be a way round the black list.
    """
    if BlockReason.REPLACEMENT not in blocking.block_reasons(role):
        raise BlockReasonForbidden()
    if old.status != CardStatus.BLOCKED or old.blocked_for_good:
        return
    if not blocking.unblock_reasons(role, old):
        raise BlockReasonForbidden(
            "This card was blocked by somebody or for something that your role may not undo, so it may not replace it."
        )


def _require_old(old: Card) -> int:
    if old.contact_id is None or old.blocked_for_good:
        raise CardStatusRefused(
            f"A card in the status {old.get_status_display()} does not allow replace.",
            status=old.status,
            action="replace",
        )
    return old.contact_id


def _require_new(new: Card, old: Card) -> None:
    if new.pk == old.pk:
        raise CardStatusRefused("A card does not replace itself.", status=new.status, action="replace_by", name=NEW)
    if new.contact_id not in (None, old.contact_id):
        raise CardBoundToAnother(name=NEW)
    if new.contact_id is not None:
        raise CardStatusRefused(
            f"A card in the status {new.get_status_display()} cannot replace another.",
            status=new.status,
            action="replace_by",
            name=NEW,
        )


def _give_up(actor: Actor, role: Role, old: Card, new: Card, reason_name: str) -> None:
    told = blocking.act(actor, role, BlockReason.REPLACEMENT, reason_name or BLOCK_NAMES[BlockReason.REPLACEMENT])
    give_up = services.block_for_good if old.status == CardStatus.BLOCKED else services.block
    blocking.note(actor, "card.replace", old, give_up(old, told), replaced_by=new.number)


def _take(actor: Actor, new: Card, contact_id: int) -> None:
    contact = customer_locks.lock_contact(contact_id)
    if new.status == CardStatus.NEW:
        card_use_cases.refuse_reserved(new, "replace_by")
        services.issue(new, clock.now())
        journal.record(actor, "card.issue", new.number, contact_id=contact_id)
    card_use_cases.bind(actor, new, contact, program.settings())
