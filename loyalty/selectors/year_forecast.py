"""What the end of a year will do to the tiers, for marketers to see in December. Reads only, no locks.

Serves specs/points_and_tiers.md, Tiers. One statement over everyone: the course of a contact (`tiers.assessment`) leads
to the higher of what the year earned and of where its standing leads without points: down a tier, or to Base, at each
end that comes by then. Points in escrow count when they mature before the year is over.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from loyalty.ledger.rounding import ZERO
from tiers import rules
from tiers.assessment import ZONE_SHIFT
from tiers.models import AssessmentPolicy, ExpiryPolicy


@dataclass(frozen=True, slots=True)
class Move:
    """Contacts that go from one tier to another, or stay, and the qualifying points that close with them."""

    source: str
    target: str
    source_rank: int
    target_rank: int
    contacts: int
    points: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """The moves at the turn of a year: `counted_at` the moment of counting, `turn` when the year is over.

    `waiting`: the part of the points that is still in escrow and counts if nothing is returned.
    """

    year: int
    turn: datetime
    moves: list[Move]
    waiting: Decimal

    @property
    def contacts(self) -> int:
        """How many contacts are in the programme."""
        return sum(move.contacts for move in self.moves)

    @property
    def points(self) -> Decimal:
        """How many qualifying points will close."""
        return sum((move.points for move in self.moves), ZERO)


# What a year earned only grows while it runs, so the points of the whole year are enough to judge by. Many standings
# share tier and end: the ways down are walked once for each such pair, however many hold it.
_FORECAST = """
WITH RECURSIVE ladder AS (
    SELECT tier.id, tier.name, tier.rank, coalesce(tier.target, 0) AS lowest, tier.expiry_policy, tier.expiry_days,
        lead(tier.target) OVER (PARTITION BY tier.system_id ORDER BY tier.rank) AS next_target,
        CASE WHEN system.assessment = %(one_down)s THEN greatest(tier.rank - 1, 1) ELSE 1 END AS floor
    FROM tiers_tier tier JOIN tiers_tiersystem system ON system.id = tier.system_id WHERE tier.rank >= 1
), way_down AS (
    SELECT DISTINCT standing.tier_id, standing.ends_at, held.rank, held.floor,
        -- The end of a year that was given under another time zone is that of today's.
        CASE WHEN held.expiry_policy = %(by_year)s AND standing.ends_at > %(turn)s THEN %(turn)s::timestamptz
            ELSE standing.ends_at END AS until
    FROM tiers_standing standing JOIN ladder held ON held.id = standing.tier_id
    WHERE standing.left_at IS NULL AND standing.ends_at <= CASE
        WHEN held.expiry_policy = %(by_year)s THEN %(latest)s::timestamptz ELSE %(turn)s END
    UNION ALL
    SELECT above.tier_id, above.ends_at, lower.rank, lower.floor, CASE lower.expiry_policy
        WHEN %(by_year)s THEN (date_trunc('year', (above.until - interval '1 microsecond') AT TIME ZONE %(zone)s)
            + interval '2 years') AT TIME ZONE %(zone)s
        WHEN %(by_days)s THEN
            (above.until AT TIME ZONE %(zone)s + make_interval(days => lower.expiry_days)) AT TIME ZONE %(zone)s
        END
    FROM way_down above JOIN ladder lower ON lower.rank = above.floor
    WHERE above.until <= %(turn)s AND above.rank > 1
), bottom AS (
    SELECT tier_id, ends_at, min(rank) AS rank FROM way_down GROUP BY tier_id, ends_at
), earned AS (
    SELECT contact_id, sum(remaining) AS amount, coalesce(sum(remaining) FILTER (WHERE landed IS NULL), 0) AS waiting
    FROM ledger_lot
    WHERE account = 3 AND remaining > 0 AND matures_at >= %(began)s AND matures_at < %(turn)s
    GROUP BY contact_id
), led AS (
    SELECT held.name AS source, held.rank AS source_rank,
        greatest(reached.rank, coalesce(bottom.rank, held.rank)) AS rank,
        coalesce(earned.amount, 0) AS amount, coalesce(earned.waiting, 0) AS waiting
    FROM tiers_standing standing JOIN ladder held ON held.id = standing.tier_id
    LEFT JOIN bottom ON bottom.tier_id = standing.tier_id AND bottom.ends_at = standing.ends_at
    LEFT JOIN earned ON earned.contact_id = standing.contact_id
    JOIN ladder reached ON coalesce(earned.amount, 0) >= reached.lowest
        AND (reached.next_target IS NULL OR coalesce(earned.amount, 0) < reached.next_target)
    WHERE standing.left_at IS NULL
)
SELECT led.source, target.name, led.source_rank, target.rank, count(*), sum(led.amount), sum(led.waiting)
FROM led JOIN ladder target ON target.rank = led.rank
GROUP BY led.source, target.name, led.source_rank, target.rank ORDER BY led.source_rank, target.rank
"""


def forecast(year: int, zone: ZoneInfo) -> Forecast:
    """Return where the end of `year` leads the contacts of each tier, by what the books hold now (1 statement).

    Of a year that is closed already nothing is left to count.
    """
    turn = rules.turn_of(year, zone)
    with connection.cursor() as cursor:
        cursor.execute(
            _FORECAST,
            {
                "began": rules.turn_of(year - 1, zone),
                "turn": turn,
                "zone": zone.key,
                "latest": turn + ZONE_SHIFT,
                "one_down": AssessmentPolicy.ONE_DOWN.value,
                "by_year": ExpiryPolicy.NEXT_YEAR_END.value,
                "by_days": ExpiryPolicy.DAYS.value,
            },
        )
        rows = cursor.fetchall()
    return Forecast(year, turn, [Move(*row[:6]) for row in rows], sum((row[6] for row in rows), ZERO))
