"""Purchases: points earned and spent at the till (specs/cash_desk.md, Purchases; specs/points_and_tiers.md).

One transaction: the till's id is claimed, bonuses are spent, points are accrued, the answer is kept. The
same id with the same content answers the first answer again; with other content, OperationConflict.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cards.errors import CardStatusRefused
from cards.models import CardStatus
from customers import locks as customer_locks
from customers import services as customers
from customers.models import ContactStatus
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InsufficientPoints, InvalidParameter, OperationConflict
from loyalty.ledger import balances, expiry, locks, posting, rounding
from loyalty.ledger.posting import Fact
from loyalty.models import PointsExpiry, Program, Purchase
from loyalty.services import points, program, receipts
from loyalty.services.receipts import Holder, Schedule
from loyalty.services.unit_of_work import unit_of_work
from promos import evaluation
from promos.basket import Line
from promos.evaluation import Award, Terms
from tiers import services as tiers

FUTURE_TOLERANCE = timedelta(minutes=5)
SPENDING_AGE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Sale:
    """A receipt as a till sends it, parsed. One of `number` and `phone` is needed; both must name one holder.

    `lines` may be empty: then the basket is one line of `amount`. Amounts have two places.
    """

    purchase_id: str
    number: str
    phone: str
    purchased_at: datetime
    store: str
    amount: Decimal
    lines: tuple[Line, ...] = ()
    till: str = ""
    cashier: str = ""
    bonuses_to_pay: Decimal = rounding.ZERO
    offline: bool = False

    @property
    def basket(self) -> list[Line]:
        """The lines, or the whole amount as one."""
        return list(self.lines) or [Line(self.amount)]

    @property
    def fingerprint(self) -> str:
        """A digest of the content, to tell a retry from another purchase with the same id."""
        return posting.fingerprint(
            self.number, self.phone, self.purchased_at.isoformat(), self.store, self.till, self.cashier,
            self.amount.normalize(), self.bonuses_to_pay.normalize(), self.offline,
            *(part for line in self.lines for part in (
                line.sku, line.name, line.category, line.quantity.normalize(), line.price.normalize(),
                line.amount.normalize(),
            )),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credited:
    """The answer to a till: points accrued (in escrow), bonuses that paid, what may be spent after the call."""

    accrued: Decimal
    paid: Decimal
    balance: Decimal


def add_purchase(actor: Actor, sale: Sale) -> Credited:
    """Record a purchase, spend `bonuses_to_pay`, accrue points into escrow.

    Raises CardNumberInvalid, CardNotFound, PhoneInvalid, ContactNotFound, CardStatusRefused,
    InvalidParameter (date, bonuses of a late or offline purchase, unknown store), InsufficientPoints
    (`available`: what may pay this basket), OperationConflict, Busy.
    """
    finder = receipts.finder(sale.number, sale.phone)
    with unit_of_work():
        settings = program.settings()
        holder = receipts.lock_holder(finder, sale.purchase_id, sale.purchased_at)
        if holder.existing is not None:
            return _repeat(holder.existing, sale.fingerprint)
        _require_time(sale, settings)
        _require_status(holder, sale)
        _require_payable(sale, settings)
        terms = Terms(settings.earn_rate, holder.multiplier)
        award = _award(sale, terms)
        schedule = _schedule(sale, settings)
        receipt = receipts.insert(actor, sale, holder, award, terms, schedule, settings)
        if receipt is None:
            return _repeat(receipts.stored(sale.purchase_id), sale.fingerprint)
        return _post(actor, sale, holder, award, schedule, settings, receipt)


def _post(
    actor: Actor, sale: Sale, holder: Holder, award: Award, schedule: Schedule, settings: Program, receipt: int
) -> Credited:
    _enter(holder, clock.now(), settings)
    redemption = _spend(actor, sale, holder, settings)
    accrual = _accrue(actor, sale, holder, award, schedule, settings)
    available = balances.read(holder.contact_id, clock.now()).available
    credited = Credited(award.spendable, sale.bonuses_to_pay, available)
    receipts.finish(receipt, credited.balance, accrual, redemption)
    return credited


def _repeat(stored: Purchase, fingerprint: str) -> Credited:
    if stored.fingerprint != fingerprint:
        raise OperationConflict(key=stored.purchase_id)
    return Credited(stored.accrued, stored.paid, Decimal(stored.answer["balance"]))


def _require_time(sale: Sale, settings: Program) -> None:
    now = clock.now()
    if sale.purchased_at > now + FUTURE_TOLERANCE:
        raise InvalidParameter("The date lies in the future.", name="Date")
    if sale.purchased_at < now - timedelta(days=settings.oldest_purchase_days):
        raise InvalidParameter(f"The date is more than {settings.oldest_purchase_days} days old.", name="Date")
    late = sale.offline or sale.purchased_at < now - SPENDING_AGE
    if sale.bonuses_to_pay and late:
        raise InvalidParameter("An offline or late purchase may not be paid with bonuses.", name="BonusesToPay")


def _require_status(holder: Holder, sale: Sale) -> None:
    spends = sale.bonuses_to_pay > 0
    usable = (CardStatus.ACTIVE,) if spends else (CardStatus.ISSUED, CardStatus.ACTIVE)
    if holder.status not in usable or (spends and holder.contact_status == ContactStatus.BLOCKED):
        name = CardStatus(holder.status).label
        raise CardStatusRefused(
            f"A card in the status {name} does not allow this purchase.",
            status=holder.status,
            action="purchase",
        )


def _require_payable(sale: Sale, settings: Program) -> None:
    payable = evaluation.most_payable(sale.amount, settings.spending_share)
    if sale.bonuses_to_pay > payable:
        raise InsufficientPoints(f"Bonuses may pay at most {payable} of this basket.", available=payable)


def _award(sale: Sale, terms: Terms) -> Award:
    award = evaluation.evaluate(sale.basket, sale.bonuses_to_pay, terms)
    if award.spendable > rounding.LARGEST or award.qualifying > rounding.LARGEST:
        raise InvalidParameter(f"A purchase earns at most {rounding.LARGEST} points.", name="Amount")
    return award


def _spend(actor: Actor, sale: Sale, holder: Holder, settings: Program) -> int | None:
    if not sale.bonuses_to_pay:
        return None
    now = clock.now()
    if locks.lock_balances(holder.contact_id, now).due:
        points.settle(holder.contact_id, actor, settings.tzinfo)
    fact = _fact(actor, sale, holder, "redemption", now)
    return posting.redeem(fact, amount=sale.bonuses_to_pay).operation_id


def _accrue(
    actor: Actor, sale: Sale, holder: Holder, award: Award, schedule: Schedule, settings: Program
) -> int | None:
    if not award.spendable and not award.qualifying:
        return None
    now = clock.now()
    if schedule.matures_at <= now:
        locks.lock_balances(holder.contact_id, now)
    posted = posting.accrue(
        _fact(actor, sale, holder, "accrual", sale.purchased_at),
        spendable=award.spendable,
        qualifying=award.qualifying,
        matures_at=schedule.matures_at,
        expires_at=schedule.expires_at,
    )
    if schedule.matures_at <= now:
        points.settle(holder.contact_id, actor, settings.tzinfo)
    return posted.operation_id


def _enter(holder: Holder, now: datetime, settings: Program) -> None:
    if not holder.enrolled:
        tiers.enrol(holder.contact_id, now, settings.tzinfo)
    if holder.contact_status == ContactStatus.NEW:
        customers.enter(customer_locks.lock_contact(holder.contact_id), now)


def _schedule(sale: Sale, settings: Program) -> Schedule:
    matures_at = sale.purchased_at + timedelta(days=settings.escrow_days)
    if settings.points_expiry == PointsExpiry.NEVER:
        return Schedule(matures_at, None)
    return Schedule(
        matures_at,
        expiry.expires_at(matures_at, settings.expiry_months, settings.expiry_rounding, settings.tzinfo),
    )


def _fact(actor: Actor, sale: Sale, holder: Holder, kind: str, effective_at: datetime) -> Fact:
    return Fact(
        contact_id=holder.contact_id,
        key=f"purchase:{sale.purchase_id}:{kind}",
        fingerprint=sale.fingerprint,
        effective_at=effective_at,
        recorded_at=clock.now(),
        actor=str(actor),
        cause=f"purchase:{sale.purchase_id}",
    )
