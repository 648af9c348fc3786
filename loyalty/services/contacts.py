"""Changes of a contact by staff, its data and whether it is blocked: the rules of every other door, and a reason."""

from collections.abc import Callable, Iterable
from datetime import datetime

from cards import locks as card_locks
from cards import selectors as cards
from cards import services as card_services
from cards.models import CardStatus
from customers import locks as customer_locks
from customers import services as customer_services
from customers import sufficiency
from customers.errors import ContactErased, ContactMerged, ContactNotFound
from customers.models import Contact
from customers.services import PersonalData
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.services import journal, program, reasons
from loyalty.services.unit_of_work import unit_of_work


def edit_contact(actor: Actor, contact_id: int, data: PersonalData, reason: str, clear: Iterable[str] = ()) -> Contact:
    """Store the given personal data and empty the fields named in `clear`; the journal keeps names, not values.

    An Issued card becomes Active when the data now suffice, as in the wallet. Raises InvalidParameter without a
    reason, PhoneBelongsToAnother, ContactMerged, ContactErased.
    """
    why = reasons.required(reason)
    require_open(contact_id)
    # Card before contact: the order of locks of design.md.
    usable = [card for card in cards.of_contact(contact_id) if card.status in cards.USABLE]
    with unit_of_work():
        card = card_locks.lock_by_number(usable[0].number) if usable else None
        contact = customer_locks.lock_contact(contact_id)
        now = clock.now()
        changed = customer_services.update_contact(contact, data, now, clear=clear)
        if changed:
            journal.record(actor, "contact.update", contact.code, contact_id=contact.pk, reason=why, fields=changed)
        suffices = sufficiency.suffices(contact, program.settings().sufficiency)
        if changed and card is not None and card.status == CardStatus.ISSUED and suffices:
            card_services.activate(card, now)
            journal.record(actor, "card.activate", card.number, contact_id=contact.pk, reason=why)
    return contact


def block_contact(actor: Actor, contact_id: int, reason: str) -> Contact:
    """Block a person, whatever card they hold: no bonuses are spent or held, no codes and receipts taken.

    Cards stay as they are, so purchases still earn; the points wait until the person is unblocked. Raises
    InvalidParameter without a reason, ContactNotFound, ContactMerged, ContactErased, ContactBlocked, Busy.
    """
    return _change_status(actor, contact_id, reason, "contact.block", customer_services.block)


def unblock_contact(actor: Actor, contact_id: int, reason: str) -> Contact:
    """Let a blocked person take part again; a blocked card stays blocked.

    Raises as `block_contact`, and ContactNotBlocked.
    """
    return _change_status(actor, contact_id, reason, "contact.unblock", customer_services.unblock)


def _change_status(
    actor: Actor, contact_id: int, reason: str, action: str, change: Callable[[Contact, datetime], None]
) -> Contact:
    why = reasons.required(reason)
    require_open(contact_id)
    with unit_of_work():
        contact = customer_locks.lock_contact(contact_id)
        change(contact, clock.now())
        journal.record(actor, action, contact.code, contact_id=contact.pk, reason=why)
    return contact


def require_open(contact_id: int) -> None:
    """Refuse a contact that is another by now (ContactMerged) or was erased for good (ContactErased).

    Raises ContactNotFound as well. Who was merged or erased after this look is refused again under the lock.
    """
    contact = Contact.objects.select_related("merged_into").filter(pk=contact_id).first()
    if contact is None:
        raise ContactNotFound(by="id")
    if contact.merged_into is not None:
        raise ContactMerged(code=contact.merged_into.code)
    if contact.erased_at is not None:
        raise ContactErased()
