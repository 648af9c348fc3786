"""Changes to promotions and what they have granted. Called by loyalty.services inside its transaction only."""

from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Value
from django.db.models.functions import Greatest

from loyalty.ledger.rounding import ZERO
from promos import locks, selectors
from promos.evaluation import Rule
from promos.models import LivePeriod, Promotion

_COUNT = """
WITH given AS (
    SELECT * FROM unnest(%(promotions)s::bigint[], %(points)s::numeric[]) AS given(promotion_id, points)
), customer AS (
    UPDATE promos_customergrant AS held SET granted = held.granted + given.points FROM given
    WHERE held.promotion_id = given.promotion_id AND held.contact_id = %(contact)s
)
UPDATE promos_promotion AS held SET granted = held.granted + given.points FROM given
WHERE held.id = given.promotion_id AND held.budget IS NOT NULL
"""


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
    limited = locks.lock_budgets(rule.promotion_id for rule in rules if rule.ceiling)
    if not limited:
        return rules
    caps = {each.pk: each.customer_cap for each in limited.values() if each.customer_cap is not None}
    granted = locks.lock_grants(contact_id, caps) if caps else {}
    fresh = {each.pk: selectors.rule_of(each, granted.get(each.pk, ZERO)) for each in limited.values()}
    return tuple(fresh.get(rule.promotion_id, rule) for rule in rules)


def grant(contact_id: int, rules: tuple[Rule, ...], awarded: dict[int, Decimal]) -> None:
    """Count what limited promotions have given; the caller has locked them by `lock_ceilings` (1 statement)."""
    limited = {rule.promotion_id for rule in rules if rule.ceiling is not None}
    _count(contact_id, {each: points for each, points in awarded.items() if each in limited and points})


def release(contact_id: int, returned: dict[int, Decimal]) -> None:
    """Count back what a return took from promotions, by promotion; those without a limit are passed over.

    Together the returns of a purchase never give back more than `grant` counted for it: the caller sees to that.
    Locks promotions and grants: before the balances, as in `lock_ceilings` (3 statements at most).
    """
    points = {each: given for each, given in returned.items() if given}
    limited = locks.lock_budgets(sorted(points)) if points else {}
    caps = {each.pk: each.customer_cap for each in limited.values() if each.customer_cap is not None}
    if caps:
        locks.lock_grants(contact_id, caps)
    _count(contact_id, {each: -points[each] for each in limited})


def _count(contact_id: int, points: dict[int, Decimal]) -> None:
    if not points:
        return
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"promotions": list(points), "points": list(points.values()), "contact": contact_id})


def _close_period(promotion: Promotion, now: datetime) -> None:
    # A server whose clock is a moment behind must not keep a promotion from being stopped.
    LivePeriod.objects.filter(promotion=promotion, ended_at__isnull=True).update(
        ended_at=Greatest("began_at", Value(now))
    )
