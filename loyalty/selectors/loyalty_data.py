"""A customer with points and tiers for partners that read loyalty data (specs/loyalty_data.md). Writes nothing.

At most four statements, whatever the history: the person, its points, its standing, the ladder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from cards.models import CardStatus
from customers.errors import ContactNotFound, SeveralContacts
from customers.models import ContactStatus
from loyalty.core import clock
from loyalty.ledger import balances
from loyalty.ledger.accounts import HELD
from loyalty.ledger.balances import Balance
from loyalty.ledger.rounding import ZERO
from tiers import rules
from tiers import selectors as tiers
from tiers.models import Standing, Tier


class Key(StrEnum):
    """By what a customer is looked for; the value is the condition on the table of contacts."""

    EMAIL = "lower(named.email) = lower(%(value)s) AND named.email <> ''"
    EXTERNAL_ID = "named.external_id = %(value)s"
    PHONE = "named.phone = %(value)s"
    ID = "named.public_id = %(value)s::uuid"


@dataclass(frozen=True, slots=True)
class Account:
    """A point account as the retailer names it."""

    code: int
    public_id: UUID
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where a customer stands: the standing, its tier (Unenrolled without one), and the tier above."""

    standing: Standing | None
    tier: Tier
    next_tier: Tier | None


@dataclass(frozen=True, slots=True)
class Customer:
    """A contact as partners see it. `consents`: what was last said of each channel; `cards`: (number, status)."""

    contact_id: int
    public_id: UUID
    external_id: str | None
    code: str
    phone: str | None
    email: str
    first_name: str
    surname: str
    sex: str
    birth_date: date | None
    country_code: str
    locality: str
    attributes: Mapping[str, Any]
    status: str
    created_at: datetime
    updated_at: datetime
    retailer_id: UUID
    escrow_counts: bool
    consents: Mapping[str, bool]
    cards: tuple[tuple[str, int], ...]
    accounts: tuple[Account, ...]
    points: Balance
    ladder: Ladder | None

    @property
    def available_points(self) -> Decimal:
        """What may be spent now; with the points in escrow where the retailer counts them: a debt takes those first."""
        if not self.escrow_counts:
            return self.points.available
        return max(self.points.spendable + self.points.spendable_escrow - self.points.on_hold, ZERO)

    @property
    def suspended(self) -> bool:
        """Whether the contact is blocked."""
        return self.status == ContactStatus.BLOCKED

    @property
    def activated(self) -> bool:
        """Whether the contact holds an Active card."""
        return any(status == CardStatus.ACTIVE for _, status in self.cards)


_PERSON = (
    "contact_id", "public_id", "external_id", "code", "phone", "email", "first_name", "surname", "sex", "birth_date",
    "country_code", "locality", "attributes", "status", "created_at", "updated_at", "retailer_id", "escrow_counts",
)  # fmt: skip
# Who was merged is found as the contact he is now, with what either last said of a channel.
_CONTACT = """
SELECT contact.id, contact.public_id, contact.external_id, contact.code, contact.phone, contact.email,
    contact.first_name, contact.surname, contact.sex, contact.birth_date, contact.country_code, contact.locality,
    contact.attributes::text::json, contact.status, contact.created_at, contact.updated_at, program.public_id,
    program.available_with_escrow, program.zone,
    (SELECT coalesce(json_object_agg(channel, allowed), '{{}}') FROM (
        SELECT DISTINCT ON (channel) channel, allowed FROM customers_consent
        WHERE contact_id IN (SELECT id FROM customers_contact same
            WHERE same.id = contact.id OR same.merged_into_id = contact.id)
        ORDER BY channel, given_at DESC, id DESC) said),
    (SELECT coalesce(json_agg(json_build_array(number, status) ORDER BY bound_at, id), '[]') FROM cards_card
        WHERE contact_id = contact.id),
    (SELECT json_agg(json_build_array(code, public_id, name, label) ORDER BY code) FROM ledger_pointaccount
        WHERE code = ANY(%(held)s))
FROM customers_contact contact, loyalty_program program
WHERE program.id = 1 AND contact.id IN (
    SELECT coalesce(named.merged_into_id, named.id) FROM customers_contact named
    WHERE {condition} AND named.erased_at IS NULL)
ORDER BY contact.id LIMIT 2
"""


def find(key: Key, value: str, *, incentives: bool) -> Customer:
    """Return the customer; with `incentives` also its place among the tiers (2 statements; 4 with incentives).

    Raises ContactNotFound, SeveralContacts.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CONTACT.format(condition=key.value), {"value": value, "held": list(HELD)})
        rows = cursor.fetchall()
    if not rows:
        raise ContactNotFound()
    if len(rows) > 1:
        raise SeveralContacts()
    *person, zone_name, consents, cards, accounts = rows[0]
    contact_id, zone, now = person[0], ZoneInfo(zone_name), clock.now()
    return Customer(
        **dict(zip(_PERSON, person, strict=True)),
        consents=consents,
        cards=tuple((number, status) for number, status in cards),
        accounts=tuple(Account(code, UUID(public_id), name, label) for code, public_id, name, label in accounts),
        points=balances.read(contact_id, now, since=rules.year_began(now, zone)),
        ladder=_ladder(contact_id, now, zone) if incentives else None,
    )


def _ladder(contact_id: int, now: datetime, zone: ZoneInfo) -> Ladder:
    rungs = tiers.ladder()
    standing = tiers.standing_at(contact_id, now, zone, rungs)
    tier = standing.tier if standing else rungs[0]
    above = [each for each in rungs if each.rank > tier.rank]
    return Ladder(standing, tier, above[0] if above else None)
