"""Holds: points set aside while a till makes up its mind (specs/points_and_tiers.md, Spending).

The caller holds the contact's balances. The clock ends a hold; the sweep only tidies up.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import F

from loyalty.core.errors import InsufficientPoints
from loyalty.ledger import balances, posting
from loyalty.ledger.locks import lock_hold, require_transaction
from loyalty.ledger.models import Hold
from loyalty.ledger.posting import Fact, Posted
from loyalty.ledger.rounding import ZERO


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What a till asks to be set aside: `key` makes it idempotent, `ends_at` ends it by the clock."""

    contact_id: int
    key: str
    fingerprint: str
    amount: Decimal
    made_at: datetime
    ends_at: datetime
    actor: str
    cause: str


def place(request: HoldRequest) -> Hold:
    """Set points aside (2 statements). Raises InsufficientPoints with `available`; then nothing is written."""
    require_transaction()
    available = balances.read(request.contact_id, request.made_at).available
    if request.amount > available:
        raise InsufficientPoints(available=available)
    return Hold.objects.create(
        contact_id=request.contact_id,
        key=request.key,
        fingerprint=request.fingerprint,
        amount=request.amount,
        made_at=request.made_at,
        ends_at=request.ends_at,
        actor=request.actor,
        cause=request.cause,
    )


def is_open(hold: Hold, now: datetime) -> bool:
    """Tell whether a hold still counts: not resolved, and its end not reached."""
    return hold.resolved_at is None and hold.ends_at > now


def capture(hold: Hold, fact: Fact, amount: Decimal) -> Posted:
    """Spend `amount` of a locked, open hold; the rest is free again. `amount` is above zero and within the hold."""
    if not is_open(hold, fact.recorded_at) or not ZERO < amount <= hold.amount:
        raise ValueError("only an open hold can be captured, at most in whole")
    posted = posting.redeem(fact, amount=amount, from_hold=hold.pk)
    hold.resolved_at, hold.captured, hold.operation_id = fact.recorded_at, amount, posted.operation_id
    hold.save(update_fields=["resolved_at", "captured", "operation_id"])
    return posted


def void(hold: Hold, now: datetime) -> None:
    """Give a locked, open hold back."""
    if not is_open(hold, now):
        raise ValueError("only an open hold can be voided")
    hold.resolved_at, hold.captured = now, ZERO
    hold.save(update_fields=["resolved_at", "captured"])


def find(public_id: UUID) -> Hold | None:
    """Return the hold with a HoldId, not locked."""
    return Hold.objects.filter(public_id=public_id).first()


def sweep(now: datetime) -> int:
    """Mark the holds whose end has passed as resolved; return how many (1 statement). Changes no answer."""
    return Hold.objects.filter(resolved_at__isnull=True, ends_at__lte=now).update(
        resolved_at=F("ends_at"), captured=ZERO
    )


__all__ = ["HoldRequest", "capture", "find", "is_open", "lock_hold", "place", "sweep", "void"]
