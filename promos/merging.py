"""What promotions and segments know of two contacts that become one, and two again. Called by loyalty.services only.

The caller holds the cards and purchases of both, so nothing is granted to either meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from promos.models import CustomerGrant, SegmentMember

# Together they may have got more than one customer may: the row then bears that, and gives nothing more.
_ADD = """
INSERT INTO promos_customergrant AS held (promotion_id, contact_id, granted, cap, count, most)
SELECT promotion_id, %(survivor)s, granted, cap, count, most
FROM promos_customergrant WHERE contact_id = %(absorbed)s ORDER BY promotion_id
ON CONFLICT (contact_id, promotion_id) DO UPDATE
SET granted = held.granted + excluded.granted, count = held.count + excluded.count,
    cap = CASE WHEN held.cap IS NOT NULL THEN greatest(held.cap, held.granted + excluded.granted) END,
    most = CASE WHEN coalesce(held.most, excluded.most) IS NOT NULL
        THEN greatest(held.most, excluded.most, held.count + excluded.count) END
"""

# `own_most` is what the survivor's row said before; it may have used a code as often since, and more.
_TAKE_OUT = """
WITH gone AS (
    SELECT * FROM unnest(%(promotions)s::bigint[], %(granted)s::numeric[], %(count)s::int[], %(own_most)s::int[],
        %(released)s::numeric[], %(released_times)s::int[])
        AS gone (promotion_id, granted, count, own_most, released, released_times)
), own AS (
    UPDATE promos_customergrant held
    SET granted = greatest(held.granted - gone.granted + gone.released, 0),
        cap = CASE WHEN promotion.customer_cap IS NOT NULL
            THEN greatest(promotion.customer_cap, held.granted - gone.granted + gone.released) END,
        count = greatest(held.count - gone.count + least(gone.count, gone.released_times), 0),
        most = CASE WHEN held.most IS NOT NULL
            THEN greatest(coalesce(promotion.customer_count, gone.own_most),
                held.count - gone.count + least(gone.count, gone.released_times)) END
    FROM gone JOIN promos_promotion promotion ON promotion.id = gone.promotion_id
    WHERE held.promotion_id = gone.promotion_id AND held.contact_id = %(survivor)s
)
UPDATE promos_customergrant held
SET granted = greatest(gone.granted - gone.released, 0), count = greatest(gone.count - gone.released_times, 0)
FROM gone WHERE held.promotion_id = gone.promotion_id AND held.contact_id = %(absorbed)s
"""

_JOIN_SEGMENTS = """
INSERT INTO promos_segmentmember (segment_id, contact_id, added_at)
SELECT segment_id, %(contact)s, added_at
FROM unnest(%(segments)s::bigint[], %(moments)s::timestamptz[]) AS member (segment_id, added_at)
WHERE segment_id IN (SELECT id FROM promos_segment)
ON CONFLICT (contact_id, segment_id) DO NOTHING RETURNING segment_id
"""


@dataclass(frozen=True, slots=True)
class Share:
    """What a promotion has given to a contact: points, and how many times where that is counted."""

    points: Decimal = Decimal(0)
    times: int = 0

    def __sub__(self, other: "Share") -> "Share":
        return Share(self.points - other.points, self.times - other.times)


NOTHING = Share()


@dataclass(frozen=True, slots=True)
class Joined:
    """What the absorbed contact had: shares by promotion, segments with the moment of joining.

    `own_most`: how often the survivor could have each of those promotions, where it had a share; `entered`: the
    segments that the survivor was not in before.
    """

    granted: dict[int, Share]
    own_most: dict[int, int | None]
    segments: dict[int, datetime]
    entered: list[int]


def join(survivor_id: int, absorbed_id: int) -> Joined:
    """Add what was granted to both, and put the survivor into the segments of both (6 statements)."""
    shares = CustomerGrant.objects.filter(contact_id=absorbed_id).values_list("promotion_id", "granted", "count")
    granted = {promotion: Share(points, times) for promotion, points, times in shares}
    own = CustomerGrant.objects.filter(contact_id=survivor_id, promotion_id__in=granted)
    own_most = dict(own.values_list("promotion_id", "most"))
    members = SegmentMember.objects.filter(contact_id=absorbed_id)
    segments = dict(members.values_list("segment_id", "added_at"))
    with connection.cursor() as cursor:
        cursor.execute(_ADD, {"survivor": survivor_id, "absorbed": absorbed_id})
    members.delete()
    return Joined(granted, own_most, segments, _enter(survivor_id, segments))


def part(survivor_id: int, absorbed_id: int, joined: Joined, released: Mapping[int, Share]) -> None:
    """Undo `join`; `released`: what came back meanwhile of the absorbed one's purchases and receipts, by promotion."""
    if joined.granted:
        back = [released.get(each, NOTHING) for each in joined.granted]
        parameters: dict[str, Any] = {
            "survivor": survivor_id,
            "absorbed": absorbed_id,
            "promotions": list(joined.granted),
            "granted": [each.points for each in joined.granted.values()],
            "count": [each.times for each in joined.granted.values()],
            "own_most": [joined.own_most.get(each) for each in joined.granted],
            "released": [each.points for each in back],
            "released_times": [each.times for each in back],
        }
        with connection.cursor() as cursor:
            cursor.execute(_TAKE_OUT, parameters)
        # A row that only the merge had made, and that says nothing any more.
        came = CustomerGrant.objects.filter(contact_id=survivor_id, promotion_id__in=joined.granted)
        came.exclude(promotion_id__in=joined.own_most).filter(granted=0, count=0).delete()
    # A list from which the one person was taken meanwhile, or that was replaced, does not get half of it back.
    standing = SegmentMember.objects.filter(contact_id=survivor_id, segment_id__in=joined.segments)
    still = {each: joined.segments[each] for each in standing.values_list("segment_id", flat=True)}
    SegmentMember.objects.filter(contact_id=survivor_id, segment_id__in=joined.entered).delete()
    _enter(absorbed_id, still)


def _enter(contact_id: int, segments: Mapping[int, datetime]) -> list[int]:
    if not segments:
        return []
    parameters: dict[str, Any] = {"contact": contact_id, "segments": list(segments), "moments": list(segments.values())}
    with connection.cursor() as cursor:
        cursor.execute(_JOIN_SEGMENTS, parameters)
        return [segment for (segment,) in cursor.fetchall()]
