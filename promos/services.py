"""Changes to promotions and what they have granted. Called by loyalty.services inside its transaction only."""

from datetime import datetime
from decimal import Decimal

from django.db.models import F

from loyalty.ledger.rounding import ZERO
from promos import locks, selectors
from promos.evaluation import Rule
from promos.models import CustomerGrant, LivePeriod, Promotion


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

    Only promotions with a budget or a cap are locked; with none of them this asks nothing of the database.
    """
    limited = locks.lock_limited(rule.promotion_id for rule in rules if rule.ceiling is not None)
    if not limited:
        return rules
    capped = [promotion.pk for promotion in limited if promotion.customer_cap is not None]
    granted = locks.lock_grants(contact_id, capped) if capped else {}
    fresh = {each.pk: selectors.rule_of(each, granted.get(each.pk, ZERO)) for each in limited}
    return tuple(fresh.get(rule.promotion_id, rule) for rule in rules)


def grant(contact_id: int, rules: tuple[Rule, ...], awarded: dict[int, Decimal]) -> None:
    """Count what limited promotions have given; the caller has locked them by `lock_ceilings`."""
    for rule in rules:
        points = awarded.get(rule.promotion_id)
        if points and rule.ceiling is not None:
            Promotion.objects.filter(pk=rule.promotion_id).update(granted=F("granted") + points)
            CustomerGrant.objects.filter(contact_id=contact_id, promotion_id=rule.promotion_id).update(
                granted=F("granted") + points
            )


def _close_period(promotion: Promotion, now: datetime) -> None:
    LivePeriod.objects.filter(promotion=promotion, ended_at__isnull=True).update(ended_at=now)
