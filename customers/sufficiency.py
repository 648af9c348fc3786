"""Whether the personal data of a contact suffice: the retailer chooses the fields (specs/cash_desk.md). Pure."""

from collections.abc import Iterable

from customers.models import Contact


def missing(contact: Contact, required: Iterable[str]) -> list[str]:
    """Return the names of the required fields that are still empty."""
    return [name for name in required if not getattr(contact, name)]


def suffices(contact: Contact, required: Iterable[str]) -> bool:
    """Tell whether every required field is filled in."""
    return not missing(contact, required)
