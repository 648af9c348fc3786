"""The standings of two contacts that become one, and two again. Called by loyalty.services only.

The caller holds the balances of both, under which standings are decided (tiers/services.py).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from tiers import services
from tiers.models import Standing, StandingReason

_NEVER = datetime.max.replace(tzinfo=UTC)
_BY_POINTS = {StandingReason.MERGED.value, StandingReason.UPGRADED.value, StandingReason.EXTENDED.value}


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
        _close(other, moment)
    if other is not None and (own is None or _worth(other) > _worth(own)):
        if own is not None:
            _close(own, moment)
        Standing.objects.create(
            contact_id=survivor_id,
            tier=other.tier,
            entered_at=moment,
            ends_at=other.ends_at,
            joined_at=other.joined_at or other.entered_at,
            reason=StandingReason.MERGED,
        )
    return Joined(own.pk if own else None, other.pk if other else None, moment)


def part(survivor_id: int, joined: Joined) -> None:
    """Open the standings again that both had (3 statements).

    What the survivor reached since through points alone, some of them not his, is taken out; the caller then lets his
    own points lift him. A standing that was assessed at an expiry meanwhile, or left, stays.
    """
    _reopen(joined.absorbed)
    since = Standing.objects.filter(contact_id=survivor_id, entered_at__gte=joined.at).exclude(pk=joined.survivor or 0)
    reached = dict(since.values_list("pk", "reason"))
    if reached and set(reached.values()) <= _BY_POINTS:
        since.delete()
        _reopen(joined.survivor)


def _worth(standing: Standing) -> tuple[int, datetime]:
    return standing.tier.rank, standing.ends_at or _NEVER


def _reopen(standing_id: int | None) -> None:
    if standing_id is not None:
        Standing.objects.filter(pk=standing_id).update(left_at=None)


def _close(standing: Standing, moment: datetime) -> None:
    standing.left_at = moment
    standing.save(update_fields=["left_at"])
