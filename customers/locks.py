"""Row locks on contacts."""

from collections.abc import Iterable

from customers.models import Contact, ContactStatus
from loyalty.core.errors import Busy


def lock_contact(contact_id: int) -> Contact:
    """Lock and return a contact; it must exist.

    Raises Busy when it was merged or erased meanwhile: a repeat finds the other, or nobody.
    """
    contact = Contact.objects.select_for_update(of=("self",), no_key=True).get(pk=contact_id)
    if contact.status == ContactStatus.MERGED or contact.erased_at is not None:
        raise Busy()
    return contact


def lock_contacts(contacts: Iterable[int]) -> dict[int, Contact]:
    """Lock contacts in the order of their ids; return those that exist."""
    found = Contact.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=set(contacts)).order_by("pk")
    return {contact.pk: contact for contact in found}
