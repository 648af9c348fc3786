"""Row locks on contacts."""

from customers.models import Contact


def lock_contact(contact_id: int) -> Contact:
    """Lock and return a contact; it must exist."""
    return Contact.objects.select_for_update(of=("self",), no_key=True).get(pk=contact_id)
