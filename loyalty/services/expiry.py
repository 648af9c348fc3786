"""When points expire by the retailer's policy, and the job that books what has (specs/points_and_tiers.md, Lots).

A change of the policy moves no date by itself: points earned from then on follow the new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.ledger import burning, expiry, locks
from loyalty.ledger.burning import Burned
from loyalty.ledger.rounding import ZERO
from loyalty.models import PointsExpiry, Program, Purchase
from loyalty.services import points, program, ranges
from loyalty.services.ranges import Progress, RangeJob

EXPIRY = "expire_points"


@dataclass(slots=True)
class ExpirySummary:
    """What a run burned, or would burn: contacts, lots, points. `busy`: ranges left for the next run."""

    contacts: int = 0
    lots: int = 0
    points: Decimal = ZERO
    busy: int = 0

    def add(self, part: Burned) -> None:
        """Count one range."""
        self.lots += part.lots
        self.points += part.points

    def result(self) -> dict[str, Any]:
        """Return what the row of the run keeps."""
        return {"burned": str(self.points)}


def date_of(settings: Program, *, matures_at: datetime, active_at: datetime) -> datetime | None:
    """Return from when on spendable points are burned, None for never.

    `active_at`: the purchase or adjustment that brings them. By inactivity they count from it, yet never end before
    the period (month, quarter, year) in which they mature does.
    """
    if settings.points_expiry == PointsExpiry.NEVER:
        return None
    months, rounding, zone = settings.expiry_months, settings.expiry_rounding, settings.tzinfo
    if settings.points_expiry == PointsExpiry.MONTHS:
        return expiry.expires_at(matures_at, months, rounding, zone)
    return max(expiry.expires_at(active_at, months, rounding, zone), expiry.expires_at(matures_at, 0, rounding, zone))


def date_for(contact_id: int, settings: Program, *, matures_at: datetime, earned_at: datetime) -> datetime | None:
    """Return from when on points that a contact earned at `earned_at` are burned, None for never.

    They may come late: by inactivity, the purchases recorded since have put them off as they would have in their order
    (1 statement, none under the other policies).
    """
    ends = date_of(settings, matures_at=matures_at, active_at=earned_at)
    if ends is None or settings.points_expiry != PointsExpiry.INACTIVITY:
        return ends
    since = Purchase.objects.filter(contact_id=contact_id, purchased_at__gt=earned_at).order_by("purchased_at")
    for active_at in since.values_list("purchased_at", flat=True):
        if active_at < ends:
            until = expiry.expires_at(active_at, settings.expiry_months, settings.expiry_rounding, settings.tzinfo)
            ends = max(ends, until)
    return ends


def note_activity(contact_id: int, settings: Program, active_at: datetime) -> None:
    """Under the policy of inactivity, put off the expiry of what the contact holds (2 statements); else do nothing.

    Called by a purchase before it spends and accrues: the balances are locked here, in their order, and points that
    it spends get the later date, too, so that a return brings them back alive.
    """
    if settings.points_expiry != PointsExpiry.INACTIVITY:
        return
    now = clock.now()
    until = expiry.expires_at(active_at, settings.expiry_months, settings.expiry_rounding, settings.tzinfo)
    locks.lock_balances(contact_id, now)
    burning.put_off(contact_id, until=until, now=now)


def expire_points(actor: Actor, *, as_of: datetime | None = None, progress: Progress | None = None) -> ExpirySummary:
    """Burn every lot that has expired at `as_of` (now unless given), range of contacts by range.

    What has matured lands first, so that a debt is paid before anything burns. Safe to kill, to run twice at once,
    to run late: no read changes by it. Raises InvalidParameter for an `as_of` in the future.
    """
    moment, zone = ranges.moment_of(as_of), program.settings().tzinfo
    due = burning.due_ranges(moment, settings.EXPIRY_LOTS_PER_RANGE)
    summary = ExpirySummary(contacts=sum(len(each.contacts) for each in due))
    job = RangeJob(
        EXPIRY,
        actor,
        moment,
        work=lambda contacts: _burn(contacts, moment, actor, zone),
        size=lambda part: part.lots,
        count=summary.add,
        result=summary.result,
    )
    summary.busy = ranges.run(job, due, progress)
    return summary


def preview_expiry(as_of: datetime) -> ExpirySummary:
    """Return what would burn at `as_of`, writing nothing; the future is allowed."""
    return ExpirySummary(*burning.preview(as_of))


def _burn(contacts: Sequence[int], as_of: datetime, actor: Actor, zone: ZoneInfo) -> Burned:
    points.settle_many(contacts, as_of, actor, zone)
    return burning.burn(contacts, as_of=as_of, recorded_at=clock.now(), actor=str(actor))
