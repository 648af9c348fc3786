"""The ladder of tiers as marketers change it."""

import itertools
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.services import journal
from loyalty.services.unit_of_work import unit_of_work
from tiers import locks
from tiers.models import Tier

CHANGEABLE = ("name", "target", "multiplier", "expiry_policy", "expiry_days")


def change_tier(actor: Actor, tier_id: int, changes: dict[str, Any], reason: str) -> Tier:
    """Store new values of a tier's name, target, multiplier or expiry; the journal keeps the old and the new.

    Standings keep the end they were given; a lower target lifts a contact when its points next land.
    Raises InvalidParameter with the name of the first value that cannot be so.
    """
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise InvalidParameter("Only the name, target, multiplier and expiry may change.", name=min(unknown))
    with unit_of_work():
        ladder = locks.lock_ladder()
        tier = next(each for each in ladder if each.pk == tier_id)
        changed = {name: value for name, value in changes.items() if getattr(tier, name) != value}
        details = {name: [str(getattr(tier, name)), str(value)] for name, value in changed.items()}
        for name, value in changed.items():
            setattr(tier, name, value)
        _require_valid(tier)
        _require_rising(ladder)
        if changed:
            tier.save(update_fields=list(changed))
            journal.record(actor, "tier.change", tier.name, reason=reason, changes=details)
    return tier


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
