"""Changes to promotions and what they have granted. Called by loyalty.services inside its transaction only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Value
from django.db.models.functions import Greatest

from loyalty.ledger.rounding import ZERO
from promos import locks, selectors
from promos.evaluation import Rule
from promos.locks import CustomerLimits
from promos.models import CustomerGrant, LivePeriod, Promotion

# Points count against budgets and caps, times against counts; what has no such limit is not counted, so that
# nobody waits for a promotion's row without need. `most` is kept by the grant once it is known.
_COUNT = """
WITH given AS (
    SELECT * FROM unnest(%(promotions)s::bigint[], %(points)s::numeric[], %(times)s::int[], %(own_times)s::int[],
        %(most)s::int[]) AS given(promotion_id, points, times, own_times, most)
), customer AS (
    UPDATE promos_customergrant AS held
    SET granted = held.granted + given.points, count = held.count + given.own_times,
        most = coalesce(held.most, given.most)
    FROM given WHERE held.promotion_id = given.promotion_id AND held.contact_id = %(contact)s
)
UPDATE promos_promotion AS held
SET granted = held.granted + CASE WHEN held.budget IS NULL THEN 0 ELSE given.points END,
    used = held.used + CASE WHEN held.total_count IS NULL THEN 0 ELSE given.times END
FROM given
WHERE held.id = given.promotion_id AND (held.budget IS NOT NULL OR held.total_count IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a counted promotion may still give to one customer, as read under lock. None: no such limit.

    `points` and `times` are what is left for all; `own_points` and `own_times` what is left for the customer, who
    may get it `most` times.
    """

    promotion: Promotion
    points: Decimal | None
    times: int | None
    own_points: Decimal | None
    own_times: int | None
    most: int | None

    @property
    def open_for_all(self) -> bool:
        """Whether anything is left at all."""
        return self.points != 0 and self.times != 0

    @property
    def open_for_customer(self) -> bool:
        """Whether anything is left for this customer."""
        return self.own_points != 0 and self.own_times != 0

    @property
    def ceiling(self) -> Decimal | None:
        """The most points that one use may give; None when nothing caps it."""
        left = [each for each in (self.points, self.own_points) if each is not None]
        return min(left) if left else None


def go_live(promotion: Promotion, now: datetime) -> None:
    """Make a locked promotion live from now on."""
    promotion.go_live()
    promotion.save(update_fields=["status"])
    LivePeriod.objects.create(promotion=promotion, began_at=now)


def pause(promotion: Promotion, now: datetime) -> None:
    """Stop a locked promotion for a while."""
    promotion.pause()
    promotion.save(update_fields=["status"])
    _close_period(promotion, now)


def end(promotion: Promotion, now: datetime) -> None:
    """Stop a locked promotion for good."""
    promotion.end()
    promotion.save(update_fields=["status"])
    _close_period(promotion, now)


def lock_ceilings(contact_id: int, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return the rules with what they may still give, read under lock: so no budget or cap is overrun.

    What is used up already is not locked: a spent budget would hold up every till for nothing. The caller holds
    the card and the contact and no balance yet, evaluates again with the answer, then calls `grant`. Costs nothing
    without ceilings; give it the rules that `evaluation.narrow` left, so that no till waits for what it cannot use.
    """
    limited = locks.lock_limited(rule.promotion_id for rule in rules if rule.ceiling)
    if not limited:
        return rules
    granted = _lock_grants(contact_id, _limits(limited.values()))
    fresh = {
        each.pk: selectors.rule_of(each, granted[each.pk].granted if each.pk in granted else ZERO)
        for each in limited.values()
    }
    return tuple(fresh.get(rule.promotion_id, rule) for rule in rules)


def grant(contact_id: int, rules: tuple[Rule, ...], awarded: dict[int, Decimal]) -> None:
    """Count what limited promotions have given; the caller has locked them by `lock_ceilings` (1 statement)."""
    limited = {rule.promotion_id for rule in rules if rule.ceiling is not None}
    _count(contact_id, [_Counted(each, points) for each, points in awarded.items() if each in limited and points])


def lock_counted(contact_id: int, promotions: Iterable[Promotion], *, most: int | None = None) -> list[Allowance]:
    """Return what each promotion may still give to a contact, in their order, read under lock.

    For what gives by receipts and codes: beside budget and cap, times are limited. `most` holds for a customer where
    a promotion itself says nothing (a shared code: once). The caller holds the card and the contact and no balance
    yet, decides, then calls `count_uses` with what it used. Costs nothing without limits; else 1 statement for the
    promotions (2 when some are limited for each customer alone) and 1 for the grants (3 the first time).
    """
    wanted = list(promotions)
    counts = {each.pk: most if each.customer_count is None else each.customer_count for each in wanted}
    limited = [each for each in wanted if each.budget is not None or each.total_count is not None]
    fresh = locks.lock_limited(each.pk for each in limited)
    grants = _lock_grants(contact_id, _limits(wanted, counts))
    return [_allowance(fresh.get(each.pk, each), grants.get(each.pk), counts[each.pk]) for each in wanted]


def count_uses(contact_id: int, uses: Sequence[tuple[Allowance, Decimal]]) -> None:
    """Count one use of each promotion and the points it gave; `lock_counted` has locked them (1 statement)."""
    _count(
        contact_id,
        [
            _Counted(each.promotion.pk, points, 1, 0 if each.most is None else 1, each.most)
            for each, points in uses
            if _is_counted(each)
        ],
    )


def release(contact_id: int, returned: dict[int, Decimal], *, times: int = 0) -> None:
    """Count back what a return took from promotions, by promotion; those without a limit are passed over.

    `times`: the uses counted back of each; 1 when a receipt is taken back whole, 0 for a purchase. Together the
    returns of a purchase never give back more than was counted for it: the caller sees to that.
    Locks promotions and grants: before the balances, as in `lock_ceilings` (3 statements at most).
    """
    points = {each: given for each, given in returned.items() if given}
    limited = locks.lock_limited(sorted(points))
    _lock_grants(contact_id, _limits(limited.values()))
    _count(
        contact_id,
        [
            _Counted(each.pk, -points[each.pk], -times, 0 if each.customer_count is None else -times)
            for each in limited.values()
        ],
    )


@dataclass(frozen=True, slots=True)
class _Counted:
    """What is added to the counts of a promotion and of the customer: points, times."""

    promotion_id: int
    points: Decimal
    times: int = 0
    own_times: int = 0
    most: int | None = None


def _limits(promotions: Iterable[Promotion], counts: dict[int, int | None] | None = None) -> dict[int, CustomerLimits]:
    """Return the limits for one customer, without the promotions that have none."""
    found = {
        each.pk: CustomerLimits(each.customer_cap, counts[each.pk] if counts else each.customer_count)
        for each in promotions
    }
    return {each: limits for each, limits in found.items() if limits != CustomerLimits(None, None)}


def _lock_grants(contact_id: int, limits: dict[int, CustomerLimits]) -> dict[int, CustomerGrant]:
    return locks.lock_grants(contact_id, limits) if limits else {}


def _allowance(promotion: Promotion, grant: CustomerGrant | None, most: int | None) -> Allowance:
    cap, given, count = promotion.customer_cap, grant.granted if grant else ZERO, grant.count if grant else 0
    return Allowance(
        promotion=promotion,
        points=None if promotion.budget is None else promotion.budget - promotion.granted,
        times=None if promotion.total_count is None else promotion.total_count - promotion.used,
        own_points=None if cap is None else max(cap - given, ZERO),
        own_times=None if most is None else max(most - count, 0),
        most=most,
    )


def _is_counted(allowance: Allowance) -> bool:
    left = (allowance.points, allowance.times, allowance.own_points, allowance.own_times)
    return any(each is not None for each in left)


def _count(contact_id: int, counted: Sequence[_Counted]) -> None:
    if not counted:
        return
    parameters: dict[str, Any] = {
        "contact": contact_id,
        "promotions": [each.promotion_id for each in counted],
        "points": [each.points for each in counted],
        "times": [each.times for each in counted],
        "own_times": [each.own_times for each in counted],
        "most": [each.most for each in counted],
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, parameters)


def _close_period(promotion: Promotion, now: datetime) -> None:
    # A server whose clock is a moment behind must not keep a promotion from being stopped.
    LivePeriod.objects.filter(promotion=promotion, ended_at__isnull=True).update(
        ended_at=Greatest("began_at", Value(now))
    )
