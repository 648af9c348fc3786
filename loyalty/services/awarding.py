"""Points that promotions give outside a purchase: booked into escrow like those of a purchase, with the same ends.

Serves specs/points_and_tiers.md, Earning, and specs/koshelek.md, call 12. Inside the caller's transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from customers import services as customers
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.ledger import locks, posting
from loyalty.ledger.posting import Fact
from loyalty.models import Program
from loyalty.services import expiry, points
from loyalty.services.receipts import Schedule
from tiers import services as tiers


@dataclass(frozen=True, slots=True)
class Gift:
    """What one promotion gives: points, whether they count for the tier, its own escrow (None: the programme's)."""

    points: Decimal
    qualifies: bool
    escrow_days: int | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why points are given: the cause in the books, a fingerprint of its content, the moment it happened."""

    name: str
    fingerprint: str
    moment: datetime


def schedule(contact_id: int, moment: datetime, escrow_days: int, settings: Program) -> Schedule:
    """Return when points that a contact earned at `moment` can be spent, and from when on they are burned."""
    matures_at = clock.days_later(moment, escrow_days, settings.tzinfo)
    return Schedule(matures_at, expiry.date_for(contact_id, settings, matures_at=matures_at, earned_at=moment))


def give(actor: Actor, contact: Contact, gifts: Iterable[Gift], cause: Cause, settings: Program) -> list[int]:
    """Book gifts to a locked contact, which enters the programme by them; return the operations.

    One operation for all that have the same escrow. What has matured by now is landed at once. What is given for is
    activity, as a purchase is. Locks the balances.
    """
    now = clock.now()
    customers.enter(contact, now)
    if tiers.current(contact.pk) is None:
        tiers.enrol(contact.pk, now, settings.tzinfo)
    locks.lock_balances(contact.pk, now)
    expiry.note_activity(contact.pk, settings, cause.moment)
    given = list(gifts)
    days = {each: settings.escrow_days if each.escrow_days is None else each.escrow_days for each in given}
    operations, due = [], False
    for escrow in sorted(set(days.values())):
        dates = schedule(contact.pk, cause.moment, escrow, settings)
        operations.append(_accrue(actor, contact, [each for each in given if days[each] == escrow], cause, dates))
        due = due or dates.matures_at <= now
    if due:
        points.settle(contact.pk, actor, settings.tzinfo)
    return operations


def _accrue(actor: Actor, contact: Contact, gifts: list[Gift], cause: Cause, dates: Schedule) -> int:
    fact = Fact(
        contact_id=contact.pk,
        key=f"{cause.name}:accrual:{dates.matures_at.isoformat()}",
        fingerprint=cause.fingerprint,
        effective_at=cause.moment,
        recorded_at=clock.now(),
        actor=str(actor),
        cause=cause.name,
    )
    return posting.accrue(
        fact,
        spendable=sum((each.points for each in gifts), Decimal("0.00")),
        qualifying=sum((each.points for each in gifts if each.qualifies), Decimal("0.00")),
        matures_at=dates.matures_at,
        expires_at=dates.expires_at,
    ).operation_id
