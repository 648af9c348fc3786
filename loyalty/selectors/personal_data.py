"""Everything that is held about one person, for that person: as data, and as a page (docs/decisions/erasure.md).

Sections of plain rows, so that JSON and page tell the same. Who was merged into the contact is told with it.
Reads only.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from cards.models import Card
from customers import selectors as customers
from customers.models import Contact
from loyalty.core import clock
from loyalty.ledger import balances
from loyalty.ledger.accounts import HELD
from loyalty.models import AdjustmentRequest, Interaction, JournalEntry, Surface
from loyalty.selectors import personal_sections
from loyalty.selectors.personal_sections import Row, Section
from tiers import rules


@dataclass(frozen=True, slots=True)
class Held:
    """What is held about a person at `told_at`: rows of plain values by the name of their section."""

    code: str
    told_at: datetime
    sections: dict[str, list[Row]]


def of(contact: Contact, zone: ZoneInfo) -> Held:
    """Return everything held about a contact and those who were merged into it (41 statements at any history)."""
    kin = customers.kin_of(contact.pk)
    found = [*personal_sections.of_person(kin), *personal_sections.of_points(kin), *personal_sections.of_acts(kin)]
    sections = {each.name: each.rows() for each in [*found, *_calls_and_journal(kin)]}
    person = sections.pop("person")
    return Held(contact.code, clock.now(), {"person": person, "balances": _balances(contact.pk, zone), **sections})


def journal_about(kin: Collection[int], numbers: Collection[str]) -> QuerySet[JournalEntry]:
    """Return the entries of people, of their cards before these were bound, and of their requests, whose journal may
    stand with somebody they were one with for a time (1 statement before).
    """
    requests = AdjustmentRequest.objects.filter(contact_id__in=kin).values_list("pk", flat=True)
    targets = [*numbers, *(f"adjustment {pk}" for pk in requests)]
    return JournalEntry.objects.filter(Q(contact_id__in=kin) | Q(target__in=targets))


def journal_of_merges(kin: Collection[int]) -> QuerySet[JournalEntry]:
    """Return what the journal says of the merges of people, on both sides: the same reason stands with each of the two
    (1 statement before). What it says of the other side is not for these people to read.
    """
    merges = list(personal_sections.merges_of(kin).values_list("public_id", "survivor_id", "absorbed_id"))
    both = {each for _, *pair in merges for each in pair}
    return JournalEntry.objects.filter(contact_id__in=both, details__merge__in=[str(each) for each, *_ in merges])


def calls_about(people: Iterable[Contact], numbers: Collection[str]) -> QuerySet[Interaction]:
    """Return the logged calls about cards, and those of partners who read loyalty data, which name no card."""
    named = "|".join(_names(people))
    told = Q(surface=Surface.LOYALTY_DATA) & (Q(path__regex=named) | Q(response_body__regex=named))
    return Interaction.objects.filter(Q(card_number__in=numbers) | told)


def _names(people: Iterable[Contact]) -> Iterator[str]:
    """Yield patterns of what an address or an answer of loyalty data names a person by."""
    for person in people:
        yield str(person.public_id)
        yield rf"\m{person.code}\M"
        if person.external_id:
            yield rf'(external_id=|/external/users/|"external_id":"){re.escape(person.external_id)}([&"/?]|$)'


def as_json(held: Held, zone: ZoneInfo) -> dict[str, Any]:
    """Return it as JSON values: decimals as texts, moments in ISO 8601 with the retailer's offset."""
    sections = {name: [_plain_row(row, zone) for row in rows] for name, rows in held.sections.items()}
    return {"contact": held.code, "told_at": _plain(held.told_at, zone), **sections}


def _plain_row(row: Mapping[str, Any], zone: ZoneInfo) -> Row:
    return {name: _plain(value, zone) for name, value in row.items()}


def _plain(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    return value if value is None or isinstance(value, (bool, int, str, dict, list)) else str(value)


def _balances(contact_id: int, zone: ZoneInfo) -> list[Row]:
    now = clock.now()
    read = balances.read(contact_id, now, since=rules.year_began(now, zone))
    amounts = (read.spendable, read.spendable_escrow, read.qualifying, read.qualifying_escrow)
    rows: list[Row] = [
        {"account": account.label, "amount": amount, "expires_first": None, "expires_at": None}
        for account, amount in zip(HELD, amounts, strict=True)
    ]
    if read.expiring:
        rows[0] |= {"expires_first": read.expiring.amount, "expires_at": read.expiring.expires_at}
    return [*rows, {"account": "Burned", "amount": read.burned, "expires_first": None, "expires_at": None}]


def _calls_and_journal(kin: list[int]) -> list[Section]:
    people = list(Contact.objects.filter(pk__in=kin))
    numbers = list(Card.objects.filter(contact_id__in=kin).values_list("number", flat=True))
    return [
        Section("journal", journal_about(kin, numbers).order_by("id"), (
            "recorded_at", "actor", "role", "channel", "action", "reason", "details",
        ), {"to_what": "target"}),
        Section("calls", calls_about(people, numbers).order_by("id"), (
            "recorded_at", "surface", "login", "role", "method", "path", "status", "failed", "key", "text",
            "duration_ms", "card_number", "till", "purchase_id", "correlation_id", "request_body", "response_body",
        )),
    ]  # fmt: skip
