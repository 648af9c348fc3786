"""Telling a person everything that is held about it; the journal knows who asked (docs/decisions/erasure.md)."""

from customers.models import Contact
from loyalty.core.actors import Actor
from loyalty.selectors import personal_data
from loyalty.selectors.personal_data import Held
from loyalty.services import contacts, journal, program, reasons
from loyalty.services.unit_of_work import unit_of_work


def export(actor: Actor, contact_id: int, reason: str) -> Held:
    """Return everything held about a contact and note who took it and why; nothing of it is stored.

    Raises InvalidParameter without a reason, ContactNotFound, ContactMerged (export the one it is now),
    ContactErased.
    """
    why = reasons.required(reason)
    contacts.require_open(contact_id)
    with unit_of_work():
        contact = Contact.objects.get(pk=contact_id)
        journal.record(actor, "contact.export", contact.code, contact_id=contact.pk, reason=why)
        return personal_data.of(contact, program.settings().tzinfo)
