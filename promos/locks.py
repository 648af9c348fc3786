"""Row locks on promotions and grants: after the card and the contact, before the balances."""

from collections.abc import Iterable
from decimal import Decimal

from promos.models import CustomerGrant, Promotion


def lock_limited(promotions: Iterable[int]) -> list[Promotion]:
    """Lock and return those of the promotions that have a budget or a cap, in the order of their ids."""
    return list(
        Promotion.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(promotions))
        .exclude(budget__isnull=True, customer_cap__isnull=True)
        .order_by("id")
    )


def lock_promotion(promotion_id: int) -> Promotion:
    """Lock and return a promotion, to change its status."""
    return Promotion.objects.select_for_update(of=("self",)).get(pk=promotion_id)


def lock_grants(contact_id: int, promotions: Iterable[int]) -> dict[int, Decimal]:
    """Lock what the promotions have given to a contact, making zero rows where none stood."""
    wanted = sorted(promotions)
    CustomerGrant.objects.bulk_create(
        (CustomerGrant(contact_id=contact_id, promotion_id=each) for each in wanted), ignore_conflicts=True
    )
    rows = CustomerGrant.objects.select_for_update(of=("self",)).filter(contact_id=contact_id, promotion_id__in=wanted)
    return dict(rows.order_by("promotion_id").values_list("promotion_id", "granted"))
