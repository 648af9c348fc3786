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
INSERT INTO promos_customergrant AS held (promotion_id, contact_id, granted, cap)
SELECT promotion_id, %(survivor)s, granted, cap FROM promos_customergrant WHERE contact_id = %(absorbed)s
ORDER BY promotion_id
ON CONFLICT (contact_id, promotion_id) DO UPDATE
SET granted = held.granted + excluded.granted, cap = greatest(held.cap, held.granted + excluded.granted)
"""

_TAKE_OUT = """
WITH gone AS (
    SELECT * FROM unnest(%(promotions)s::bigint[], %(granted)s::numeric[], %(released)s::numeric[])
        AS gone (promotion_id, granted, released)
), own AS (
    UPDATE promos_customergrant held
    SET granted = greatest(held.granted - gone.granted + gone.released, 0),
        cap = greatest(promotion.customer_cap, held.granted - gone.granted + gone.released)
    FROM gone JOIN promos_promotion promotion ON promotion.id = gone.promotion_id
    WHERE held.promotion_id = gone.promotion_id AND held.contact_id = %(survivor)s
)
UPDATE promos_customergrant held SET granted = greatest(gone.granted - gone.released, 0) FROM gone
WHERE held.promotion_id = gone.promotion_id AND held.contact_id = %(absorbed)s
"""

_JOIN_SEGMENTS = """
INSERT INTO promos_segmentmember (segment_id, contact_id, added_at)
SELECT segment_id, %(contact)s, added_at
FROM unnest(%(segments)s::bigint[], %(moments)s::timestamptz[]) AS member (segment_id, added_at)
WHERE segment_id IN (SELECT id FROM promos_segment)
ON CONFLICT (contact_id, segment_id) DO NOTHING RETURNING segment_id
"""


@dataclass(frozen=True, slots=True)
class Joined:
    """What the absorbed contact had: points granted by promotion, segments with the moment of joining.

    `entered`: the segments that the survivor was not in before.
    """

    granted: dict[int, Decimal]
    segments: dict[int, datetime]
    entered: list[int]


def join(survivor_id: int, absorbed_id: int) -> Joined:
    """Add what was granted to both, and put the survivor into the segments of both (5 statements)."""
    granted = dict(CustomerGrant.objects.filter(contact_id=absorbed_id).values_list("promotion_id", "granted"))
    members = SegmentMember.objects.filter(contact_id=absorbed_id)
    segments = dict(members.values_list("segment_id", "added_at"))
    with connection.cursor() as cursor:
        cursor.execute(_ADD, {"survivor": survivor_id, "absorbed": absorbed_id})
    members.delete()
    return Joined(granted, segments, _enter(survivor_id, segments))


def part(survivor_id: int, absorbed_id: int, joined: Joined, released: Mapping[int, Decimal]) -> None:
    """Undo `join`; `released`: points of the absorbed one's purchases that came back meanwhile, by promotion."""
    if joined.granted:
        parameters: dict[str, Any] = {
            "survivor": survivor_id,
            "absorbed": absorbed_id,
            "promotions": list(joined.granted),
            "granted": list(joined.granted.values()),
            "released": [released.get(each, Decimal(0)) for each in joined.granted],
        }
        with connection.cursor() as cursor:
            cursor.execute(_TAKE_OUT, parameters)
    SegmentMember.objects.filter(contact_id=survivor_id, segment_id__in=joined.entered).delete()
    _enter(absorbed_id, joined.segments)


def _enter(contact_id: int, segments: Mapping[int, datetime]) -> list[int]:
    if not segments:
        return []
    parameters: dict[str, Any] = {"contact": contact_id, "segments": list(segments), "moments": list(segments.values())}
    with connection.cursor() as cursor:
        cursor.execute(_JOIN_SEGMENTS, parameters)
        return [segment for (segment,) in cursor.fetchall()]
