"""Promotions that were live at a moment, and what they may still give. No writes, no locks."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from loyalty.ledger.models import Operation
from loyalty.ledger.rounding import ZERO
from promos.evaluation import Rule
from promos.models import Audience, CodeUse, CustomerGrant, LivePeriod, PromoCode, Promotion, PromotionTrigger
from promos.occasion import Occasion, applies

WhichInclude = Callable[[Collection[Audience]], Collection[int]]
"""Returns the ids of those audiences that hold the contact in question; asks the database once, and only if it must."""


def rules_for(occasion: Occasion, contact_id: int, which_include: WhichInclude) -> tuple[Rule, ...]:
    """Return the rules of the promotions that apply, each with what it may still give.

    One statement, one more for caps, one more when a promotion that applies otherwise is for an audience.
    """
    live = live_at(occasion.moment, PromotionTrigger.PURCHASE)
    found = for_contact([each for each in live if applies(each, occasion)], which_include)
    if not found:
        return ()
    capped = [promotion.pk for promotion in found if promotion.customer_cap is not None]
    granted = granted_to(contact_id, capped) if capped else {}
    return tuple(rule_of(promotion, granted.get(promotion.pk, ZERO)) for promotion in found)


def for_contact(promotions: list[Promotion], which_include: WhichInclude) -> list[Promotion]:
    """Return the promotions that are for everybody, and those whose audience holds the contact (1 statement)."""
    asked = {each.audience.pk: each.audience for each in promotions if each.audience is not None}
    holding = which_include(list(asked.values())) if asked else ()
    return [each for each in promotions if each.audience_id is None or each.audience_id in holding]


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
    """Return the promotions of a trigger with a live period around the moment, by id, with their audiences.

    One EXISTS: conditions in a join each might be met by another period of the same promotion.
    """
    found = Promotion.objects.filter(Exists(_live_around(moment, "pk")), trigger=trigger)
    return list(found.select_related("audience").order_by("id"))


def _live_around(moment: datetime, promotion: str) -> QuerySet[LivePeriod]:
    return LivePeriod.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=moment), promotion=OuterRef(promotion), began_at__lte=moment
    )


def find_code(code: str, moment: datetime) -> tuple[PromoCode, bool] | None:
    """Return the code in its stored form with its promotion, and whether that is live at the moment; None if unknown.

    Live by its status: its own dates are conditions like hours and weekdays (`promos.occasion`).
    """
    found = (
        PromoCode.objects.select_related("promotion", "promotion__audience")
        .annotate(live=Exists(_live_around(moment, "promotion")))
        .filter(code=code)
        .first()
    )
    return None if found is None else (found, bool(found.live))


def times_used(code_id: int, contact_id: int) -> tuple[int, int]:
    """Return how often a contact has used a code, and how many of those it did under its own name: the others came
    with a merge (1 statement)."""
    own = Operation.objects.filter(pk=OuterRef("operation_id"), contact_id=OuterRef("contact_id"))
    uses = CodeUse.objects.filter(contact_id=contact_id, code_id=code_id).annotate(own=Exists(own))
    told = list(uses.values_list("own", flat=True))
    return len(told), sum(told)


def codes_of(batch_id: int, size: int) -> Iterator[tuple[str, datetime | None]]:
    """Yield the codes of a batch, each with the moment of its use, in the order in which they were made.

    Ranges of the key, `size` rows a statement, instead of one cursor: whoever reads slowly holds nothing open.
    """
    last = 0
    while rows := list(
        PromoCode.objects.filter(batch_id=batch_id, pk__gt=last)
        .order_by("pk")
        .values_list("pk", "code", "used_at")[:size]
    ):
        yield from ((code, used_at) for _, code, used_at in rows)
        last = rows[-1][0]
