"""Erasing what is known of a person, for good. Called by loyalty.services only."""

from collections.abc import Iterable
from datetime import datetime

from customers.merging import PERSONAL
from customers.models import Contact, ContactStatus
from customers.services import save

_NONE = ("phone", "external_id", "birth_date")


def erase(contacts: Iterable[Contact], now: datetime) -> None:
    """Empty every personal field of locked contacts and block them: only codes are left, for the books."""
    for contact in contacts:
        for name in PERSONAL:
            setattr(contact, name, None if name in _NONE else "")
        contact.attributes = {}
        if contact.status in (ContactStatus.NEW, ContactStatus.ACTIVE):
            contact.block()
        contact.erased_at = contact.updated_at = now
        save(contact, update_fields=[*PERSONAL, "attributes", "status", "erased_at", "updated_at"])
