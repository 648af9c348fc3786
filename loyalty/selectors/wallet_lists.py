"""Whose phones the wallet app may ask for: an audience, streamed from a cursor on the server (koshelek.md, 10-11).

A million phones pass through in lists of CHUNK rows; nothing here ever holds them all. The caller holds a snapshot.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from cards.models import CardStatus
from loyalty.ledger.rounding import ZERO
from loyalty.ledger.spendable import HELD_NOW, SPENDABLE
from loyalty.selectors import audiences
from promos.models import Audience

CHUNK = 2_000
"""Rows that leave the database at once."""

# Who was asked and allows nothing does not want to be addressed: the newest answer of each channel counts, whichever of
# two who were merged gave it.
_LISTED = """contact.phone IS NOT NULL AND NOT EXISTS (
    SELECT FROM (
        SELECT contact_id FROM (
            SELECT DISTINCT ON (coalesce(person.merged_into_id, person.id), channel)
                coalesce(person.merged_into_id, person.id) AS contact_id, allowed
            FROM customers_consent consent JOIN customers_contact person ON person.id = consent.contact_id
            ORDER BY coalesce(person.merged_into_id, person.id), channel, given_at DESC, consent.id DESC
        ) AS newest GROUP BY contact_id HAVING NOT bool_or(allowed)
    ) AS silent WHERE silent.contact_id = contact.id
)"""
_PHONES = f"SELECT substr(contact.phone, 2) FROM customers_contact contact WHERE {_LISTED} AND {{where}}"
_PROFILES = f"""
SELECT substr(contact.phone, 2), tier.name, card.number, spendable.amount, held.amount
FROM customers_contact contact
LEFT JOIN tiers_standing standing ON standing.contact_id = contact.id AND standing.left_at IS NULL
LEFT JOIN tiers_tier tier ON tier.id = standing.tier_id
LEFT JOIN cards_card card ON card.contact_id = contact.id AND NOT card.blocked_for_good
    AND card.status IN ({CardStatus.ISSUED.value}, {CardStatus.ACTIVE.value})
LEFT JOIN ({SPENDABLE}) AS spendable ON spendable.contact_id = contact.id
LEFT JOIN ({HELD_NOW}) AS held ON held.contact_id = contact.id
WHERE {_LISTED} AND {{where}}
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A phone in E.164 digits, and what the wallet may show or choose by. `card_number` "" without a usable card."""

    phone: str
    tier: str
    card_number: str
    available: Decimal


def phones(audience: Audience, zone: ZoneInfo) -> Iterator[list[str]]:
    """Yield the phones of an audience in lists of at most CHUNK, E.164 digits without +."""
    for rows in _chunks(_PHONES, audience, zone):
        yield [row[0] for row in rows]


def profiles(audience: Audience, zone: ZoneInfo) -> Iterator[list[Listed]]:
    """Yield the contacts of an audience in lists of at most CHUNK. Without a usable card nothing can be spent."""
    for rows in _chunks(_PROFILES, audience, zone):
        yield [_listed(*row) for row in rows]


def _listed(
    phone: str, tier: str | None, number: str | None, spendable: Decimal | None, held: Decimal | None
) -> Listed:
    available = max((spendable or ZERO) - (held or ZERO), ZERO) if number else ZERO
    return Listed(phone, tier or "", number or "", available)


def _chunks(sql: str, audience: Audience, zone: ZoneInfo) -> Iterator[list[Any]]:
    narrowed = audiences.narrowing(audience.conditions, audiences.today(zone))
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql.format(where=narrowed.sql), narrowed.parameters)
        while rows := cursor.fetchmany(CHUNK):
            yield rows
