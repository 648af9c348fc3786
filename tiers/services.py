"""Changes of standings, in sets. Called by loyalty.services inside its transaction only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from tiers import assessment, courses, rules, selectors
from tiers.assessment import Ladder, Landing, Period
from tiers.models import Standing, StandingReason, TierSystem

# No conflict target: of two enrolments at once the later one may meet the exclusion constraint first.
_ENROL = """
INSERT INTO tiers_standing (public_id, contact_id, tier_id, entered_at, ends_at, reason)
VALUES (gen_random_uuid(), %(contact)s, %(tier)s, %(now)s, %(ends_at)s, %(reason)s)
ON CONFLICT DO NOTHING
"""

# Standings move under the contact's balance lock, so no two transactions decide one contact at once.
_LEAVE = """
UPDATE tiers_standing standing SET left_at = moved.left_at
FROM unnest(%(standings)s::bigint[], %(moments)s::timestamptz[]) AS moved (id, left_at)
WHERE standing.id = moved.id AND standing.left_at IS NULL
"""

_ENTER = """
INSERT INTO tiers_standing (public_id, contact_id, tier_id, entered_at, left_at, ends_at, joined_at, reason)
SELECT * FROM unnest(
    %(ids)s::uuid[], %(contacts)s::bigint[], %(tiers)s::bigint[], %(entered)s::timestamptz[], %(left)s::timestamptz[],
    %(ends)s::timestamptz[], %(joined)s::timestamptz[], %(reasons)s::text[])
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """Whose tier moved, and how many contacts came into a new period for each reason."""

    contacts: Sequence[int] = ()
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def upgraded(self) -> int:
        """How many contacts moved up."""
        return self.reasons[StandingReason.UPGRADED.value]


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
    now = rejoin(contact_id, now)
    if not enrol(contact_id, now, zone):
        return False
    assess([contact_id], now, zone)
    return True


def rejoin(contact_id: int, now: datetime) -> datetime:
    """End the standing of one who left, so that it may be enrolled again; return from when on it may (2 statements)."""
    own = current(contact_id)
    if own is None or own.reason != StandingReason.LEFT:
        return now
    moment = max(now, own.entered_at)
    close(own, moment)
    return moment


def leave(contact_id: int, now: datetime) -> bool:
    """End the contact's standing: it is Unenrolled from now on. Returns False when it left before (4 statements).

    A contact that was never enrolled gets the standing as well: nothing but an entry of its own enrols it then.
    """
    own = current(contact_id)
    if own is not None and own.reason == StandingReason.LEFT:
        return False
    moment = max(now, own.entered_at) if own else now
    if own is not None:
        close(own, moment)
    unenrolled = next(tier for tier in selectors.ladder() if tier.rank == selectors.UNENROLLED_RANK)
    Standing.objects.create(
        contact_id=contact_id, tier=unenrolled, entered_at=moment, ends_at=None, reason=StandingReason.LEFT
    )
    return True


def has_left(contact_id: int) -> bool:
    """Tell whether the contact has left the programme and not joined again."""
    return Standing.objects.filter(contact_id=contact_id, left_at=None, reason=StandingReason.LEFT).exists()


def close(standing: Standing, moment: datetime) -> None:
    """End a standing, which must be open and the caller's to move (1 statement)."""
    standing.left_at = moment
    standing.save(update_fields=["left_at"])


def assess(contacts: Sequence[int], until: datetime, zone: ZoneInfo, *, not_before: datetime | None = None) -> Moved:
    """Book what the clock has done to the standings of the contacts up to `until`: in the order in which points landed,
    standings ended and years turned. Upgrades skip levels; nobody moves down before the standing ends.

    The caller holds the contacts' balances and has landed what has matured. At most 4 statements for any number of
    contacts, 1 when nobody moves. `not_before`: when points came from another customer: they move nobody before that.
    """
    if not contacts:
        return Moved()
    found = courses.that_may_move(contacts, until, zone)
    if not found:
        return Moved()
    ladder = Ladder(selectors.ladder(), zone)
    walked = [(course, course.walk(ladder, until)) for course in found]
    moves = [(course, _clamped(periods, not_before)) for course, periods in walked if len(periods) > 1]
    if moves:
        _leave([(course.standing_id, periods[0]) for course, periods in moves])
        _enter([(course.contact_id, period) for course, periods in moves for period in periods[1:]])
    reasons = Counter(reason for _, periods in moves for reason in {period.reason for period in periods[1:]})
    return Moved([course.contact_id for course, _ in moves], reasons)


def follow(contact_id: int, landings: Sequence[Landing], until: datetime, zone: ZoneInfo) -> None:
    """Book where these points, and no others, have led the contact from its open standing up to `until` (4 statements).

    For who is parted from another: year ends may have closed some of them, so that `assess` would not find them.
    """
    standing = current(contact_id)
    if standing is None or standing.tier.rank < selectors.BASE_RANK:
        return
    counting = [landing for landing in landings if landing[0] <= until]
    ladder = Ladder(selectors.ladder(), zone)
    held, *since = assessment.walk(assessment.held_by(standing, zone), counting, ladder, until)
    if since:
        _leave([(standing.pk, held)])
        _enter([(contact_id, period) for period in since])


def _clamped(periods: list[Period], not_before: datetime | None) -> list[Period]:
    """Return the periods as they are, or in place of all that begin too early the last one, from that moment on."""
    held, last = periods[0], periods[-1]
    if not_before is None or periods[1].entered_at >= not_before:
        return periods
    moment = max(not_before, held.entered_at)
    joined_at = min(last.joined_at, moment) if last.tier.pk == held.tier.pk else moment
    return [replace(held, left_at=moment), replace(last, entered_at=max(last.entered_at, moment), joined_at=joined_at)]


def _leave(periods: Sequence[tuple[int, Period]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _LEAVE,
            {
                "standings": [standing for standing, _ in periods],
                "moments": [period.left_at for _, period in periods],
            },
        )


def _enter(periods: Sequence[tuple[int, Period]]) -> None:
    since = [period.joined_at if period.joined_at != period.entered_at else None for _, period in periods]
    with connection.cursor() as cursor:
        cursor.execute(
            _ENTER,
            {
                "ids": [period.public_id for _, period in periods],
                "contacts": [contact for contact, _ in periods],
                "tiers": [period.tier.pk for _, period in periods],
                "entered": [period.entered_at for _, period in periods],
                "left": [period.left_at for _, period in periods],
                "ends": [period.ends_at for _, period in periods],
                "joined": since,
                "reasons": [period.reason for _, period in periods],
            },
        )


def ladder_changes() -> dict[int, datetime]:
    """Return the tier systems whose ladder changed and has not been applied to everyone yet, with the moment."""
    found = TierSystem.objects.values_list("pk", "ladder_changed_at")
    return {system: changed_at for system, changed_at in found if changed_at is not None}


def ladder_applied(changes: dict[int, datetime]) -> None:
    """Note that everyone has been assessed by these changes; one that came later still waits."""
    for system, changed_at in changes.items():
        TierSystem.objects.filter(pk=system, ladder_changed_at=changed_at).update(ladder_changed_at=None)


def current(contact_id: int) -> Standing | None:
    """Return the open standing of a contact."""
    return Standing.objects.select_related("tier").filter(contact_id=contact_id, left_at__isnull=True).first()
