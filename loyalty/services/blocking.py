"""Blocking and unblocking cards (specs/cash_desk.md: Transitions, Who may block, Who may unblock).

The checks stand in the order of the specification: required, phone, card, reason against role, status.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cards import blocking, locks, numbers, policies, services
from cards import selectors as cards
from cards.blocking import BLOCK_NAMES, UNBLOCK_NAMES, BlockReason, UnblockReason
from cards.errors import BlockReasonForbidden, CardNotFound, CardStatusRefused, UnblockReasonForbidden
from cards.models import BlockRecord, Card, CardStatus
from cards.policies import Outcome
from cards.services import BlockAct
from customers import identifiers, sufficiency
from customers import locks as customer_locks
from customers import selectors as customers
from customers.errors import ContactNotFound
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import RequiredParameterMissing
from loyalty.core.roles import Role
from loyalty.services import journal, points, program
from loyalty.services.unit_of_work import unit_of_work
from tiers import services as tiers

LOOKS = 2
"""How often a contact's card is looked for: a replacement may have given it another one while we waited."""

LONGEST_NAME = 300
FIELD = "reason_code"
_UNREADABLE = (
    f"The reason cannot be read: it is a code of the table, its name a text of at most {LONGEST_NAME} characters."
)

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
    named = read_name(number, phone)
    with unit_of_work():
        card = _lock(named, role, _not_blocked)
        reason = _block_reason(role, reason_code, reason_name)
        _require_own(card, named, role, BlockReasonForbidden)
        allowed = _require("block", card)
        record = services.block(allowed, act(actor, role, reason, reason_name or BLOCK_NAMES[reason]))
        note(actor, "card.block", allowed, record)
    return allowed


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
    named = read_name(number, phone)
    with unit_of_work():
        card = _lock(named, role, cards.blocked_last)
        reason = _unblock_reason(role, reason_code, reason_name)
        _require_own(card, named, role, UnblockReasonForbidden)
        if card is not None and card.status == CardStatus.BLOCKED and reason not in unblock_reasons(role, card):
            raise UnblockReasonForbidden(name=FIELD)
        allowed = _require("unblock", card)
        suffice = _data_suffice(allowed)
        told = act(actor, role, reason, reason_name or UNBLOCK_NAMES[reason])
        note(actor, "card.unblock", allowed, services.unblock(allowed, told, data_suffice=suffice))
        _join_again(actor, allowed)
    return allowed


def block_reasons(role: Role) -> list[BlockReason]:
    """Return the reasons a role may block for."""
    return [reason for reason in BlockReason if blocking.may_block(role, reason)]


def last_block(card: Card) -> BlockRecord | None:
    """Return the record that decides what the card is blocked for and by whom; None without any."""
    return cards.last_block(card.pk)


def unblock_reasons(role: Role, card: Card, last: BlockRecord | None = None) -> list[UnblockReason]:
    """Return the reasons a role may unblock this Blocked card with: its pair, or none. `last` spares a look."""
    last = last or cards.last_block(card.pk)
    return [reason for reason in UnblockReason if _may_unblock(role, card, last, reason)]


def _may_unblock(role: Role, card: Card, last: BlockRecord | None, reason: UnblockReason) -> bool:
    if card.blocked_for_good:
        return False
    if last is None:
        # A card that came blocked from another system: nobody can say what for, so an administrator decides.
        return role == Role.ADMINISTRATOR
    return blocking.may_unblock(role, reason, BlockReason(last.reason_code), Role(last.role))


def read_name(number: str, phone: str) -> Named:
    """Return how a call names its card. Raises RequiredParameterMissing, PhoneInvalid, ContactNotFound,
    CardNumberInvalid."""
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


def _not_blocked(held: Sequence[Card]) -> Card | None:
    return next((card for card in held if card.status in cards.USABLE), None)


def _block_reason(role: Role, code: int | None, name: str | None) -> BlockReason:
    if code not in list(BlockReason) or name is None or len(name) > LONGEST_NAME:
        raise BlockReasonForbidden(_UNREADABLE, name=FIELD)
    reason = BlockReason(code)
    if not blocking.may_block(role, reason):
        raise BlockReasonForbidden(name=FIELD)
    return reason


def _unblock_reason(role: Role, code: int | None, name: str | None) -> UnblockReason:
    if code not in list(UnblockReason) or name is None or len(name) > LONGEST_NAME:
        raise UnblockReasonForbidden(_UNREADABLE, name=FIELD)
    reason = UnblockReason(code)
    if not blocking.MAY_UNBLOCK[role][reason]:
        raise UnblockReasonForbidden(name=FIELD)
    return reason


def _require_own(
    card: Card | None, named: Named, role: Role, refusal: type[BlockReasonForbidden | UnblockReasonForbidden]
) -> None:
    """Refuse a client who does not show, by the phone, that the card is its own."""
    if role != Role.CLIENT or card is None:
        return
    if named.contact is None or card.contact_id != named.contact.pk:
        raise refusal("A client acts only on its own card: the phone must be that of the card's holder.")


def _require(method: str, card: Card | None) -> Card:
    if card is None:
        raise CardStatusRefused(f"The customer has no card to {method}.", status=None, action=method)
    if policies.outcome(method, card, data_suffice=False) is Outcome.REFUSE:
        raise CardStatusRefused(
            f"A card in the status {card.get_status_display()} does not allow {method}.",
            status=card.status,
            action=method,
        )
    return card


def _data_suffice(card: Card) -> bool:
    if card.contact_id is None:
        raise RuntimeError("a blocked card belongs to nobody")
    contact = customer_locks.lock_contact(card.contact_id)
    return sufficiency.suffices(contact, program.settings().sufficiency)


def _join_again(actor: Actor, card: Card) -> None:
    """Enrol the holder who had left: whoever takes the card back takes part again."""
    if card.contact_id is not None and tiers.has_left(card.contact_id):
        points.join(card.contact_id, actor, program.settings().tzinfo)


def act(actor: Actor, role: Role, reason: BlockReason | UnblockReason, name: str) -> BlockAct:
    """Return what the record of a block or unblock by this actor keeps."""
    return BlockAct(str(actor), role.value, actor.channel, reason.value, name, clock.now())


def note(actor: Actor, action: str, card: Card, record: BlockRecord, **details: str) -> None:
    """Write a block or unblock into the journal."""
    journal.record(
        actor,
        action,
        card.number,
        contact_id=card.contact_id,
        reason=record.reason_name,
        reason_code=record.reason_code,
        status=[CardStatus(record.status_before).label, CardStatus(record.status_after).label],
        **details,
    )
