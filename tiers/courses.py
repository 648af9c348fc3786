"""The statements that find whose tier may move, and read what its course is walked on. No writes, no locks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from loyalty.ledger.rollover import ContactRange
from tiers import assessment, rules
from tiers.assessment import ZONE_SHIFT, Ladder, Landing, Period

# Every open standing whose end has come, whose balance reaches a higher tier, or its own again in a later year: no
# other can move when points have landed. Lots are read for those alone.
_MAY_MOVE = """
(standing.ends_at < %(end)s OR EXISTS (
    SELECT FROM ladder higher WHERE higher.rank > tier.rank AND higher.target <= balance.amount
) OR (tier.target <= balance.amount AND standing.ends_at IS NOT NULL
    AND CASE WHEN standing.reason = 'merged' THEN standing.joined_at ELSE standing.entered_at END <= %(year_began)s))
"""

# The lowest target that a tier ever had: points may have landed under it, and no job have said so yet.
_LADDER = """
ladder AS MATERIALIZED (
    SELECT id, rank, least(target, (
        SELECT min((former->>1)::numeric) FROM jsonb_array_elements(former_targets) former)) AS target
    FROM tiers_tier
)
"""

_COURSES = """
SELECT standing.id, standing.public_id, standing.contact_id, standing.tier_id, standing.entered_at, standing.ends_at,
    standing.reason, standing.joined_at, lot.moments, lot.amounts
FROM tiers_standing standing JOIN {ladder} tier ON tier.id = standing.tier_id AND tier.rank >= 1
LEFT JOIN ledger_bonusbalance balance ON balance.contact_id = standing.contact_id AND balance.account = 3
LEFT JOIN LATERAL (
    SELECT array_agg(matures_at ORDER BY matures_at, id) AS moments,
        array_agg(remaining ORDER BY matures_at, id) AS amounts
    FROM ledger_lot
    WHERE contact_id = standing.contact_id AND account = 3 AND remaining > 0 AND matures_at <= %(until)s
) lot ON true
WHERE standing.contact_id = ANY(%(contacts)s) AND standing.left_at IS NULL AND {may_move}
"""
_THAT_MAY_MOVE = f"WITH {_LADDER} {_COURSES.format(ladder='ladder', may_move=_MAY_MOVE)}"
_OF_ALL = _COURSES.format(ladder="tiers_tier", may_move="true")

# Qualifying points of a contact since a merge, those included that a year end has closed meanwhile: what each lot held
# when it landed, or at the merge if that was later, and what was returned since, when it was. Lots that came by a merge
# undone are not the contact's; nor are returns of `others`, which the undoing pays back.
_SINCE_MERGE = """
WITH lot AS (
    SELECT id, contact_id, matures_at, remaining, greatest(landed, %(operation)s) AS since FROM ledger_lot
    WHERE contact_id = %(contact)s AND account = 3 AND landed IS NOT NULL AND NOT EXISTS (
        SELECT FROM ledger_move came JOIN ledger_move undone ON undone.undoes_id = came.id
        WHERE came.in_contact = ledger_lot.contact_id AND came.in_operation = ledger_lot.operation_id)
), drawn AS (
    SELECT lot.id, lot.matures_at, draw.amount, operation.recorded_at, operation.kind = 'year_close' AS closed,
        operation.kind <> 'merge' AND NOT EXISTS (
            SELECT FROM ledger_operation corrected
            WHERE corrected.id = operation.corrects_id AND corrected.contact_id = ANY(%(others)s::bigint[])) AS own
    FROM lot
    JOIN ledger_draw draw ON draw.lot_id = lot.id AND draw.contact_id = lot.contact_id AND draw.operation_id > lot.since
    JOIN ledger_operation operation ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
)
SELECT moment, sum(amount) FROM (
    SELECT matures_at AS moment, remaining AS amount FROM lot
    UNION ALL SELECT matures_at, amount FROM drawn
    UNION ALL SELECT recorded_at, -amount FROM drawn WHERE own AND NOT closed
    UNION ALL SELECT max(recorded_at), -sum(amount) FROM drawn WHERE NOT own GROUP BY id
) event GROUP BY moment HAVING sum(amount) <> 0 ORDER BY moment
"""

# A range ends with the contact whose rows reach `size`, like those of the rollover; a changed ladder concerns everyone.
_DUE = f"""
WITH {_LADDER}
SELECT array_agg(contact_id ORDER BY contact_id), count(*) FROM (
    SELECT contact_id,
        (sum(weight) OVER (ORDER BY contact_id ROWS UNBOUNDED PRECEDING) - weight)::bigint / %(size)s AS part
    FROM (
        SELECT contact_id, sum(weight) AS weight FROM (
            SELECT contact_id, count(*) AS weight FROM ledger_lot
            WHERE account = 3 AND landed IS NOT NULL AND remaining > 0 AND matures_at < %(year_began)s
            GROUP BY contact_id
            UNION ALL
            SELECT contact_id, count(*) FROM ledger_lot
            WHERE account = 3 AND landed IS NULL AND remaining > 0 AND matures_at < %(year_began)s
            GROUP BY contact_id
            UNION ALL
            SELECT contact_id, 1 FROM tiers_standing WHERE left_at IS NULL AND ends_at <= %(until)s
            UNION ALL
            SELECT standing.contact_id, 1
            FROM tiers_standing standing JOIN ladder tier ON tier.id = standing.tier_id AND tier.rank >= 1
            JOIN ledger_bonusbalance balance ON balance.contact_id = standing.contact_id AND balance.account = 3
            WHERE (SELECT bool_or(ladder_changed_at <= %(until)s) FROM tiers_tiersystem)
              AND standing.left_at IS NULL AND {_MAY_MOVE}
        ) AS part GROUP BY contact_id
    ) AS held
) AS due GROUP BY part ORDER BY part
"""


_IS_DUE = """
SELECT EXISTS (
    SELECT FROM ledger_lot WHERE contact_id = %(contact)s AND account = 3 AND landed IS NOT NULL AND remaining > 0
      AND matures_at < %(year_began)s
) OR EXISTS (SELECT FROM tiers_standing WHERE contact_id = %(contact)s AND left_at IS NULL AND ends_at < %(end)s)
OR EXISTS (SELECT FROM tiers_tiersystem WHERE ladder_changed_at <= %(until)s)
"""


@dataclass(frozen=True, slots=True)
class Course:
    """An open standing and the qualifying points of the years not closed, with what is needed to walk on."""

    standing_id: int
    public_id: UUID
    contact_id: int
    tier_id: int
    entered_at: datetime
    ends_at: datetime | None
    reason: str
    joined_at: datetime | None
    moments: list[datetime] | None
    amounts: list[Any] | None

    def walk(self, ladder: Ladder, until: datetime) -> list[Period]:
        """Return the periods from the open standing on, as they stand at `until`."""
        tier = next(each for each in ladder.tiers if each.pk == self.tier_id)
        held = assessment.opened(
            self.public_id, tier, self.entered_at, self.ends_at, self.reason, self.joined_at, ladder.zone
        )
        landings: list[Landing] = list(zip(self.moments or (), self.amounts or (), strict=True))
        return assessment.walk(held, landings, ladder, until)


def that_may_move(contacts: Sequence[int], until: datetime, zone: ZoneInfo) -> list[Course]:
    """Return the courses of those contacts whose standing may change by what has landed or ended (1 statement)."""
    with connection.cursor() as cursor:
        cursor.execute(_THAT_MAY_MOVE, _moments(until, zone) | {"contacts": list(contacts)})
        return [Course(*row) for row in cursor.fetchall()]


def of_all(contacts: Sequence[int], until: datetime) -> list[Course]:
    """Return the courses of contacts, with all points that land up to a moment, be they in escrow now (1 statement)."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_ALL, {"until": until, "contacts": list(contacts)})
        return [Course(*row) for row in cursor.fetchall()]


def since_merge(contact_id: int, operation: int, others: Sequence[int]) -> list[Landing]:
    """Return what a contact's tier has to be walked on when a merge is undone, by moment (1 statement).

    `operation`: by which the merge came to the contact; `others`: whose purchases were none of the contact's. Points of
    years that were open at the merge are told, also where a year end has closed them since.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SINCE_MERGE, {"contact": contact_id, "operation": operation, "others": list(others)})
        return list(cursor.fetchall())


def is_due(contact_id: int, until: datetime, zone: ZoneInfo) -> bool:
    """Tell whether the contact has a year to close, or a standing that may have ended or risen, at `until`: the last
    while a changed ladder has not been applied to everyone (1 statement)."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_DUE, _moments(until, zone) | {"contact": contact_id})
        return bool(cursor.fetchone()[0])


def due_ranges(until: datetime, zone: ZoneInfo, size: int) -> list[ContactRange]:
    """Return the contacts with a year to close or a standing to judge at `until`, cut by rows (1 statement)."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, _moments(until, zone) | {"size": size})
        return [ContactRange(*row) for row in cursor.fetchall()]


def _moments(until: datetime, zone: ZoneInfo) -> dict[str, Any]:
    return {"until": until, "end": until + ZONE_SHIFT, "year_began": rules.year_began(until, zone)}
