"""Row locks on promotions and grants: after the card and the contact, before the balances.

A single-use code comes first, then promotions with a limit for all, by id, then the grants of the one contact, by
promotion. The locks leave keys alone (FOR NO KEY UPDATE): a grant that is made meanwhile refers to its promotion and
need not wait for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from promos.errors import AudienceNotFound, PromotionNotFound, SegmentNotFound
from promos.models import (
    Audience,
    CodeBatch,
    CodeBatchStatus,
    CustomerGrant,
    PromoCode,
    Promotion,
    Segment,
    SegmentChange,
    SegmentChangeStatus,
)

_FOR_ALL = Q(budget__isnull=False) | Q(total_count__isnull=False)
_FOR_ONE = Q(customer_cap__isnull=False) | Q(customer_count__isnull=False)


@dataclass(frozen=True, slots=True)
class CustomerLimits:
    """The most that a promotion may give to one customer: points, times. None: no such limit."""

    cap: Decimal | None
    most: int | None


def lock_limited(promotions: Iterable[int]) -> dict[int, Promotion]:
    """Return the promotions that have any limit; those limited for all are locked, in the order of their ids.

    What is limited for each customer alone is not locked: otherwise all customers would queue for it. Costs nothing
    for no promotions.
    """
    wanted = list(promotions)
    if not wanted:
        return {}
    limited = Promotion.objects.filter(pk__in=wanted).order_by("id")
    locked = limited.filter(_FOR_ALL).select_for_update(of=("self",), no_key=True)
    found = {promotion.pk: promotion for promotion in locked}
    if len(found) < len(wanted):
        found |= {each.pk: each for each in limited.filter(~_FOR_ALL & _FOR_ONE)}
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


def lock_grants(contact_id: int, limits: Mapping[int, CustomerLimits]) -> dict[int, CustomerGrant]:
    """Lock what limited promotions have given to a contact, making zero rows where none stood (1 statement, or 3)."""
    wanted = sorted(limits)
    rows = (
        CustomerGrant.objects.select_for_update(of=("self",), no_key=True)
        .filter(contact_id=contact_id, promotion_id__in=wanted)
        .order_by("promotion_id")
    )
    found = {grant.promotion_id: grant for grant in rows}
    if len(found) < len(wanted):
        CustomerGrant.objects.bulk_create(
            (
                CustomerGrant(contact_id=contact_id, promotion_id=each, cap=limits[each].cap, most=limits[each].most)
                for each in wanted
            ),
            ignore_conflicts=True,
        )
        found = {grant.promotion_id: grant for grant in rows.all()}
    return found


def lock_code(code_id: int) -> PromoCode:
    """Lock and return a single-use code; it must exist."""
    return PromoCode.objects.select_for_update(of=("self",), no_key=True).get(pk=code_id)


def lock_next_batch() -> CodeBatch | None:
    """Lock and return the oldest batch that is not done and that no other worker holds; None if there is none."""
    waiting = CodeBatch.objects.exclude(status=CodeBatchStatus.DONE).order_by("id")
    return waiting.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
