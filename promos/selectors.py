"""Promotions that were live at a moment, and what they may still give. No writes, no locks."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from loyalty.ledger.rounding import ZERO
from promos.evaluation import Rule
from promos.models import CustomerGrant, LivePeriod, Promotion, PromotionTrigger
from promos.occasion import Occasion, applies


def rules_for(occasion: Occasion, contact_id: int) -> tuple[Rule, ...]:
    """Return the rules of the promotions that apply, each with what it may still give (1-2 statements)."""
    live = live_at(occasion.moment, PromotionTrigger.PURCHASE)
    found = [promotion for promotion in live if applies(promotion, occasion)]
    if not found:
        return ()
    capped = [promotion.pk for promotion in found if promotion.customer_cap is not None]
    granted = granted_to(contact_id, capped) if capped else {}
    return tuple(rule_of(promotion, granted.get(promotion.pk, ZERO)) for promotion in found)


def granted_to(contact_id: int, promotions: Iterable[int]) -> dict[int, Decimal]:
    """Return what each promotion has given to a contact."""
    rows = CustomerGrant.objects.filter(contact_id=contact_id, promotion_id__in=list(promotions))
    return dict(rows.values_list("promotion_id", "granted"))


def rule_of(promotion: Promotion, granted: Decimal) -> Rule:
    """Return a promotion as a basket sees it, its ceiling being what budget and customer cap leave."""
    left = []
    if promotion.budget is not None:
        left.append(promotion.budget - promotion.granted)
    if promotion.customer_cap is not None:
        left.append(max(promotion.customer_cap - granted, ZERO))
    return Rule(
        promotion_id=promotion.pk,
        name=promotion.name,
        kind=promotion.kind,
        value=promotion.value,
        minimum_basket=promotion.minimum_basket,
        categories=frozenset(promotion.categories),
        skus=frozenset(promotion.skus),
        stacks=promotion.stacks,
        qualifies=promotion.qualifies,
        ceiling=min(left) if left else None,
    )


def live_at(moment: datetime, trigger: str) -> list[Promotion]:
    """Return the promotions of a trigger with a live period around the moment, by id.

    One EXISTS: conditions in a join each might be met by another period of the same promotion.
    """
    around = LivePeriod.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=moment), promotion=OuterRef("pk"), began_at__lte=moment
    )
    return list(Promotion.objects.filter(Exists(around), trigger=trigger).order_by("id"))
