"""Two-phase payment with bonuses: hold, capture, void (specs/cash_desk.md, Settled points).

A hold counts against what is available at once and ends by the clock. Each call is idempotent: the same call repeated
answers the first answer, even after the hold has ended.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from cards import locks as card_locks
from cards.errors import CardStatusRefused
from cards.models import Card
from customers.models import ContactStatus
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter, OperationConflict
from loyalty.ledger import holds, posting, rounding
from loyalty.ledger import locks as ledger_locks
from loyalty.ledger.holds import HoldRequest
from loyalty.ledger.models import Hold
from loyalty.ledger.posting import Fact, Posted
from loyalty.models import TillAnswer
from loyalty.selectors import card_balances
from loyalty.services import holders, journal, limits, points, program, receipts, sales
from loyalty.services.errors import HoldNotFound, HoldResolved
from loyalty.services.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class HoldCall:
    """What a till sends to set bonuses aside for a basket of `amount`."""

    purchase_id: str
    number: str
    phone: str
    amount: Decimal
    bonuses_to_pay: Decimal

    @property
    def fingerprint(self) -> str:
        """A digest of the content."""
        return posting.fingerprint(self.number, self.phone, self.amount.normalize(), self.bonuses_to_pay.normalize())


def hold(actor: Actor, call: HoldCall) -> dict[str, Any]:
    """Set bonuses aside; return hold_id, held, ends_at, balance, as stored texts.

    Raises what add raises for the card, InsufficientPoints for more than the share or the balance allows, and
    OperationConflict for a purchase that is recorded already.
    """
    key = key_of(call.purchase_id)
    # Before the card is looked at: the answer to a repeat does not change, whatever became of the card.
    stored = _stored(key, call.fingerprint)
    if stored is not None:
        return stored
    try:
        return _hold(actor, call, key)
    except IntegrityError:
        # The same purchase came with another card at the same time: the two lock different rows.
        stored = _stored(key, call.fingerprint)
        if stored is None:
            raise
        return stored


def _hold(actor: Actor, call: HoldCall, key: str) -> dict[str, Any]:
    find = holders.finder(call.number, call.phone)
    with unit_of_work():
        settings = program.settings()
        now = clock.now()
        holder = holders.lock_holder(find, call.purchase_id, now)
        stored = _stored(key, call.fingerprint)
        if stored is not None:
            return stored
        if holder.existing is not None:
            raise OperationConflict("This purchase is recorded already.", key=call.purchase_id)
        sales.require_status(holder, spends=True)
        sales.require_share(call.bonuses_to_pay, call.amount, settings)
        ledger_locks.lock_balances(holder.contact_id, now)
        placed = holds.place(
            HoldRequest(
                contact_id=holder.contact_id,
                key=key,
                fingerprint=call.fingerprint,
                amount=call.bonuses_to_pay,
                made_at=now,
                ends_at=now + timedelta(minutes=settings.hold_minutes),
                actor=str(actor),
                cause=f"purchase:{call.purchase_id}",
            )
        )
        journal.record(actor, "bonuses.hold", call.purchase_id, contact_id=holder.contact_id)
        return _keep(
            key,
            call.fingerprint,
            placed,
            hold_id=str(placed.public_id),
            held=str(placed.amount),
            # Written once, in the zone of that day: a repeat hears the same letters.
            ends_at=placed.ends_at.astimezone(settings.tzinfo).isoformat(),
        )


def capture(actor: Actor, hold_id: UUID, amount: Decimal | None) -> dict[str, Any]:
    """Spend a hold, whole or in part; the rest is free again. Return captured, balance, as stored texts.

    Raises HoldNotFound, HoldResolved, CardStatusRefused (blocked meanwhile), InvalidParameter (more than is held),
    InsufficientPoints, OperationConflict.
    """
    fingerprint = posting.fingerprint("capture", None if amount is None else amount.normalize())

    def resolve(found: Hold) -> dict[str, str]:
        card = _require_spendable(found)
        wanted = found.amount if amount is None else amount
        # The spend counts here, once: the purchase that follows counts what it accrues.
        limits.count_purchase(
            actor,
            card_id=card.pk,
            card_number=card.number,
            till="",
            cashier="",
            accrued=rounding.ZERO,
            paid=wanted,
            moment=clock.now(),
        )
        capture_within(actor, found, wanted, cause=found.cause)
        return {"captured": str(wanted)}

    return _resolve(actor, hold_id, "capture", fingerprint, resolve)


def void(actor: Actor, hold_id: UUID) -> dict[str, Any]:
    """Give a hold back. Return balance as stored text. Raises HoldNotFound, HoldResolved."""

    def resolve(found: Hold) -> dict[str, str]:
        holds.void(found, clock.now())
        return {}

    return _resolve(actor, hold_id, "void", posting.fingerprint("void"), resolve)


def capture_within(actor: Actor, found: Hold, amount: Decimal, *, cause: str) -> Posted:
    """Capture a locked hold inside the caller's transaction.

    Raises HoldResolved, InvalidParameter, InsufficientPoints.
    """
    now = clock.now()
    if not holds.is_open(found, now):
        raise HoldResolved()
    if amount > found.amount:
        raise InvalidParameter(f"Only {found.amount} are held.", name="Amount")
    settings = program.settings()
    if ledger_locks.lock_balances(found.contact_id, now).due:
        points.settle(found.contact_id, actor, settings.tzinfo)
    fact = Fact(
        contact_id=found.contact_id,
        key=f"hold:{found.public_id}:capture",
        fingerprint=posting.fingerprint(amount.normalize()),
        effective_at=now,
        recorded_at=now,
        actor=str(actor),
        cause=cause,
    )
    return holds.capture(found, fact, amount)


def _resolve(
    actor: Actor, hold_id: UUID, act: str, fingerprint: str, resolve: Callable[[Hold], dict[str, str]]
) -> dict[str, Any]:
    with unit_of_work():
        known = holds.find(hold_id)
        if known is None:
            raise HoldNotFound()
        # The card comes first in the order of locks: an add of the same purchase, and a block, hold it too.
        card_locks.lock_active_of(known.contact_id)
        found = holds.lock_hold(hold_id)
        if found is None:
            raise HoldNotFound()
        key = f"hold:{hold_id}:{act}"
        stored = _stored(key, fingerprint)
        if stored is not None:
            return stored
        if not holds.is_open(found, clock.now()):
            raise HoldResolved()
        answer = resolve(found)
        journal.record(actor, f"bonuses.{act}", str(hold_id), contact_id=found.contact_id)
        return _keep(key, fingerprint, found, **answer)


def key_of(purchase_id: str) -> str:
    """Return the key of the one hold that a purchase may have."""
    return f"hold:{purchase_id}"


def _require_spendable(found: Hold) -> Card:
    """Refuse a capture that spends from a blocked card or contact, or beside a purchase that is already paid."""
    card = card_locks.lock_active_of(found.contact_id)
    if card is None or card.contact is None or card.contact.status == ContactStatus.BLOCKED:
        raise CardStatusRefused("The holder has no card that may spend.", action="capture")
    if receipts.stored(found.key.removeprefix(key_of(""))) is not None:
        raise HoldResolved("The purchase of this hold was recorded without it.")
    return card


def _stored(key: str, fingerprint: str) -> dict[str, Any] | None:
    stored = TillAnswer.objects.filter(key=key).first()
    if stored is None:
        return None
    if stored.fingerprint != fingerprint:
        raise OperationConflict(key=key)
    answer: dict[str, Any] = stored.answer
    return answer


def _keep(key: str, fingerprint: str, found: Hold, **answer: str) -> dict[str, Any]:
    now = clock.now()
    answer["balance"] = str(card_balances.spendable_now(found.contact_id))
    TillAnswer.objects.create(
        key=key, fingerprint=fingerprint, contact_id=found.contact_id, answer=answer, recorded_at=now
    )
    return answer


def sweep() -> int:
    """Tidy up the holds that the clock has ended; return how many. Changes no answer."""
    with unit_of_work():
        return holds.sweep(clock.now())
