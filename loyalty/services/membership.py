"""Taking part in the programme: joining by word of mouth, and leaving (docs/decisions/leaving.md).

Who leaves gives up the points that could be or become spendable, and the card is blocked. The data, the history and a
debt stay. Joining again begins at Base with the same card.
"""

from collections.abc import Sequence
from datetime import datetime

from cards import services as card_services
from cards.blocking import BLOCK_NAMES, UNBLOCK_NAMES, BlockReason, UnblockReason
from cards.errors import BlockReasonForbidden, UnblockReasonForbidden
from cards.models import Card, CardStatus
from customers import locks as customer_locks
from customers import services as customers
from customers import sufficiency
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.roles import Role
from loyalty.services import (
    belongings,
    blocking,
    contacts,
    forfeits,
    hopeless_requests,
    journal,
    merging,
    points,
    program,
    reasons,
)
from loyalty.services.errors import EnrolledAlready, NotEnrolled
from loyalty.services.unit_of_work import unit_of_work
from tiers import services as tiers


def leave_programme(actor: Actor, role: Role, contact_id: int, reason: str) -> Contact:
    """Let a contact leave: Unenrolled, without points that can be spent, the card blocked for refusal to use.
    Adjustments that wait and could not be approved any more are withdrawn.

    Raises InvalidParameter without a reason, ContactNotFound, ContactMerged, ContactErased, NotEnrolled,
    BonusesOnHold, BlockReasonForbidden when the role may not block for this, Busy.
    """
    why = reasons.required(reason)
    contacts.require_open(contact_id)
    if BlockReason.REFUSAL not in blocking.block_reasons(role):
        raise BlockReasonForbidden()
    with unit_of_work():
        waiting = hopeless_requests.lock_waiting(contact_id)
        cards = belongings.lock_cards(contact_id)
        contact = customer_locks.lock_contact(contact_id)
        merging.refuse_changed(cards, contact_id)
        if tiers.current(contact_id) is None:
            raise NotEnrolled()
        merging.refuse_held(contact_id)
        forfeits.settle(actor, contact_id)
        if not tiers.leave(contact_id, clock.now()):
            raise NotEnrolled()
        given_up = forfeits.give_up(actor, contact_id, "leaving")
        _block(actor, role, cards)
        hopeless_requests.end_for_who_left(actor, contact_id, waiting)
        journal.record(
            actor, "contact.leave", contact.code, contact_id=contact_id, reason=why, points_given_up=str(given_up)
        )
    return contact


def enrol_contact(actor: Actor, role: Role, contact_id: int, reason: str) -> Contact:
    """Enrol a contact at Base, also one who left; the card that leaving had blocked works again.

    Raises InvalidParameter without a reason, ContactNotFound, ContactMerged, ContactErased, EnrolledAlready,
    UnblockReasonForbidden when somebody blocked the card whom the role may not overrule, Busy.
    """
    why = reasons.required(reason)
    contacts.require_open(contact_id)
    with unit_of_work():
        cards = belongings.lock_cards(contact_id)
        contact = customer_locks.lock_contact(contact_id)
        merging.refuse_changed(cards, contact_id)
        if not points.join(contact_id, actor, program.settings().tzinfo):
            raise EnrolledAlready()
        customers.enter(contact, clock.now())
        _unblock(actor, role, contact, cards)
        journal.record(actor, "contact.enrol", contact.code, contact_id=contact_id, reason=why)
    return contact


def cards_follow(actor: Actor, role: Role, survivor: Contact, absorbed: Contact, since: datetime) -> None:
    """Let the cards of two that are parted follow who takes part: of who left while they were one none works, and the
    other's work again that this leaving had blocked. The cards are locked; raises UnblockReasonForbidden.
    """
    if not tiers.has_left(survivor.pk):
        return
    _block(actor, role, list(Card.objects.filter(contact=survivor)))
    if not tiers.has_left(absorbed.pk):
        _unblock(actor, role, absorbed, list(Card.objects.filter(contact=absorbed)), since)


def _block(actor: Actor, role: Role, cards: Sequence[Card]) -> None:
    """Block what works; what is blocked already stays blocked for what it was, so this is no way off a black list."""
    told = blocking.act(actor, role, BlockReason.REFUSAL, BLOCK_NAMES[BlockReason.REFUSAL])
    for card in cards:
        if card.status in (CardStatus.ISSUED, CardStatus.ACTIVE):
            blocking.note(actor, "card.block", card, card_services.block(card, told))


def _unblock(actor: Actor, role: Role, contact: Contact, cards: Sequence[Card], since: datetime | None = None) -> None:
    told = blocking.act(actor, role, UnblockReason.AFTER_REFUSAL, UNBLOCK_NAMES[UnblockReason.AFTER_REFUSAL])
    suffices = sufficiency.suffices(contact, program.settings().sufficiency)
    for card in cards:
        last = blocking.last_block(card)
        refused = (
            last is not None
            and last.reason_code == BlockReason.REFUSAL
            and (since is None or last.recorded_at >= since)
        )
        if card.status != CardStatus.BLOCKED or card.blocked_for_good or not refused:
            continue
        if UnblockReason.AFTER_REFUSAL not in blocking.unblock_reasons(role, card, last):
            raise UnblockReasonForbidden()
        blocking.note(actor, "card.unblock", card, card_services.unblock(card, told, data_suffice=suffices))
