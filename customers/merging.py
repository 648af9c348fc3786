"""Two contacts become one, and two again: personal data and statuses. Called by loyalty.services only."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from customers.models import Contact, ContactStatus
from customers.services import save

PERSONAL = (
    "phone", "email", "external_id", "first_name", "surname", "patronymic", "sex", "birth_date", "country_code",
    "locality",
)  # fmt: skip
"""What is known of a person, beside the retailer's own attributes."""

_UNIQUE = ("phone", "external_id")
_NONE = (*_UNIQUE, "birth_date")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a contact took of one that was merged into it, as texts.

    `identity`: phone and external id of that one; `statuses` of both before; `chain`: who was merged into that one.
    """

    values: dict[str, str]
    attributes: dict[str, Any]
    identity: dict[str, str | None]
    statuses: tuple[str, str]
    chain: list[int]


def absorb(survivor: Contact, absorbed: Contact, now: datetime) -> Taken:
    """Make the second of two locked contacts the first; return what the first took of it, and what both were.

    The one who stays keeps its own personal data and takes what it lacks. The other keeps its own, so that a caller
    is found by an old phone or code, but for a phone or external id that went over: those belong to one contact.
    """
    values = {name: getattr(absorbed, name) for name in PERSONAL if not getattr(survivor, name)}
    values = {name: value for name, value in values.items() if value}
    added = {name: value for name, value in absorbed.attributes.items() if name not in survivor.attributes}
    taken = Taken(
        values={name: _plain(value) for name, value in values.items()},
        attributes=added,
        identity={name: getattr(absorbed, name) for name in _UNIQUE},
        statuses=(str(survivor.status), str(absorbed.status)),
        chain=list(Contact.objects.filter(merged_into=absorbed).order_by("id").values_list("pk", flat=True)),
    )
    _leave(survivor, absorbed, values, now)
    Contact.objects.filter(pk__in=taken.chain).update(merged_into=survivor)
    for name, value in values.items():
        setattr(survivor, name, value)
    survivor.attributes, survivor.updated_at = survivor.attributes | added, now
    _take_status(survivor, _stricter(*taken.statuses))
    save(survivor, update_fields=[*values, "attributes", "status", "updated_at"])
    return taken


def release(survivor: Contact, absorbed: Contact, taken: Taken, now: datetime, *, active_since: bool) -> None:
    """Undo `absorb` on the two locked contacts: what the survivor took and did not change meanwhile goes back.

    `active_since`: the survivor has taken part since, so it stays Active though it was New. Raises
    PhoneBelongsToAnother, ExternalIdBelongsToAnother when somebody else has them by now.
    """
    back = taken.values | {name: value for name, value in taken.identity.items() if value}
    for name, value in back.items():
        if _plain(getattr(survivor, name)) == value:
            setattr(survivor, name, None if name in _NONE else "")
    kept = {name: value for name, value in survivor.attributes.items() if taken.attributes.get(name) != value}
    survivor.attributes, survivor.updated_at = kept, now
    former, of_absorbed = taken.statuses
    if survivor.status == _stricter(former, of_absorbed) and not (active_since and former == ContactStatus.NEW):
        _take_status(survivor, former)
    save(survivor, update_fields=[*PERSONAL, "attributes", "status", "updated_at"])
    absorbed.unmerge(of_absorbed)
    for name in _UNIQUE:
        setattr(absorbed, name, taken.identity[name])
    absorbed.updated_at = now
    save(absorbed, update_fields=["status", "merged_into", "updated_at", *_UNIQUE])
    Contact.objects.filter(pk__in=taken.chain).update(merged_into=absorbed)


def _leave(survivor: Contact, absorbed: Contact, values: dict[str, Any], now: datetime) -> None:
    absorbed.merge(survivor)
    for name in _UNIQUE:
        if name in values:
            setattr(absorbed, name, None)
    absorbed.updated_at = now
    save(absorbed, update_fields=["status", "merged_into", "updated_at", *_UNIQUE])


def _stricter(survivor: str, absorbed: str) -> str:
    """Return the status of two that are one: Blocked outlives everything, then Active."""
    for status in (ContactStatus.BLOCKED, ContactStatus.ACTIVE):
        if status in (survivor, absorbed):
            return status.value
    return survivor


def _take_status(contact: Contact, status: str) -> None:
    if contact.status != status:
        contact.take_status(status)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")
