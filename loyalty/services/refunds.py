"""Cancel and refund: goods come back, points are taken back, bonuses are restored.

Serves specs/cash_desk.md, Purchases, and specs/points_and_tiers.md, Returns. One transaction each, idempotent by the
till's own ids; the accrual is computed again without what came back, under the terms of the day of purchase.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import IntegrityError

from cards.errors import CardStatusRefused
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy, OperationConflict
from loyalty.ledger import burning, posting, returns, rounding
from loyalty.ledger import locks as ledger_locks
from loyalty.ledger.posting import Fact
from loyalty.ledger.returns import Reach, TakenBack
from loyalty.models import Program, Purchase, PurchaseReturn, PurchaseStatus, ReturnKind, ReturnPolicy
from loyalty.selectors import card_balances, purchases
from loyalty.selectors.purchases import PurchaseNotFound
from loyalty.services import forfeits, journal, locks, points, program, returned_goods
from loyalty.services.errors import RefundExceedsPurchase
from loyalty.services.returned_goods import Goods, Reckoning
from loyalty.services.unit_of_work import unit_of_work
from promos import services as promos

REACH = {
    ReturnPolicy.ONLY_PENDING: Reach(landed=False, others=False, debt=False),
    ReturnPolicy.WITHIN_BALANCE: Reach(landed=True, others=True, debt=False),
    ReturnPolicy.ALLOW_NEGATIVE: Reach(landed=True, others=True, debt=True),
}
"""How far each return policy reaches for points that have left escrow (specs/points_and_tiers.md, Returns)."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The answer to a till: points taken back, bonuses restored, what may be spent after the call."""

    taken_back: Decimal
    restored: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What a till sends: goods by line, or an amount of money when `goods` is empty."""

    purchase_id: str
    refund_id: str
    goods: tuple[Goods, ...] = ()
    amount: Decimal | None = None

    @property
    def fingerprint(self) -> str:
        """A digest of the content, to tell a retry from another refund with the same id."""
        return posting.fingerprint(
            self.purchase_id,
            None if self.amount is None else self.amount.normalize(),
            *(part for each in self.goods for part in each.parts()),
        )


def refund(actor: Actor, request: RefundRequest) -> Returned:
    """Take a part of a purchase back, by lines or by amount.

    Raises PurchaseNotFound, CardStatusRefused (cancelled before), InvalidParameter (unknown Sku),
    RefundExceedsPurchase, OperationConflict, Busy. A blocked card refunds as any other.
    """
    try:
        return _refund(actor, request)
    except IntegrityError:
        # The same RefundId came for another purchase at the same time: the two lock different rows.
        stored = PurchaseReturn.objects.filter(return_id=request.refund_id).first()
        if stored is None:
            raise
        return _repeat(stored, request.fingerprint)


def _refund(actor: Actor, request: RefundRequest) -> Returned:
    with unit_of_work():
        purchase = _locked(request.purchase_id)
        stored = PurchaseReturn.objects.filter(return_id=request.refund_id).first()
        if stored is not None:
            return _repeat(stored, request.fingerprint)
        if purchase.status == PurchaseStatus.CANCELLED:
            raise CardStatusRefused("This purchase was cancelled.", action="refund")
        if purchase.status == PurchaseStatus.REFUNDED:
            raise RefundExceedsPurchase()
        settings = program.settings()
        reckoning = returned_goods.reckon(purchase, request.goods, request.amount)
        entry = PurchaseReturn(
            purchase=purchase,
            kind=ReturnKind.REFUND,
            return_id=request.refund_id,
            fingerprint=request.fingerprint,
        )
        return _carry_out(actor, purchase, reckoning, entry, settings)


def cancel(actor: Actor, purchase_id: str) -> Returned:
    """Take everything back that has not come back yet: the sale did not happen.

    Raises PurchaseNotFound, CardStatusRefused (refunded in full before), Busy. A repeat answers the same.
    """
    with unit_of_work():
        purchase = _locked(purchase_id)
        if purchase.status == PurchaseStatus.CANCELLED:
            return _answer(purchase.returns.get(kind=ReturnKind.CANCEL))
        if purchase.status == PurchaseStatus.REFUNDED:
            raise CardStatusRefused("This purchase was refunded in full.", action="cancel")
        reckoning = returned_goods.reckon_rest(purchase)
        entry = PurchaseReturn(purchase=purchase, kind=ReturnKind.CANCEL, fingerprint=posting.fingerprint(purchase_id))
        return _carry_out(actor, purchase, reckoning, entry, program.settings())


def _locked(purchase_id: str) -> Purchase:
    purchase = locks.lock_purchase(purchase_id)
    if purchase is None:
        raise PurchaseNotFound()
    return purchase


def _repeat(stored: PurchaseReturn, fingerprint: str) -> Returned:
    if stored.fingerprint != fingerprint:
        raise OperationConflict(key=stored.return_id)
    return _answer(stored)


def _answer(stored: PurchaseReturn) -> Returned:
    return Returned(stored.taken_back, stored.restored, stored.balance)


def _carry_out(
    actor: Actor, purchase: Purchase, reckoning: Reckoning, entry: PurchaseReturn, settings: Program
) -> Returned:
    # A budget is free again only where every point surely comes back, or has burned: else a promotion could give more
    # than it has.
    if REACH[ReturnPolicy(settings.return_policy)].debt:
        promos.release(purchase.contact_id, reckoning.released)
    payer = _settle(actor, purchase, settings)
    # Bonuses come back first, so that they rather than a debt pay for points that were spent.
    entry.restoration_id = _restore(actor, purchase, payer, reckoning, entry, settings)
    taken = _take_back(actor, purchase, reckoning, entry, settings)
    entry.take_back_id = taken.operation_id
    if entry.restoration_id is not None:
        forfeits.give_up_again(actor, payer)
    entry.amount, entry.lines = reckoning.amount, reckoning.as_json()
    entry.taken_back, entry.qualifying_taken_back = taken.spendable, taken.qualifying
    entry.restored = reckoning.restored
    entry.balance = card_balances.spendable_now(purchase.contact_id)
    entry.actor, entry.recorded_at = str(actor), clock.now()
    entry.save(force_insert=True)
    returned_goods.apply(purchase, reckoning, cancelled=entry.kind == ReturnKind.CANCEL)
    journal.record(
        actor, f"purchase.{entry.kind}", purchase.purchase_id, contact_id=purchase.contact_id, id=entry.return_id
    )
    return _answer(entry)


def _settle(actor: Actor, purchase: Purchase, settings: Program) -> int:
    """Lock and settle the balances of whose purchase it is, and of who paid it with bonuses; return the payer.

    Raises Busy when the payer was merged into another customer in this moment.
    """
    payer = purchases.payer_of(purchase)
    if payer == purchase.contact_id:
        points.settle_fully(payer, actor, settings.tzinfo)
        return payer
    both = sorted((payer, purchase.contact_id))
    ledger_locks.lock_many(both)
    # The purchase keeps its own customer from being merged, the balances keep the payer from it.
    if purchases.payer_of(purchase) != payer:
        raise Busy()
    for contact_id in both:
        points.settle_fully(contact_id, actor, settings.tzinfo)
    return payer


def _take_back(
    actor: Actor, purchase: Purchase, reckoning: Reckoning, entry: PurchaseReturn, settings: Program
) -> TakenBack:
    if purchase.accrual_id is None or not (reckoning.unearned or reckoning.unqualified):
        return TakenBack(None, rounding.ZERO, rounding.ZERO)
    return returns.take_back(
        _fact(actor, purchase, entry, "return", purchase.accrual_id),
        accrual_id=purchase.accrual_id,
        spendable=reckoning.unearned,
        qualifying=reckoning.unqualified,
        reach=REACH[ReturnPolicy(settings.return_policy)],
    )


def _restore(
    actor: Actor, purchase: Purchase, payer: int, reckoning: Reckoning, entry: PurchaseReturn, settings: Program
) -> int | None:
    if purchase.redemption_id is None or not reckoning.restored:
        return None
    grace, now = settings.restore_grace_days, clock.now()
    operation = returns.restore(
        replace(_fact(actor, purchase, entry, "restoration", purchase.redemption_id), contact_id=payer),
        redemption_id=purchase.redemption_id,
        amount=reckoning.restored,
        grace_until=clock.days_later(now, grace, settings.tzinfo) if grace else None,
    )
    # What came back expired burns before anything is taken back: beside a debt it could not stand in the books.
    burning.burn([payer], as_of=now, recorded_at=now, actor=str(actor), not_before=now)
    return operation


def _fact(actor: Actor, purchase: Purchase, entry: PurchaseReturn, kind: str, corrects: int) -> Fact:
    name = f"refund:{entry.return_id}" if entry.return_id else "cancel"
    now = clock.now()
    return Fact(
        contact_id=purchase.contact_id,
        key=f"purchase:{purchase.pk}:{name}:{kind}",
        fingerprint=entry.fingerprint,
        effective_at=now,
        recorded_at=now,
        actor=str(actor),
        cause=f"purchase:{purchase.purchase_id}",
        corrects_id=corrects,
    )
