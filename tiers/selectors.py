"""Reading tiers and standings. No writes, no locks."""

from datetime import datetime

from django.db.models import Q

from tiers.models import Standing, Tier

UNENROLLED_RANK, BASE_RANK = 0, 1


def ladder() -> list[Tier]:
    """Return the tiers by rank."""
    return list(Tier.objects.select_related("system").order_by("rank"))


def standing_at(contact_id: int, moment: datetime) -> Standing | None:
    """Return the contact's standing at a moment, None when it was not enrolled."""
    return (
        Standing.objects.select_related("tier__system")
        .filter(Q(left_at__isnull=True) | Q(left_at__gt=moment), contact_id=contact_id, entered_at__lte=moment)
        .first()
    )
