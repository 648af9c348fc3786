"""Who is in an audience: its conditions as one SQL condition, whatever asks - a till, a wallet, a count, a list.

Values are parameters, never text. Days are the retailer's, the moment is the platform's clock. Serves
specs/koshelek.md, calls 9 to 11, and promotions that are for some customers only. No writes, no locks.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from cards.models import CardStatus
from loyalty.core import clock
from loyalty.ledger.spendable import SPENDABLE
from promos import audiences
from promos.models import Audience
from promos.occasion import asks_for_birthday
from tiers import selectors as tiers

_STANDING = """SELECT FROM tiers_standing standing JOIN tiers_tier tier ON tier.id = standing.tier_id
    WHERE standing.contact_id = contact.id AND standing.entered_at <= %(now)s
      AND (standing.left_at IS NULL OR standing.left_at > %(now)s)"""
_MEMBER = "SELECT FROM promos_segmentmember member WHERE member.contact_id = contact.id AND member.segment_id = ANY"
_BOUGHT = """SELECT FROM loyalty_purchase purchase
    WHERE purchase.contact_id = contact.id AND purchase.status = 'completed'"""
_CARD = "SELECT FROM cards_card card WHERE card.contact_id = contact.id AND NOT card.blocked_for_good"
_POINTS = f"SELECT FROM ({SPENDABLE}) AS held WHERE held.contact_id = contact.id AND held.amount"

# `{p}` makes the parameters of several audiences in one statement different. Who is in no tier at all is in the one
# of rank 0.
_CLAUSES: dict[str, str] = {
    "tiers": f"""(EXISTS ({_STANDING} AND tier.public_id = ANY(%({{p}}tiers)s::uuid[])) OR (NOT EXISTS ({_STANDING})
        AND EXISTS (SELECT FROM tiers_tier WHERE rank = 0 AND public_id = ANY(%({{p}}tiers)s::uuid[]))))""",
    # Of one contact the tier is asked for before, by the clock.
    "one_of_tiers": "%({p}held)s::uuid = ANY(%({p}tiers)s::uuid[])",
    "tier_of_nobody": "EXISTS (SELECT FROM tiers_tier WHERE rank = 0 AND public_id = ANY(%({p}tiers)s::uuid[]))",
    "segments": f"EXISTS ({_MEMBER}(%({{p}}segments)s::bigint[]))",
    "not_segments": f"NOT EXISTS ({_MEMBER}(%({{p}}not_segments)s::bigint[]))",
    "regions": f"""EXISTS ({_BOUGHT} AND purchase.purchased_at >= %({{p}}region_since)s AND purchase.store_id IN (
        SELECT id FROM loyalty_store WHERE region = ANY(%({{p}}regions)s::text[])))""",
    "purchased_within": f"EXISTS ({_BOUGHT} AND purchase.purchased_at >= %({{p}}purchased_since)s)",
    "not_purchased_within": f"NOT EXISTS ({_BOUGHT} AND purchase.purchased_at >= %({{p}}not_purchased_since)s)",
    "never_purchased": f"NOT EXISTS ({_BOUGHT})",
    "birthdays": """(extract(month FROM contact.birth_date) * 100 + extract(day FROM contact.birth_date))::int
        = ANY(%({p}birthdays)s::int[])""",
    "points_from": f"EXISTS ({_POINTS} >= %({{p}}points_from)s::numeric)",
    "points_to": f"NOT EXISTS ({_POINTS} > %({{p}}points_to)s::numeric)",
    "cards": f"EXISTS ({_CARD} AND card.status = ANY(%({{p}}cards)s::smallint[]))",
    "no_card": f"NOT EXISTS ({_CARD})",
    "cards_or_none": f"(NOT EXISTS ({_CARD}) OR EXISTS ({_CARD} AND card.status = ANY(%({{p}}cards)s::smallint[])))",
}
# Who has left keeps the status of a contact; the standing tells. Who was erased has left, too.
_REACHED = """contact.status = ANY(%(reached)s::text[]) AND NOT EXISTS (
    SELECT FROM tiers_standing gone
    WHERE gone.contact_id = contact.id AND gone.left_at IS NULL AND gone.reason = 'left')"""
_CARD_STATUSES = {
    "issued": CardStatus.ISSUED.value,
    "active": CardStatus.ACTIVE.value,
    "blocked": CardStatus.BLOCKED.value,
}


@dataclass(frozen=True, slots=True)
class Day:
    """By which moment and whose calendar conditions are judged."""

    now: datetime
    zone: ZoneInfo

    def midnight(self, days_ago: int) -> datetime:
        """Return the beginning of a day of the retailer's calendar."""
        day = self.now.astimezone(self.zone).date() - timedelta(days=days_ago)
        return datetime.combine(day, time(), self.zone)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A condition on `customers_contact contact`, and the parameters that it and nothing else takes."""

    sql: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reach:
    """How many contacts an audience holds, and how many of them can be told by phone."""

    contacts: int
    with_phone: int


def today(zone: ZoneInfo) -> Day:
    """Return the platform's present moment in the retailer's calendar."""
    return Day(clock.now(), zone)


def narrowing(conditions: Mapping[str, Any], day: Day) -> Narrowing:
    """Return what the conditions ask of a contact, with that it takes part in the programme at all."""
    clauses, parameters = _clauses(conditions, day, "")
    return Narrowing(" AND ".join([_REACHED, *clauses]), parameters | _common(day))


def includes(audience: Audience, contact_id: int, zone: ZoneInfo) -> bool:
    """Tell whether a contact is in an audience now (1 statement)."""
    return audience.pk in which_include([audience], contact_id, zone)


def which_include(audiences_: Collection[Audience], contact_id: int, zone: ZoneInfo) -> frozenset[int]:
    """Return the ids of those audiences that hold a contact now: one statement for all of them, none without any.

    One more (or two, where something is unbooked) when any of them asks for tiers: whoever waits at a till stands in
    the tier that the clock tells, however late the job is. Counts and lists, over everybody, go by what is booked.
    """
    if not audiences_:
        return frozenset()
    day = today(zone)
    columns: list[str] = []
    parameters: dict[str, Any] = {}
    held = _tier_held(contact_id, day) if any("tiers" in each.conditions for each in audiences_) else {}
    for number, audience in enumerate(audiences_):
        clauses, values = _clauses(audience.conditions, day, f"a{number}_", held)
        columns.append(f"({' AND '.join(clauses) or 'true'})")
        parameters |= values
    sql = f"SELECT {', '.join(columns)} FROM customers_contact contact WHERE contact.id = %(contact)s AND {_REACHED}"
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters | _common(day) | {"contact": contact_id})
        row = cursor.fetchone() or ()
    return frozenset(audience.pk for audience, holds in zip(audiences_, row, strict=False) if holds)


def count(conditions: Mapping[str, Any], zone: ZoneInfo) -> Reach:
    """Return how many contacts the conditions reach now (1 statement over all of them: the caller bounds its time)."""
    narrowed = narrowing(conditions, today(zone))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), count(contact.phone) FROM customers_contact contact WHERE {narrowed.sql}",
            narrowed.parameters,
        )
        return Reach(*cursor.fetchone())


def _common(day: Day) -> dict[str, Any]:
    return {"now": day.now, "reached": list(audiences.REACHED)}


def _tier_held(contact_id: int, day: Day) -> dict[str, dict[str, Any]]:
    """Return the clause that asks for the tier in which a contact stands by the clock, with its parameter."""
    standing = tiers.standing_at(contact_id, day.now, day.zone)
    return {"one_of_tiers": {"held": standing.tier.public_id}} if standing else {"tier_of_nobody": {}}


def _clauses(
    conditions: Mapping[str, Any], day: Day, prefix: str, held: Mapping[str, dict[str, Any]] | None = None
) -> tuple[list[str], dict[str, Any]]:
    """Return the clauses of an audience, and their parameters under names that start with the prefix.

    `held`: the clause for tiers where one contact is asked for.
    """
    values = _values(conditions, day)
    if held and "tiers" in values:
        asked = values.pop("tiers")
        values |= {name: parameters | asked for name, parameters in held.items()}
    clauses = [_CLAUSES[name].format(p=prefix) for name in values]
    named = {name: value for each in values.values() for name, value in each.items()}
    return clauses, {prefix + name: value for name, value in named.items()}


def _values(conditions: Mapping[str, Any], day: Day) -> dict[str, dict[str, Any]]:
    """Return the clauses that the conditions need, each with its own parameters."""
    values: dict[str, dict[str, Any]] = {}
    for name in ("tiers", "segments", "not_segments"):
        if name in conditions:
            values[name] = {name: list(conditions[name])}
    if "regions" in conditions:
        since = day.midnight(conditions["region_days"])
        values["regions"] = {"regions": list(conditions["regions"]), "region_since": since}
    for name, since_name in _SINCE.items():
        if name in conditions:
            values[name] = {since_name: day.midnight(conditions[name])}
    if conditions.get("never_purchased"):
        values["never_purchased"] = {}
    if asks_for_birthday(conditions):
        values["birthdays"] = {"birthdays": audiences.birthdays(conditions, day.now.astimezone(day.zone).date())}
    if Decimal(conditions.get("points_from", 0)) > 0:
        # Who holds nothing has no row: a least of zero asks for nothing.
        values["points_from"] = {"points_from": Decimal(conditions["points_from"])}
    if "points_to" in conditions:
        values["points_to"] = {"points_to": Decimal(conditions["points_to"])}
    return values | _cards(conditions.get("cards", ()))


_SINCE = {"purchased_within": "purchased_since", "not_purchased_within": "not_purchased_since"}


def _cards(states: Collection[str]) -> dict[str, dict[str, Any]]:
    if not states:
        return {}
    statuses = [_CARD_STATUSES[each] for each in states if each != "none"]
    if not statuses:
        return {"no_card": {}}
    return {"cards_or_none" if "none" in states else "cards": {"cards": statuses}}
