"""Changes of standings, in sets. Called by loyalty.services inside its transaction only."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from tiers import rules, selectors
from tiers.models import Standing, StandingReason

# No conflict target: of two enrolments at once the later one may meet the exclusion constraint first.
_ENROL = """
INSERT INTO tiers_standing (public_id, contact_id, tier_id, entered_at, ends_at, reason)
VALUES (gen_random_uuid(), %(contact)s, %(tier)s, %(now)s, %(ends_at)s, %(reason)s)
ON CONFLICT DO NOTHING
"""

# Qualifying points land under the contact's balance lock, so no two transactions decide one contact at once.
# Who waited for that lock may carry an older `now` than the standing it finds: a period never ends before it began.
_LEAVE_FOR_HIGHER = """
WITH reached AS (
    SELECT DISTINCT ON (balance.contact_id) balance.contact_id, tier.id AS tier_id, tier.rank
    FROM ledger_bonusbalance balance JOIN tiers_tier tier ON tier.target <= balance.amount
    WHERE balance.account = 3 AND balance.contact_id = ANY(%(contacts)s)
    ORDER BY balance.contact_id, tier.rank DESC
)
UPDATE tiers_standing standing SET left_at = greatest(%(now)s, standing.entered_at)
FROM reached, tiers_tier tier
WHERE standing.contact_id = reached.contact_id AND standing.left_at IS NULL
  AND tier.id = standing.tier_id AND tier.rank >= 1 AND reached.rank > tier.rank
RETURNING standing.contact_id, reached.tier_id, standing.left_at
"""

_ENTER_HIGHER = """
INSERT INTO tiers_standing (public_id, contact_id, tier_id, entered_at, ends_at, reason)
SELECT gen_random_uuid(), contact_id, tier_id, entered_at, ends_at, %(reason)s
FROM unnest(%(contacts)s::bigint[], %(tiers)s::bigint[], %(entered)s::timestamptz[], %(ends)s::timestamptz[])
    AS upgraded (contact_id, tier_id, entered_at, ends_at)
"""


def enrol(contact_id: int, now: datetime, zone: ZoneInfo) -> bool:
    """Give a contact without a standing the Base tier; return False when it had a standing already."""
    base = next(tier for tier in selectors.ladder() if tier.rank == selectors.BASE_RANK)
    with connection.cursor() as cursor:
        cursor.execute(
            _ENROL,
            {
                "contact": contact_id,
                "tier": base.pk,
                "now": now,
                "ends_at": rules.ends_at(base, now, zone),
                "reason": StandingReason.ENROLLED.value,
            },
        )
        return bool(cursor.rowcount)


def join(contact_id: int, now: datetime, zone: ZoneInfo) -> bool:
    """Give the Base tier to a contact without a standing, and again to one who left; then the tier it has reached.

    Returns False when it takes part already (at most 8 statements).
    """
    own = current(contact_id)
    if own is not None and own.reason == StandingReason.LEFT:
        now = max(now, own.entered_at)
        _close(own, now)
    if not enrol(contact_id, now, zone):
        return False
    upgrade([contact_id], now, zone)
    return True


def leave(contact_id: int, now: datetime) -> bool:
    """End the contact's standing: it is Unenrolled from now on. Returns False when it left before (4 statements).

    A contact that was never enrolled gets the standing as well: nothing but an entry of its own enrols it then.
    """
    own = current(contact_id)
    if own is not None and own.reason == StandingReason.LEFT:
        return False
    moment = max(now, own.entered_at) if own else now
    if own is not None:
        _close(own, moment)
    unenrolled = next(tier for tier in selectors.ladder() if tier.rank == selectors.UNENROLLED_RANK)
    Standing.objects.create(
        contact_id=contact_id, tier=unenrolled, entered_at=moment, ends_at=None, reason=StandingReason.LEFT
    )
    return True


def has_left(contact_id: int) -> bool:
    """Tell whether the contact has left the programme and not joined again."""
    return Standing.objects.filter(contact_id=contact_id, left_at=None, reason=StandingReason.LEFT).exists()


def _close(standing: Standing, moment: datetime) -> None:
    standing.left_at = moment
    standing.save(update_fields=["left_at"])


def upgrade(contacts: Sequence[int], now: datetime, zone: ZoneInfo) -> list[int]:
    """Move each of the contacts to the highest tier its qualifying balance reaches, skipping levels; never down.

    At most 3 statements for any number of contacts, 1 when nobody moves. Returns the contacts that moved.
    """
    if not contacts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE_FOR_HIGHER, {"contacts": list(contacts), "now": now})
        moves: list[tuple[int, int, datetime]] = cursor.fetchall()
        if not moves:
            return []
        ladder = {tier.pk: tier for tier in selectors.ladder()}
        cursor.execute(
            _ENTER_HIGHER,
            {
                "contacts": [contact for contact, _, _ in moves],
                "tiers": [tier for _, tier, _ in moves],
                "entered": [entered for _, _, entered in moves],
                "ends": [rules.ends_at(ladder[tier], entered, zone) for _, tier, entered in moves],
                "reason": StandingReason.UPGRADED.value,
            },
        )
    return [contact for contact, _, _ in moves]


def current(contact_id: int) -> Standing | None:
    """Return the open standing of a contact."""
    return Standing.objects.select_related("tier").filter(contact_id=contact_id, left_at__isnull=True).first()
