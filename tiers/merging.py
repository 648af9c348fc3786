"""The standings of two contacts that become one, and two again. Called by loyalty.services only.

The caller holds the balances of both, under which standings are decided (tiers/services.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tiers import rules, services
from tiers.assessment import Landing
from tiers.models import Standing, StandingReason

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Joined:
    """The standings both had, None for who had none; `at`: since when the better one counts for both."""

    survivor: int | None
    absorbed: int | None
    at: datetime


def join(survivor_id: int, absorbed_id: int, now: datetime) -> Joined:
    """Give the survivor the better of two standings: the higher tier, of the same one the later end (5 statements)."""
    own, other = services.current(survivor_id), services.current(absorbed_id)
    moment = max([now, *(each.entered_at for each in (own, other) if each)])
    if other is not None:
        services.close(other, moment)
    if other is not None and (own is None or _worth(other) > _worth(own)):
        if own is not None:
            services.close(own, moment)
        Standing.objects.create(
            contact_id=survivor_id,
            tier=other.tier,
            entered_at=moment,
            ends_at=other.ends_at,
            joined_at=other.joined_at or other.entered_at,
            reason=StandingReason.MERGED,
        )
    return Joined(own.pk if own else None, other.pk if other else None, moment)


def part(joined: Joined) -> None:
    """Open the standing of who goes back again (1 statement). The caller moves the points, lets that one `assess`, and
    who stayed `live_again`."""
    _reopen(joined.absorbed)


def live_again(
    survivor_id: int, joined: Joined, landings: Sequence[Landing], now: datetime, zone: ZoneInfo, *,
    active_since: datetime | None,
) -> list[Standing]:  # fmt: skip
    """Take who stayed from the standing before the merge to `now` by own points alone; return what counted meanwhile
    and does no more.

    `landings`: those points (courses.since_merge); `active_since`: the first own act, which enrols who was not.
    What it did itself stays done: it left the programme and joined again when it did.
    """
    since = Standing.objects.select_related("tier").filter(contact_id=survivor_id, entered_at__gte=joined.at)
    counted = list(since.filter(pk__gt=joined.survivor or 0).order_by("entered_at", "pk"))
    Standing.objects.filter(pk__in=[each.pk for each in counted]).delete()
    _reopen(joined.survivor)
    if joined.survivor is None and active_since is not None:
        services.enrol(survivor_id, active_since, zone)
    for left, joined_again in _absences(counted):
        services.follow(survivor_id, landings, left, zone)
        services.leave(survivor_id, left)
        if joined_again is not None:
            services.enrol(survivor_id, services.rejoin(survivor_id, joined_again), zone)
            # Years that were over then had been closed while nobody stood anywhere.
            landings = [each for each in landings if each[0] >= rules.year_began(joined_again, zone)]
    services.follow(survivor_id, landings, now, zone)
    again = set(since.values_list("tier_id", "entered_at"))
    return [each for each in counted if (each.tier_id, each.entered_at) not in again]


def _absences(standings: Sequence[Standing]) -> Iterator[tuple[datetime, datetime | None]]:
    """Yield when the contact left, and when it joined again."""
    for number, standing in enumerate(standings):
        if standing.reason == StandingReason.LEFT:
            yield standing.entered_at, next((each.entered_at for each in standings[number + 1 :]), None)


def _worth(standing: Standing) -> tuple[int, datetime]:
    return standing.tier.rank, standing.ends_at or _NEVER


def _reopen(standing_id: int | None) -> None:
    if standing_id is not None:
        Standing.objects.filter(pk=standing_id).update(left_at=None)
