"""Reading tiers and standings. No writes, no locks."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q

from loyalty.ledger.accounts import Account
from loyalty.ledger.models import Lot
from tiers import courses
from tiers.assessment import Ladder
from tiers.models import Standing, Tier, TierSystem

BASE_RANK = 1

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


def standing_at(contact_id: int, moment: datetime, zone: ZoneInfo) -> Standing | None:
    """Return the contact's standing at a moment as the clock decides it, None when it was not enrolled.

    Points that have matured and standings that have ended count, whether or not a job has booked it: then the standing
    returned is not in the database yet (1 statement; 3 when something may be unbooked).
    """
    found = (
        Standing.objects.select_related("tier__system")
        .annotate(unsettled=_unsettled(moment))
        .filter(Q(left_at__isnull=True) | Q(left_at__gt=moment), contact_id=contact_id, entered_at__lte=moment)
        .first()
    )
    if found is None or found.left_at is not None or not found.unsettled:
        return found
    walked = [course.walk(Ladder(ladder(), zone), moment) for course in courses.of_contact(contact_id, moment)]
    if not walked or len(walked[0]) == 1:
        return found
    period = walked[0][-1]
    return Standing(
        contact_id=contact_id,
        tier=period.tier,
        entered_at=period.entered_at,
        ends_at=period.ends_at,
        joined_at=period.joined_at,
        reason=period.reason,
    )


def _unsettled(moment: datetime) -> ExpressionWrapper[Any]:
    due = Lot.objects.filter(
        contact_id=OuterRef("contact_id"),
        account=Account.QUALIFYING,
        landed=None,
        remaining__gt=0,
        matures_at__lte=moment,
    )
    changed = TierSystem.objects.filter(ladder_changed_at__lte=moment)
    return ExpressionWrapper(Q(ends_at__lte=moment) | Exists(due) | Exists(changed), BooleanField())
