"""The ladder of tiers as marketers change it."""

import itertools
from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.core.wake import wake
from loyalty.services import journal
from loyalty.services.unit_of_work import unit_of_work
from tiers import locks
from tiers.models import Tier, TierSystem

CHANGEABLE = ("name", "target", "multiplier", "expiry_policy", "expiry_days")
HIGHEST_RANK = 100


def change_tier(actor: Actor, tier_id: int, changes: dict[str, Any], reason: str) -> Tier:
    """Store new values of a tier's name, target, multiplier or expiry; the journal keeps the old and the new.

    Standings keep the end they were given, and what was before is judged by the old values. A lower target lifts
    whoever already meets it, from now on: a job assesses everyone anew. Raises InvalidParameter with the name of the
    first value that cannot be so.
    """
    _require_known(changes)
    with unit_of_work():
        ladder = locks.lock_ladder()
        tier = next(each for each in ladder if each.pk == tier_id)
        changed = {name: value for name, value in changes.items() if getattr(tier, name) != value}
        details = {name: [str(getattr(tier, name)), str(value)] for name, value in changed.items()}
        lowered = tier.target is not None and changed.get("target") is not None and changed["target"] < tier.target
        now = clock.now()
        tier.change(changed, now)
        _require_valid(tier)
        _require_rising(ladder)
        if changed:
            tier.save()
            journal.record(actor, "tier.change", tier.name, reason=reason, changes=details)
        if lowered:
            _assess_everyone(tier, now)
    return tier


def add_tier(actor: Actor, above_id: int, values: dict[str, Any], reason: str) -> Tier:
    """Insert a tier right above another and return it; the ranks above it shift by one.

    `values`: name, target, multiplier, expiry. Nobody's standing is touched here: a job assesses everyone anew and
    lifts whoever already meets the new target, from now on; nobody moves down before the standing ends. Raises
    InvalidParameter with the name of the first value that cannot be so.
    """
    _require_known(values)
    with unit_of_work():
        ladder = locks.lock_ladder()
        above = next((each for each in ladder if each.pk == above_id), None)
        if above is None or above.rank < 1:
            raise InvalidParameter("A new tier stands above Base or a higher one.", name="above")
        if ladder[-1].rank >= HIGHEST_RANK:
            raise InvalidParameter("This ladder is as high as it may be.", name="above")
        higher = [each for each in ladder if each.rank > above.rank]
        for each in higher:
            each.rank += 1
        # Ranks are checked when the transaction ends, so the order of these updates does not matter.
        Tier.objects.bulk_update(higher, ["rank"])
        now = clock.now()
        tier = Tier(system_id=above.system_id, rank=above.rank + 1, target_since=now, **values)
        _require_valid(tier)
        _require_rising(sorted([*ladder, tier], key=lambda each: each.rank))
        tier.save()
        journal.record(actor, "tier.add", tier.name, reason=reason, above=above.name, rank=tier.rank,
                       values={name: str(value) for name, value in values.items()})  # fmt: skip
        _assess_everyone(tier, now)
    return tier


def _assess_everyone(tier: Tier, now: datetime) -> None:
    """Leave word for the job that applies the new target to everyone."""
    TierSystem.objects.filter(pk=tier.system_id).update(ladder_changed_at=now)
    wake("loyalty.tasks.assess_tiers")


def _require_known(values: dict[str, Any]) -> None:
    unknown = set(values) - set(CHANGEABLE)
    if unknown:
        raise InvalidParameter("Only the name, target, multiplier and expiry may change.", name=min(unknown))


def _require_valid(tier: Tier) -> None:
    try:
        tier.full_clean()
    except ValidationError as error:
        name, texts = next(iter(error.message_dict.items()))
        raise InvalidParameter(texts[0], name="" if name == NON_FIELD_ERRORS else name) from error


def _require_rising(ladder: list[Tier]) -> None:
    targets = [tier.target for tier in ladder if tier.target is not None]
    if any(lower >= higher for lower, higher in itertools.pairwise(targets)):
        raise InvalidParameter("Targets must rise with the rank of the tiers.", name="target")
