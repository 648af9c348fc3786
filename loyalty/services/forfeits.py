"""Giving up points: by leaving, by erasure, and when goods come back to somebody who has left."""

import uuid
from datetime import datetime
from decimal import Decimal

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.ledger import adjusting, balances, forfeiting, posting
from loyalty.ledger.accounts import Account
from loyalty.ledger.posting import Fact
from loyalty.ledger.rounding import ZERO
from loyalty.services import expiry, points, program
from tiers import services as tiers


def settle(actor: Actor, contact_id: int) -> None:
    """Lock the contact's balances, land what has matured, burn what has expired."""
    points.settle_fully(contact_id, actor, program.settings().tzinfo)


def give_up(actor: Actor, contact_id: int, cause: str) -> Decimal:
    """Burn all that is or could become spendable; return how many points. The balances are locked and settled."""
    return forfeiting.forfeit(_fact(actor, contact_id, cause, clock.now()))


def give_up_again(actor: Actor, contact_id: int) -> Decimal:
    """Burn what came back, with goods, to somebody who has left; others keep it. The balances are locked."""
    return give_up(actor, contact_id, "left") if tiers.has_left(contact_id) else ZERO


def write_off(actor: Actor, contact_id: int, reason: str) -> Decimal:
    """Pay the contact's debt on behalf of the retailer; return how many points. The balances are locked and settled."""
    now = clock.now()
    debt = max(-balances.read(contact_id, now).spendable, ZERO)
    if debt:
        fact = _fact(actor, contact_id, "erasure", now, reason)
        adjusting.credit(fact, account=Account.SPENDABLE, amount=debt, expires_at=_end(now))
    return debt


def _end(now: datetime) -> datetime | None:
    return expiry.date_of(program.settings(), matures_at=now, active_at=now)


def _fact(actor: Actor, contact_id: int, cause: str, now: datetime, reason: str = "") -> Fact:
    key = uuid.uuid4()
    return Fact(
        contact_id=contact_id,
        key=f"{cause}:{key}",
        fingerprint=posting.fingerprint(contact_id, cause, key),
        effective_at=now,
        recorded_at=now,
        actor=str(actor),
        cause=cause,
        reason=reason,
    )
