"""Erasing a person's data for good, while the books stay whole (docs/decisions/erasure.md).

What names the person goes: fields, segments, the log of calls, what a merge remembered, every reason that was typed.
What the books need stays, under a code that leads to nobody. Every call answers as of somebody who was never here.
"""

from collections.abc import Collection, Sequence

from cards import importing as card_imports
from cards import services as card_services
from cards.blocking import BLOCK_NAMES, BlockReason
from cards.models import Card
from customers import erasing
from customers import locks as customer_locks
from customers import selectors as customers
from customers.errors import ContactErased, ContactMerged, ContactNotFound
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy
from loyalty.core.roles import Role
from loyalty.ledger.guards import ERASED
from loyalty.models import Merge
from loyalty.selectors import personal_data
from loyalty.services import (
    belongings,
    blocking,
    contacts,
    forfeits,
    hopeless_requests,
    journal,
    merging,
    reasons,
    typed_words,
)
from loyalty.services.errors import NotConfirmed
from loyalty.services.unit_of_work import unit_of_work
from promos.models import SegmentMember
from tiers import services as tiers


def erase_contact(actor: Actor, role: Role, contact_id: int, reason: str, *, confirmed: str) -> Contact:
    """Erase all that is known of a contact and of everybody merged into it; nobody can undo it.

    `confirmed`: the contact's code, typed by who decides. The points are given up, a debt is written off, the cards are
    blocked for good and found by nothing. Raises InvalidParameter without a reason or for one that names the person,
    NotConfirmed, ContactNotFound, ContactMerged, ContactErased, BonusesOnHold, Busy.
    """
    why = reasons.required(reason)
    contacts.require_open(contact_id)
    with unit_of_work():
        waiting = hopeless_requests.lock_waiting(contact_id)
        kin = customers.kin_of(contact_id)
        cards = belongings.lock_cards(contact_id)
        people = customer_locks.lock_contacts(kin)
        contact = _required(people, contact_id, confirmed)
        typed_words.refuse_naming(people.values(), why)
        merging.refuse_changed(cards, contact_id)
        if set(customers.kin_of(contact_id)) != set(kin):
            # Somebody was merged into this contact between our look and our lock: a repeat erases both.
            raise Busy()
        merging.refuse_held(contact_id)
        given_up, written_off = _close_books(actor, contact_id)
        _give_up_cards(actor, role, cards)
        hopeless_requests.end_for_who_is_erased(actor, contact_id, waiting)
        _forget(people.values(), cards)
        typed_words.erase(kin, cards)
        erasing.erase(people.values(), clock.now())
        journal.record(
            actor, "contact.erase", contact.code, contact_id=contact_id, reason=why,
            points_given_up=str(given_up), debt_written_off=str(written_off), records=len(kin),
        )  # fmt: skip
    return contact


def _required(people: dict[int, Contact], contact_id: int, confirmed: str) -> Contact:
    contact = people.get(contact_id)
    if contact is None:
        raise ContactNotFound(by="id")
    if contact.merged_into_id is not None:
        raise ContactMerged()
    if contact.erased_at is not None:
        raise ContactErased()
    if confirmed.strip().upper() != contact.code:
        raise NotConfirmed(name="confirmed")
    return contact


def _close_books(actor: Actor, contact_id: int) -> tuple[object, object]:
    forfeits.settle(actor, contact_id)
    given_up = forfeits.give_up(actor, contact_id, "erasure")
    written_off = forfeits.write_off(actor, contact_id, ERASED)
    tiers.leave(contact_id, clock.now())
    return given_up, written_off


def _give_up_cards(actor: Actor, role: Role, cards: Sequence[Card]) -> None:
    told = blocking.act(actor, role, BlockReason.REFUSAL, BLOCK_NAMES[BlockReason.REFUSAL])
    for card in cards:
        if not card.blocked_for_good:
            blocking.note(actor, "card.block", card, card_services.give_up(card, told))


def _forget(people: Collection[Contact], cards: Sequence[Card]) -> None:
    """Delete or empty whatever else led to the person."""
    kin = [person.pk for person in people]
    SegmentMember.objects.filter(contact_id__in=kin).delete()
    Merge.objects.filter(survivor_id__in=kin).exclude(personal={}).update(personal={})
    personal_data.calls_about(people, [card.number for card in cards])._raw_delete("default")
    for person in people:
        card_imports.forget(person.phone or "", [each for each in (person.email, person.surname) if each])
