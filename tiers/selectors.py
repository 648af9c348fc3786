"""Reading tiers and standings. No writes, no locks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Case, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, When

from loyalty.ledger.accounts import Account
from loyalty.ledger.models import Lot
from tiers import assessment
from tiers.assessment import Ladder
from tiers.models import Standing, Tier, TierSystem

UNENROLLED_RANK, BASE_RANK = 0, 1

# Whether `standing` may have moved by the clock and not in the books: its end has come, or qualifying points have
# matured that no job has landed, or the ladder has changed and not everyone has been assessed anew.
UNSETTLED = """
(standing.ends_at <= %(now)s
 OR EXISTS (SELECT FROM ledger_lot WHERE contact_id = standing.contact_id AND account = 3
     AND landed IS NULL AND remaining > 0 AND matures_at <= %(now)s)
 OR EXISTS (SELECT FROM tiers_tiersystem WHERE ladder_changed_at <= %(now)s))
"""


def ladder() -> list[Tier]:
    """Return the tiers by rank."""
    return list(Tier.objects.select_related("system").order_by("rank"))


def standing_at(
    contact_id: int, moment: datetime, zone: ZoneInfo, rungs: Sequence[Tier] | None = None
) -> Standing | None:
    """Return the contact's standing at a moment as the clock decides it, None when it was not enrolled.

    Points that have matured and standings that have ended count, whether or not a job has booked it: then the standing
    returned is the one that the job will write. 1 statement; 2 when something is unbooked and `rungs`, the tiers by
    rank, are not given.
    """
    found: Any = _at(contact_id, moment).first()
    if found is None or found.left_at is not None or not found.unsettled or found.tier.rank < BASE_RANK:
        return found
    held = assessment.held_by(found, zone)
    landings = list(zip(found.moments, found.amounts, strict=True))
    *before, period = assessment.walk(held, landings, Ladder(rungs or ladder(), zone), moment)
    if not before:
        return found
    return Standing(
        public_id=period.public_id,
        contact_id=contact_id,
        tier=period.tier,
        entered_at=period.entered_at,
        ends_at=period.ends_at,
        joined_at=period.joined_at,
        reason=period.reason,
    )


def _at(contact_id: int, moment: datetime) -> QuerySet[Standing]:
    """Return the standing at a moment, with the qualifying points to walk on only where something may be unbooked."""
    counting = Lot.objects.filter(
        contact_id=OuterRef("contact_id"), account=Account.QUALIFYING, remaining__gt=0, matures_at__lte=moment
    )
    changed = TierSystem.objects.filter(ladder_changed_at__lte=moment)
    due = Q(ends_at__lte=moment) | Exists(counting.filter(landed=None)) | Exists(changed)
    lots = counting.order_by("matures_at", "id")
    return (
        Standing.objects.select_related("tier__system")
        .annotate(
            unsettled=ExpressionWrapper(due, BooleanField()),
            moments=Case(When(unsettled=True, then=ArraySubquery(lots.values("matures_at")))),
            amounts=Case(When(unsettled=True, then=ArraySubquery(lots.values("remaining")))),
        )
        .filter(Q(left_at__isnull=True) | Q(left_at__gt=moment), contact_id=contact_id, entered_at__lte=moment)
    )
