"""Purchases: points earned and spent at the till (specs/cash_desk.md, Purchases; specs/points_and_tiers.md).

One transaction: the till's id is claimed, bonuses are spent, points are accrued, the answer is kept. The
same id with the same content answers the first answer again; with other content, OperationConflict.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from cards.models import CardStatus
from customers import locks as customer_locks
from customers import services as customers
from customers.models import ContactStatus
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy, InsufficientPoints, InvalidParameter, LoyaltyError, OperationConflict
from loyalty.core.wake import wake
from loyalty.ledger import balances, holds, locks, posting, rounding
from loyalty.ledger.models import Hold
from loyalty.ledger.posting import Fact
from loyalty.models import Program, Purchase
from loyalty.selectors import card_balances, rewarded
from loyalty.selectors.accrual_terms import terms_for
from loyalty.services import (
    expiry,
    holders,
    holding,
    limits,
    matching,
    points,
    program,
    receipts,
    sales,
    scanned_purchases,
    stores,
)
from loyalty.services.errors import HoldNotFound, HoldResolved
from loyalty.services.holders import Holder
from loyalty.services.receipts import Ending, Receipt, Schedule
from loyalty.services.sales import Credited, Sale
from loyalty.services.unit_of_work import unit_of_work
from promos import evaluation
from promos import services as promos
from promos.evaluation import Terms
from tiers import selectors as tier_standings
from tiers import services as tiers

__all__ = ["Applied", "Credited", "Quote", "Sale", "add_purchase", "quote_purchase"]


@dataclass(frozen=True, slots=True)
class Payment:
    """The bonuses that pay a basket: spent now, from a hold, or captured before the purchase came."""

    amount: Decimal
    hold: Hold | None = None
    captured_by: int | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """A promotion that a basket earns from."""

    promotion_id: int
    name: str
    points: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """What a purchase would accrue, the most bonuses that may pay it, and the promotions behind it."""

    accrue: Decimal
    can_pay: Decimal
    promotions: list[Applied]


def add_purchase(actor: Actor, sale: Sale) -> Credited:
    """Record a purchase, spend its bonuses, accrue points into escrow.

    Raises CardNumberInvalid, CardNotFound, PhoneInvalid, ContactNotFound, CardStatusRefused,
    InvalidParameter (date, bonuses of a late or offline purchase, unknown store), InsufficientPoints
    (`available`: what may pay this basket), HoldNotFound, HoldResolved, LimitExceeded, OperationConflict, Busy.
    """
    finder = holders.finder(sale.number, sale.phone)
    with unit_of_work():
        settings = program.settings()
        holder = holders.lock_holder(finder, sale.purchase_id, sale.purchased_at)
        if holder.existing is not None:
            return _repeat(holder.existing, sale.fingerprint)
        try:
            payment = _payment(sale, holder)
            _require(sale, holder, payment, settings)
        except LoyaltyError:
            # The first call may have committed while this one waited for the card: then its answer stands.
            first = receipts.stored(sale.purchase_id)
            if first is None:
                raise
            return _repeat(first, sale.fingerprint)
        return _record(actor, sale, holder, payment, settings)


def quote_purchase(sale: Sale) -> Quote:
    """Return what `add` would answer to the same sale now; nothing is written.

    Raises what `add` raises for the card, the date and the bonuses.
    """
    settings = program.settings()
    holder = holders.read_holder(holders.finder(sale.number, sale.phone), sale.purchased_at)
    sales.require_time(sale, settings)
    sales.require_status(holder, spends=sale.bonuses_to_pay > 0)
    stores.require_store(sale.store, settings)
    can_pay = _can_pay(sale, holder, settings)
    sales.require_share(sale.bonuses_to_pay, sale.amount, settings)
    if sale.bonuses_to_pay > can_pay:
        raise InsufficientPoints(f"Bonuses may pay at most {can_pay} of this basket.", available=can_pay)
    terms = _terms(sale, holder, settings)
    award = sales.award_of(sale, sale.bonuses_to_pay, terms)
    names = {rule.promotion_id: rule.name for rule in terms.rules}
    applied = [Applied(each, names[each], award.promotions[each]) for each in award.promotions]
    return Quote(award.spendable, can_pay, applied)


def _can_pay(sale: Sale, holder: Holder, settings: Program) -> Decimal:
    """Return the most bonuses that may pay the basket: none from a card that may not spend, late or offline."""
    try:
        sales.require_status(holder, spends=True)
        sales.require_time(replace(sale, bonuses_to_pay=Decimal(1)), settings)
    except LoyaltyError:
        return rounding.ZERO
    available = balances.read(holder.contact_id, clock.now()).available
    return min(evaluation.most_payable(sale.amount, settings.spending_share), available)


def _payment(sale: Sale, holder: Holder) -> Payment:
    """Return how the basket is paid with bonuses; a hold is locked here, before the balances."""
    if sale.hold_id is not None:
        found = holds.lock_hold(sale.hold_id)
        if found is None or found.contact_id != holder.contact_id:
            raise HoldNotFound()
        if found.key != holding.key_of(sale.purchase_id):
            raise HoldNotFound("This hold was made for another purchase.")
        if not holds.is_open(found, clock.now()):
            raise HoldResolved()
        if sale.bonuses_to_pay > found.amount:
            raise InvalidParameter(f"Only {found.amount} are held.", name="BonusesToPay")
        return Payment(sale.bonuses_to_pay or found.amount, hold=found)
    if holder.captured is not None:
        operation, amount = holder.captured
        if sale.bonuses_to_pay not in (rounding.ZERO, amount):
            raise InvalidParameter(f"{amount} were captured for this purchase.", name="BonusesToPay")
        return Payment(amount, captured_by=operation)
    return Payment(sale.bonuses_to_pay)


def _require(sale: Sale, holder: Holder, payment: Payment, settings: Program) -> None:
    if payment.captured_by is not None:
        _require_captured(sale, holder, payment, settings)
        return
    sales.require_time(sale, settings)
    sales.require_status(holder, spends=payment.amount > 0)
    sales.require_share(payment.amount, sale.amount, settings)


def _require_captured(sale: Sale, holder: Holder, payment: Payment, settings: Program) -> None:
    """Refuse what `_require` does for a sale that spends nothing now: its bonuses are gone since the capture.

    Whatever became of the share since, and whether the till is offline by now: a refusal would lose them. Only more
    than the receipt itself cannot have paid it.
    """
    sales.require_time(replace(sale, bonuses_to_pay=rounding.ZERO), settings)
    sales.require_status(holder, spends=False)
    if payment.amount > sale.amount:
        raise InsufficientPoints(f"Bonuses may pay at most {sale.amount} of this basket.", available=sale.amount)


def _terms(sale: Sale, holder: Holder, settings: Program) -> Terms:
    return terms_for(
        settings,
        contact_id=holder.contact_id,
        birth_date=holder.birth_date,
        multiplier=_multiplier(holder, sale, settings),
        moment=sale.purchased_at,
        store=sale.store,
        first_purchase=lambda: rewarded.is_first_purchase(holder.contact_id, sale.purchased_at),
        promotions_live=holder.promotions_live,
    )


def _multiplier(holder: Holder, sale: Sale, settings: Program) -> Decimal:
    """Return the multiplier of that moment of the tier at the sale's own moment, as the clock decides it."""
    if not holder.unsettled:
        return holder.multiplier
    standing = tier_standings.standing_at(holder.contact_id, sale.purchased_at, settings.tzinfo)
    return standing.tier.multiplier_at(sale.purchased_at) if standing else holder.multiplier


def _record(actor: Actor, sale: Sale, holder: Holder, payment: Payment, settings: Program) -> Credited:
    # First, because the contact comes before promotions and balances in the order of locks.
    _enter(holder, settings)
    terms = evaluation.narrow(sale.basket, payment.amount, _terms(sale, holder, settings))
    terms = replace(terms, rules=promos.lock_ceilings(holder.contact_id, terms.rules))
    award = sales.award_of(sale, payment.amount, terms)
    receipt = Receipt(sale, holder, payment.amount, award, terms, _schedule(sale, holder, settings))
    stored = receipts.insert(actor, receipt, settings)
    if stored is None:
        return _repeat(receipts.known(sale.purchase_id), sale.fingerprint)
    if stored.captured_by != payment.captured_by:
        # Its hold was captured while we waited for the card: the repeat sees it, and pays with nothing else.
        raise Busy()
    promos.grant(holder.contact_id, terms.rules, award.promotions)
    scanned = scanned_purchases.lock_scanned(receipt, settings.tzinfo) if stored.scanned else None
    limits.count_purchase(
        actor,
        card_id=holder.card_id,
        card_number=holder.number,
        till=sale.till,
        cashier=sale.cashier,
        accrued=award.spendable,
        paid=rounding.ZERO if payment.captured_by is not None else payment.amount,
        moment=clock.now(),
        settings=settings,
    )
    expiry.note_activity(holder.contact_id, settings, sale.purchased_at)
    redemption = _spend(actor, receipt, payment, settings)
    accrual = _accrue(actor, receipt, settings)
    if scanned is not None:
        # After the bonuses paid: the till has printed its receipt, and a purchase is not refused for a scanned one.
        scanned_purchases.take_back(actor, scanned, sale.purchase_id, settings)
    balance = _balance(holder)
    ending = Ending(balance, accrual, redemption, matched=scanned is not None)
    if receipts.finish(stored.receipt_id, receipt, ending, settings):
        wake(matching.MATCH)
    return Credited(award.spendable, payment.amount, balance)


def _balance(holder: Holder) -> Decimal:
    """Return what may be spent now; of a card that is blocked since the sale, with whatever other card there is."""
    if holder.status == CardStatus.BLOCKED:
        return card_balances.spendable_now(holder.contact_id)
    if holder.contact_status == ContactStatus.BLOCKED:
        return rounding.ZERO
    return balances.read(holder.contact_id, clock.now()).available


def _repeat(stored: Purchase, fingerprint: str) -> Credited:
    if stored.fingerprint != fingerprint:
        raise OperationConflict(key=stored.purchase_id)
    return Credited(stored.accrued, stored.paid, Decimal(stored.answer["balance"]))


def _spend(actor: Actor, receipt: Receipt, payment: Payment, settings: Program) -> int | None:
    if payment.captured_by is not None or not payment.amount:
        return payment.captured_by
    sale, holder = receipt.sale, receipt.holder
    if payment.hold is not None:
        cause = f"purchase:{sale.purchase_id}"
        return holding.capture_within(actor, payment.hold, payment.amount, cause=cause).operation_id
    now = clock.now()
    if locks.lock_balances(holder.contact_id, now).due:
        points.settle(holder.contact_id, actor, settings.tzinfo)
    return posting.redeem(_fact(actor, receipt, "redemption"), amount=payment.amount).operation_id


def _accrue(actor: Actor, receipt: Receipt, settings: Program) -> int | None:
    award, schedule, contact_id = receipt.award, receipt.schedule, receipt.holder.contact_id
    if not award.spendable and not award.qualifying:
        return None
    now = clock.now()
    if schedule.matures_at <= now:
        locks.lock_balances(contact_id, now)
    posted = posting.accrue(
        replace(_fact(actor, receipt, "accrual"), effective_at=receipt.sale.purchased_at),
        spendable=award.spendable,
        qualifying=award.qualifying,
        matures_at=schedule.matures_at,
        expires_at=schedule.expires_at,
    )
    if schedule.matures_at <= now:
        points.settle(contact_id, actor, settings.tzinfo)
    return posted.operation_id


def _enter(holder: Holder, settings: Program) -> None:
    now = clock.now()
    if not holder.enrolled:
        tiers.enrol(holder.contact_id, now, settings.tzinfo)
    if holder.contact_status == ContactStatus.NEW:
        customers.enter(customer_locks.lock_contact(holder.contact_id), now)


def _schedule(sale: Sale, holder: Holder, settings: Program) -> Schedule:
    matures_at = clock.days_later(sale.purchased_at, settings.escrow_days, settings.tzinfo)
    ends = expiry.date_for(holder.contact_id, settings, matures_at=matures_at, earned_at=sale.purchased_at)
    return Schedule(matures_at, ends)


def _fact(actor: Actor, receipt: Receipt, kind: str) -> Fact:
    sale, now = receipt.sale, clock.now()
    return Fact(
        contact_id=receipt.holder.contact_id,
        key=f"purchase:{sale.purchase_id}:{kind}",
        fingerprint=sale.fingerprint,
        effective_at=now,
        recorded_at=now,
        actor=str(actor),
        cause=f"purchase:{sale.purchase_id}",
    )
