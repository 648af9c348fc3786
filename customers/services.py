"""Changes to contacts and consents. Called by loyalty.services inside its transaction only."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from customers import identifiers, selectors
from customers.errors import ContactBlocked, ContactNotBlocked, ExternalIdBelongsToAnother, PhoneBelongsToAnother
from customers.models import Consent, Contact, ContactStatus


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What a door learned about a person, already in stored form. Empty or None leaves what is stored."""

    phone: str | None = None
    email: str = ""
    first_name: str = ""
    surname: str = ""
    patronymic: str = ""
    sex: str = ""
    birth_date: date | None = None
    country_code: str = ""
    locality: str = ""
    external_id: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        """Return the fields that carry something."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value}


def create_contact(data: PersonalData, now: datetime) -> Contact:
    """Create a New contact with the next code; raises PhoneBelongsToAnother when the phone was taken meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('customers_contact', 'id'))")
        serial: int = cursor.fetchone()[0]
    contact = Contact(id=serial, code=identifiers.make_code(serial), created_at=now, updated_at=now, **data.given())
    save(contact, force_insert=True)
    return contact


def update_contact(contact: Contact, data: PersonalData, now: datetime, clear: Iterable[str] = ()) -> list[str]:
    """Store the given fields on a locked contact and empty those named in `clear`; return the names that changed.

    Raises PhoneBelongsToAnother when another contact has the phone.
    """
    empty = PersonalData()
    values = {name: getattr(empty, name) for name in clear} | data.given()
    changed = [name for name, value in values.items() if getattr(contact, name) != value]
    if "phone" in changed and data.phone:
        owner = selectors.by_phone(data.phone)
        if owner is not None and owner.pk != contact.pk:
            raise PhoneBelongsToAnother()
        # Its own former number, still on the record of one who was merged into it.
        Contact.objects.filter(phone=data.phone, merged_into=contact).update(phone=None)
    for name in changed:
        setattr(contact, name, values[name])
    if changed:
        contact.updated_at = now
        save(contact, update_fields=[*changed, "updated_at"])
    return changed


def enter(contact: Contact, now: datetime) -> None:
    """Make a New contact Active: it has entered, or earned points. Others stay as they are."""
    if contact.status == ContactStatus.NEW:
        contact.activate()
        contact.updated_at = now
        contact.save(update_fields=["status", "updated_at"])


def block(contact: Contact, now: datetime) -> None:
    """Block a locked contact. Raises ContactBlocked when it is blocked already."""
    if contact.status == ContactStatus.BLOCKED:
        raise ContactBlocked()
    contact.block()
    contact.updated_at = now
    contact.save(update_fields=["status", "updated_at"])


def unblock(contact: Contact, now: datetime) -> None:
    """Let a locked contact take part again. Raises ContactNotBlocked."""
    if contact.status != ContactStatus.BLOCKED:
        raise ContactNotBlocked()
    contact.unblock()
    contact.updated_at = now
    contact.save(update_fields=["status", "updated_at"])


def record_consents(
    contact_id: int, channels: dict[str, bool], *, source: str, actor: str, now: datetime
) -> dict[str, bool]:
    """Add a dated consent for each channel whose answer changed; return those."""
    current = selectors.current_consents(contact_id)
    changed = {channel: allowed for channel, allowed in channels.items() if current.get(channel) != allowed}
    Consent.objects.bulk_create(
        Consent(contact_id=contact_id, channel=channel, allowed=allowed, source=source, actor=actor, given_at=now)
        for channel, allowed in changed.items()
    )
    return changed


def save(contact: Contact, **options: Any) -> None:
    """Store a contact; raises PhoneBelongsToAnother, ExternalIdBelongsToAnother when another took it meanwhile."""
    # A savepoint, so that the caller's transaction survives the refusal and may look who owns the phone.
    try:
        with transaction.atomic():
            contact.save(**options)
    except IntegrityError as error:
        if "phone" in str(error):
            raise PhoneBelongsToAnother() from error
        if "external_id" in str(error):
            raise ExternalIdBelongsToAnother() from error
        raise
