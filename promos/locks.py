"""Row locks on promotions and grants: after the card and the contact, before the balances.

Promotions with a budget come first, by id, then the grants of the one contact, by promotion. The locks leave keys
alone (FOR NO KEY UPDATE): a grant that is made meanwhile refers to its promotion and need not wait for it.
"""

from collections.abc import Iterable
from decimal import Decimal

from promos.errors import AudienceNotFound, PromotionNotFound, SegmentNotFound
from promos.models import Audience, CustomerGrant, Promotion, Segment, SegmentChange, SegmentChangeStatus


def lock_budgets(promotions: Iterable[int]) -> dict[int, Promotion]:
    """Return the promotions that have a budget or a cap; those with a budget are locked, in the order of their ids.

    A cap belongs to one customer: a promotion with nothing but a cap is not locked, or all customers would queue.
    """
    wanted = list(promotions)
    limited = Promotion.objects.filter(pk__in=wanted).order_by("id")
    locked = limited.filter(budget__isnull=False).select_for_update(of=("self",), no_key=True)
    found = {promotion.pk: promotion for promotion in locked}
    if len(found) < len(wanted):
        found |= {each.pk: each for each in limited.filter(budget__isnull=True, customer_cap__isnull=False)}
    return found


def lock_promotion(promotion_id: int) -> Promotion:
    """Lock and return a promotion, to change its terms or its status. Raises PromotionNotFound."""
    try:
        return Promotion.objects.select_for_update(of=("self",), no_key=True).get(pk=promotion_id)
    except Promotion.DoesNotExist as error:
        raise PromotionNotFound() from error


def lock_audience(audience_id: int) -> Audience:
    """Lock and return an audience: to change it, or, after the promotion, to let a promotion go live for it.

    Raises AudienceNotFound.
    """
    try:
        return Audience.objects.select_for_update(of=("self",), no_key=True).get(pk=audience_id)
    except Audience.DoesNotExist as error:
        raise AudienceNotFound() from error


def lock_segment(segment_id: int) -> Segment:
    """Lock and return a segment: changes of its members come one after another. Raises SegmentNotFound."""
    try:
        return Segment.objects.select_for_update(of=("self",), no_key=True).get(pk=segment_id)
    except Segment.DoesNotExist as error:
        raise SegmentNotFound() from error


def lock_change(change_id: int, *, wait: bool = False) -> SegmentChange | None:
    """Lock and return an order to change a segment; None when it is done.

    None also when another worker holds it right now, unless the caller wants to `wait`.
    """
    open_ = SegmentChange.objects.exclude(status=SegmentChangeStatus.DONE)
    return open_.select_for_update(of=("self",), no_key=True, skip_locked=not wait).filter(pk=change_id).first()


def lock_grants(contact_id: int, caps: dict[int, Decimal]) -> dict[int, Decimal]:
    """Lock what capped promotions have given to a contact, making zero rows where none stood."""
    wanted = sorted(caps)
    rows = (
        CustomerGrant.objects.select_for_update(of=("self",), no_key=True)
        .filter(contact_id=contact_id, promotion_id__in=wanted)
        .order_by("promotion_id")
        .values_list("promotion_id", "granted")
    )
    found = dict(rows)
    if len(found) < len(wanted):
        CustomerGrant.objects.bulk_create(
            (CustomerGrant(contact_id=contact_id, promotion_id=each, cap=caps[each]) for each in wanted),
            ignore_conflicts=True,
        )
        found = dict(rows.all())
    return found
