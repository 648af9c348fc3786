"""Members of segments, in sets. Called by loyalty.services inside its transaction only, except `find`, which reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from promos.models import SegmentMode
from promos.segment_lines import Line

UNREADABLE, UNKNOWN, AMBIGUOUS = "unreadable", "unknown", "ambiguous"
"""Why a line names nobody: no phone, code or card number; nobody has it; a phone of one and a card of another."""

# Who was merged is the contact he is now; who was erased is nobody.
_FIND = """
SELECT DISTINCT coalesce(by_phone.merged_into_id, by_phone.id), holder.id, coalesce(by_code.merged_into_id, by_code.id),
    line.place
FROM unnest(%(places)s::int[], %(phones)s::text[], %(cards)s::text[], %(codes)s::text[])
    AS line(place, phone, card, code)
LEFT JOIN customers_contact by_phone ON by_phone.phone = line.phone
LEFT JOIN cards_card by_card ON by_card.number = line.card
LEFT JOIN customers_contact holder ON holder.id = by_card.contact_id AND holder.erased_at IS NULL
LEFT JOIN customers_contact by_code ON by_code.code = line.code AND by_code.erased_at IS NULL
ORDER BY line.place
"""
# Who was merged since the lines were looked up, and who was erased since.
_PRESENT = """
SELECT DISTINCT coalesce(merged_into_id, id) FROM customers_contact
WHERE id = ANY(%(contacts)s::bigint[]) AND erased_at IS NULL
"""
# Sorted, so that two changes of different segments take the contacts in one order.
_ADD = """
INSERT INTO promos_segmentmember (segment_id, contact_id, added_at)
SELECT %(segment)s, contact, %(now)s FROM unnest(%(contacts)s::bigint[]) AS contact ORDER BY contact
ON CONFLICT (contact_id, segment_id) DO NOTHING
"""
_REMOVE = "DELETE FROM promos_segmentmember WHERE segment_id = %(segment)s AND contact_id = ANY(%(contacts)s::bigint[])"
_KEEP_ONLY = """
DELETE FROM promos_segmentmember member WHERE segment_id = %(segment)s
  AND NOT EXISTS (SELECT FROM unnest(%(contacts)s::bigint[]) AS contact WHERE contact = member.contact_id)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Contacts that lines name, and [line, what stood there masked, why not] of the lines that name nobody."""

    contacts: list[int]
    problems: list[tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class Applied:
    """How many contacts came into a segment, and how many left it."""

    added: int
    removed: int


def find(lines: Sequence[Line]) -> Found:
    """Return whom the lines name (1 statement)."""
    contacts: list[int] = []
    problems: list[tuple[int, str, str]] = []
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {
            "places": list(range(len(lines))),
            "phones": [line.phone for line in lines],
            "cards": [line.card for line in lines],
            "codes": [line.code for line in lines],
        })  # fmt: skip
        rows = cursor.fetchall()
    for *ids, place in rows:
        named, line = {each for each in ids if each is not None}, lines[place]
        if len(named) == 1:
            contacts.append(named.pop())
            continue
        why = AMBIGUOUS if named else UNKNOWN if line.readable else UNREADABLE
        problems.append((line.number, line.masked, why))
    return Found(contacts, problems)


def present(contacts: Sequence[int]) -> list[int]:
    """Return who the contacts that lines named are by now: minutes may lie between (1 statement)."""
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT, {"contacts": list(contacts)})
        return [row[0] for row in cursor.fetchall()]


def apply(segment_id: int, mode: str, contacts: Sequence[int], now: datetime) -> Applied:
    """Change the members of a locked segment (1 statement, 2 to replace)."""
    values: dict[str, Any] = {"segment": segment_id, "contacts": sorted(set(contacts)), "now": now}
    removed = added = 0
    with connection.cursor() as cursor:
        if mode == SegmentMode.REMOVE:
            cursor.execute(_REMOVE, values)
            return Applied(0, cursor.rowcount)
        if mode == SegmentMode.REPLACE:
            cursor.execute(_KEEP_ONLY, values)
            removed = cursor.rowcount
        cursor.execute(_ADD, values)
        added = cursor.rowcount
    return Applied(added, removed)


def add_all(segment_id: int, where: str, parameters: dict[str, Any], now: datetime) -> int:
    """Add to a locked segment every contact that a condition on `customers_contact contact` holds for (1 statement).

    `where` is composed by loyalty.selectors.audiences, its values are in `parameters`. Returns how many came.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO promos_segmentmember (segment_id, contact_id, added_at)"
            f" SELECT %(segment)s, contact.id, %(at)s FROM customers_contact contact WHERE {where} ORDER BY contact.id"
            " ON CONFLICT (contact_id, segment_id) DO NOTHING",
            parameters | {"segment": segment_id, "at": now},
        )
        return cursor.rowcount
