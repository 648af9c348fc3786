"""Promotions as marketers make and run them (specs/cash_desk.md, Purchases; specs/points_and_tiers.md, Earning).

A draft may be changed. One that has been live keeps its terms for ever, because late uploads and returns count
under the terms of the day: another idea is another promotion. Dates end it by the clock, without a job.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_fsm import can_proceed

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.ledger.rounding import ZERO
from loyalty.models import Store
from loyalty.services import journal
from loyalty.services.reasons import required as _reason
from loyalty.services.unit_of_work import unit_of_work
from promos import locks, requirements, services
from promos.errors import PromotionStatusRefused, PromotionTriggerChanged, StoresUnknown
from promos.models import TERMS, Promotion, PromotionStatus, PromotionTrigger

DEFAULTS: dict[str, Any] = {
    "ends_at": None,
    "minimum_basket": ZERO,
    "categories": [],
    "skus": [],
    "stores": [],
    "weekdays": [],
    "hour_from": 0,
    "hour_until": 24,
    "first_purchase": False,
    "birthday_days": None,
    "stacks": True,
    "qualifies": False,
    "customer_cap": None,
    "budget": None,
    "trigger": PromotionTrigger.PURCHASE.value,
    "audience": None,
    "customer_count": None,
    "total_count": None,
    "escrow_days": None,
}
"""What holds where a marketer says nothing: everybody, everywhere, at any time, without limit."""


def create_promotion(
    actor: Actor,
    values: Mapping[str, Any],
    reason: str,
    *,
    face: Mapping[str, Any] | None = None,
    copy_of: str = "",
) -> Promotion:
    """Make a draft of `values`; what is left out is as in `DEFAULTS`. A copy takes the `face` of another promotion.

    Raises InvalidParameter with the name of the first value that cannot be so.
    """
    given = DEFAULTS | dict(values)
    absent = [name for name in TERMS if name not in given]
    if absent:
        raise InvalidParameter("This is needed.", name=absent[0])
    why = _reason(reason)
    terms = requirements.checked(given)
    with unit_of_work():
        _require_stores(terms["stores"])
        promotion = Promotion(created_at=clock.now(), **terms, **(face or {}))
        _require_own_name(promotion)
        promotion.save()
        origin: dict[str, Any] = {"copy_of": copy_of} if copy_of else {}
        journal.record(actor, "promotion.create", promotion.name, reason=why, terms=_told(terms), **origin)
    return promotion


def change_promotion(
    actor: Actor, promotion_id: int, changes: Mapping[str, Any], reason: str, *, shown_trigger: str | None = None
) -> Promotion:
    """Store new terms of a draft; the journal keeps the old and the new values.

    `shown_trigger`: what made it give when the person was shown it; each trigger asks for other terms. Raises
    PromotionNotFound, PromotionStatusRefused when it has been live, PromotionTriggerChanged when another person
    changed the trigger since, InvalidParameter with the field's name.
    """
    why = _reason(reason)
    with unit_of_work():
        promotion = locks.lock_promotion(promotion_id)
        if promotion.status != PromotionStatus.DRAFT:
            raise PromotionStatusRefused(
                "Only a draft can be changed. End this promotion and make a new one.",
                status=promotion.status,
                action="change",
            )
        if shown_trigger not in (None, promotion.trigger):
            raise PromotionTriggerChanged(trigger=promotion.trigger)
        old = {name: getattr(promotion, name) for name in TERMS}
        terms = requirements.checked(old | dict(changes))
        changed = [name for name in TERMS if terms[name] != old[name]]
        if "stores" in changed:
            _require_stores(terms["stores"])
        for name in changed:
            setattr(promotion, name, terms[name])
        _require_own_name(promotion)
        if changed:
            promotion.save(update_fields=changed)
            journal.record(
                actor, "promotion.change", promotion.name, reason=why,
                changes={name: [_plain(old[name]), _plain(terms[name])] for name in changed},
            )  # fmt: skip
    return promotion


def go_live(actor: Actor, promotion_id: int, reason: str) -> Promotion:
    """Let a draft or paused promotion award points from now on, within its own dates.

    Raises PromotionNotFound, PromotionStatusRefused; InvalidParameter when its last day is past, or when it is an
    announcement without a title: nobody would see it.
    """
    return _move(actor, promotion_id, reason, _Move("go_live", services.go_live, _require_sense))


def pause(actor: Actor, promotion_id: int, reason: str) -> Promotion:
    """Stop a live promotion from now on; what was bought before, and is uploaded later, still earns.

    Raises PromotionNotFound, PromotionStatusRefused.
    """
    return _move(actor, promotion_id, reason, _Move("pause", services.pause))


def end(actor: Actor, promotion_id: int, reason: str) -> Promotion:
    """Stop a promotion for good, or give up a draft. Raises PromotionNotFound, PromotionStatusRefused."""
    return _move(actor, promotion_id, reason, _Move("end", services.end))


@dataclass(frozen=True, slots=True)
class _Move:
    """A change of status: its name, what does it, and what it asks of the promotion first."""

    name: str
    run: Callable[[Promotion, datetime], None]
    require: Callable[[Promotion, datetime], None] = lambda _promotion, _now: None


def _move(actor: Actor, promotion_id: int, reason: str, move: _Move) -> Promotion:
    why = _reason(reason)
    with unit_of_work():
        promotion, now = locks.lock_promotion(promotion_id), clock.now()
        if not can_proceed(getattr(promotion, move.name)):
            raise PromotionStatusRefused(
                f"The promotion is {PromotionStatus(promotion.status).label}.",
                status=promotion.status,
                action=move.name,
            )
        move.require(promotion, now)
        old = promotion.status
        move.run(promotion, now)
        journal.record(
            actor, f"promotion.{move.name}", promotion.name, reason=why, status=[str(old), str(promotion.status)]
        )
    return promotion


def _require_sense(promotion: Promotion, now: datetime) -> None:
    if promotion.trigger == PromotionTrigger.ANNOUNCEMENT and not promotion.title:
        raise InvalidParameter("An announcement is nothing but its offer: give it a title first.", name="title")
    if promotion.audience_id is not None:
        # From now on its conditions stay: whoever is changing them finishes first.
        locks.lock_audience(promotion.audience_id)
    if promotion.ends_at is not None and promotion.ends_at <= now:
        raise InvalidParameter("The last day of this promotion is past. Make a new one.", name="ends_at")


def _require_stores(codes: list[str]) -> None:
    known = set(Store.objects.filter(code__in=codes).values_list("code", flat=True)) if codes else set()
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise StoresUnknown(
            f"No store has the code {unknown[0]}. Correct it, or leave the list empty: that means every store.",
            name="stores",
            unknown=unknown,
        )


def _require_own_name(promotion: Promotion) -> None:
    if Promotion.objects.filter(name=promotion.name).exclude(pk=promotion.pk).exists():
        raise InvalidParameter("Another promotion has this name. Choose another.", name="name")


def _told(terms: dict[str, Any]) -> dict[str, Any]:
    """Return the terms that say something: what is empty means "any" and "none"."""
    return {name: _plain(value) for name, value in terms.items() if value not in (None, [], False)}


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | list) or value is None else str(value)
