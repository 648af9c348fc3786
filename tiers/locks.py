"""Row locks on tiers."""

from tiers.models import Tier


def lock_ladder() -> list[Tier]:
    """Lock and return every tier, by rank: what one tier may be depends on its neighbours."""
    return list(Tier.objects.select_for_update(of=("self",)).order_by("rank"))
