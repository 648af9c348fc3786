"""Limits of spends and accruals a day: counted in the purchase's own transaction, exact however many come at once.

A day is the retailer's day on which the call is recorded, whatever Date it carries: nobody gets around a limit by
dating receipts back. A late upload that is refused has lost nothing: it may be sent again the next day. What was
counted stays counted when the purchase is cancelled or returned: limits watch what people do, not what is left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter, LimitExceeded
from loyalty.models import Limit, LimitedAct, LimitMeasure, LimitScope, LimitUse, Program
from loyalty.services import journal, program
from loyalty.services.unit_of_work import unit_of_work

KEPT_DAYS = 35
DELETED_AT_ONCE = 2_000

# Rows come in the order of the key in every purchase, so that two purchases never wait for each other in a ring.
_COUNT = """
WITH act AS (
    SELECT * FROM unnest(%(scopes)s::text[], %(subjects)s::text[], %(whats)s::text[], %(amounts)s::numeric[])
        AS given (scope, subject, what, amount)
), bound AS (
    SELECT scope, what,
        max(soft) FILTER (WHERE measure = 'count') AS soft_count,
        max(hard) FILTER (WHERE measure = 'count') AS hard_count,
        max(soft) FILTER (WHERE measure = 'amount') AS soft_amount,
        max(hard) FILTER (WHERE measure = 'amount') AS hard_amount
    FROM loyalty_limit WHERE soft IS NOT NULL OR hard IS NOT NULL GROUP BY scope, what
), used AS (
    INSERT INTO loyalty_limituse AS stored (scope, subject, what, day, count, amount)
    SELECT act.scope, act.subject, act.what, %(day)s::date, 1, act.amount
    FROM act JOIN bound USING (scope, what) ORDER BY act.scope, act.subject, act.what
    ON CONFLICT (scope, subject, what, day)
        DO UPDATE SET count = stored.count + 1, amount = stored.amount + excluded.amount
    RETURNING id, scope, subject, what, count, amount, count_alerted, amount_alerted
)
SELECT used.id, scope, used.subject, what, used.count, used.amount, used.count_alerted, used.amount_alerted,
    soft_count, hard_count, soft_amount, hard_amount
FROM used JOIN bound USING (scope, what) ORDER BY scope, what
"""


@dataclass(frozen=True, slots=True)
class _Used:
    """A subject's day beside one of its limits."""

    use_id: int
    scope: str
    subject: str
    what: str
    measure: str
    used: Decimal
    alerted: bool
    soft: Decimal | None
    hard: Decimal | None


def count_purchase(
    actor: Actor,
    *,
    card_id: int,
    card_number: str,
    till: str,
    cashier: str,
    accrued: Decimal,
    paid: Decimal,
    moment: datetime,
    settings: Program | None = None,
) -> None:
    """Count what a call accrues and spends against the day of `moment`, in the caller's transaction.

    Call it after the purchase's claim and before balances are locked. With the caller's `settings` nothing is sent
    to the database while no limit is set, one statement otherwise; without them they are read. `card_number` may
    be empty: it only makes an alert readable. Raises LimitExceeded.
    """
    settings = settings or program.settings()
    if not settings.limits_on:
        return
    acts = [(LimitedAct.ACCRUALS.value, accrued), (LimitedAct.SPENDS.value, paid)]
    acts = [(what, amount) for what, amount in acts if amount > 0]
    if not acts:
        return
    subjects = {
        LimitScope.CARD.value: str(card_id),
        # A till that leaves its name out is counted with the others of its credential that do.
        LimitScope.CASHIER.value: f"{actor.name}/{cashier}",
        LimitScope.TILL.value: f"{actor.name}/{till}",
    }
    day = moment.astimezone(settings.tzinfo).date()
    counted = list(_count(subjects, acts, day))
    for used in counted:
        _refuse_beyond(used)
    names = {**subjects, LimitScope.CARD.value: card_number or str(card_id)}
    for used in counted:
        _alert_beyond(actor, used, names[used.scope], day)


def set_bounds(actor: Actor, limit_id: int, *, soft: Decimal | None, hard: Decimal | None, reason: str = "") -> Limit:
    """Set the bounds of a limit; None switches one off. Raises InvalidParameter (`soft` or `hard`)."""
    with unit_of_work():
        settings = program.lock_settings()
        limit = Limit.objects.get(pk=limit_id)
        before = (limit.soft, limit.hard)
        limit.soft, limit.hard, limit.updated_at = soft, hard, clock.now()
        _require_valid(limit)
        limit.save(update_fields=["soft", "hard", "updated_at"])
        settings.limits_on = any(each.on for each in Limit.objects.all())
        settings.save(update_fields=["limits_on"])
        changes: dict[str, Any] = {name: [_word(old), _word(new)] for name, old, new in zip(
            ("soft", "hard"), before, (soft, hard), strict=True) if old != new}  # fmt: skip
        journal.record(actor, "limit.set", str(limit), reason=reason, **changes)
    return limit


def delete_old_uses() -> int:
    """Delete counters of days long past, some thousands a transaction; return how many."""
    oldest = clock.today(program.settings().tzinfo) - timedelta(days=KEPT_DAYS)
    deleted = 0
    while gone := _delete_before(oldest):
        deleted += gone
    return deleted


def _count(subjects: dict[str, str], acts: list[tuple[str, Decimal]], day: date) -> Iterator[_Used]:
    rows = [(scope, subject, what, amount) for scope, subject in subjects.items() for what, amount in acts]
    scopes, names, whats, amounts = (list(column) for column in zip(*rows, strict=True))
    parameters: dict[str, Any] = {"scopes": scopes, "subjects": names, "whats": whats, "amounts": amounts, "day": day}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, parameters)
        found = cursor.fetchall()
    for row in found:
        yield from _measures(row)


def _measures(row: tuple[Any, ...]) -> Iterator[_Used]:
    use_id, scope, subject, what, count, amount, by_count, by_amount, soft_count, hard_count, soft, hard = row
    number = Decimal(count)
    yield _Used(use_id, scope, subject, what, LimitMeasure.COUNT.value, number, by_count, soft_count, hard_count)
    yield _Used(use_id, scope, subject, what, LimitMeasure.AMOUNT.value, amount, by_amount, soft, hard)


def _refuse_beyond(used: _Used) -> None:
    if used.hard is not None and used.used > used.hard:
        raise LimitExceeded(
            f"The {used.scope}'s limit of {used.what} a day is reached: {used.measure} {_word(used.hard)}.",
            scope=used.scope,
            what=used.what,
            measure=used.measure,
            bound=used.hard,
        )


def _alert_beyond(actor: Actor, used: _Used, name: str, day: date) -> None:
    """Write one alert for each subject, day and limit: the counter's row is ours, so nobody writes a second."""
    if used.soft is None or used.used <= used.soft or used.alerted:
        return
    LimitUse.objects.filter(pk=used.use_id).update(**{f"{used.measure}_alerted": True})
    journal.record(
        actor,
        "limit.soft_exceeded",
        name[:120],
        scope=used.scope,
        what=used.what,
        measure=used.measure,
        bound=_word(used.soft),
        used=_word(used.used),
        day=day.isoformat(),
    )


def _require_valid(limit: Limit) -> None:
    for name in ("soft", "hard"):
        bound = getattr(limit, name)
        if bound is not None and limit.measure == LimitMeasure.COUNT and bound != bound.to_integral_value():
            raise InvalidParameter("A number of acts is a whole number.", name=name)
    if limit.soft is not None and limit.hard is not None and limit.soft > limit.hard:
        raise InvalidParameter("The soft bound lies above the hard bound.", name="soft")
    try:
        limit.full_clean()
    except ValidationError as error:
        name, texts = next(iter(error.message_dict.items()))
        raise InvalidParameter(texts[0], name=name) from error


def _delete_before(oldest: date) -> int:
    old = LimitUse.objects.filter(day__lt=oldest).order_by("day").values("pk")
    with unit_of_work():
        return LimitUse.objects.filter(pk__in=old[:DELETED_AT_ONCE])._raw_delete("default")


def _word(bound: Decimal | None) -> str:
    return "off" if bound is None else f"{bound.normalize():f}"
