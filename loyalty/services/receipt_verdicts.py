"""Which promotions give for a scanned receipt, and why the others do not (specs/koshelek.md, call 12).

What counts is the receipt's own moment, as at the till: the promotions that were live then, however late we decide.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from customers.models import Contact
from loyalty.ledger.rounding import ZERO
from loyalty.models import Program
from loyalty.selectors import rewarded, scanned_receipts
from loyalty.selectors.audiences import which_include
from promos import evaluation, selectors
from promos import occasion as occasions
from promos import services as promos
from promos.basket import Line
from promos.evaluation import Terms
from promos.models import FiscalReceipt, Promotion, PromotionTrigger, ReceiptReason
from promos.occasion import Occasion
from promos.services import Allowance

_OBSTACLES = {
    "starts_at": ReceiptReason.NO_PROMOTION,
    "ends_at": ReceiptReason.NO_PROMOTION,
    "hours": ReceiptReason.NOT_AT_THIS_TIME,
    "weekdays": ReceiptReason.NOT_AT_THIS_TIME,
    "stores": ReceiptReason.OTHER_STORE,
    "birthday_days": ReceiptReason.NOT_FOR_YOU,
    "first_purchase": ReceiptReason.NOT_FOR_YOU,
    "birthday_taken": ReceiptReason.CUSTOMER_COUNT_USED_UP,
}
_ORDER = list(ReceiptReason)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What each promotion gives, by the allowances read under lock; without any, the reason."""

    given: list[tuple[Allowance, Decimal]]
    reason: ReceiptReason

    @property
    def awards(self) -> dict[int, Decimal]:
        """Points by promotion."""
        return {each.promotion.pk: points for each, points in self.given}


def judge(receipt: FiscalReceipt, contact: Contact, settings: Program) -> Verdict:
    """Return what promotions give for a receipt whose `store` is known by now ("" when its fiscal drive is not).

    The caller holds the card and the contact, and no balance yet: limited promotions and the customer's counts are
    locked here. Where several promotions refuse, the reason is that of the one that came nearest.
    """
    fitting, reasons = _fitting(receipt, contact, settings)
    opened = []
    for each in promos.lock_counted(contact.pk, fitting) if fitting else []:
        used_up = _used_up(each)
        if used_up is None:
            opened.append(each)
        else:
            reasons.append(used_up)
    given = _given(receipt, opened)
    if opened and not given:
        # So small a sum that its percentage is less than a hundredth of a point.
        reasons.append(ReceiptReason.BELOW_MINIMUM)
    return Verdict(given, max(reasons, key=_ORDER.index, default=ReceiptReason.NO_PROMOTION))


def _fitting(
    receipt: FiscalReceipt, contact: Contact, settings: Program
) -> tuple[list[Promotion], list[ReceiptReason]]:
    occasion = Occasion(
        moment=receipt.purchased_at.astimezone(settings.tzinfo),
        store=receipt.store,
        first_purchase=cache(lambda: _is_first(receipt)),
        birth_date=contact.birth_date,
        birthday_taken=rewarded.birthday_taken(contact.pk, contact.birth_date, settings.tzinfo),
    )
    live = selectors.live_at(receipt.purchased_at, PromotionTrigger.RECEIPT)
    theirs = selectors.for_contact(live, lambda asked: which_include(asked, contact.pk, settings.tzinfo))
    fitting, reasons = [], []
    for promotion in live:
        obstacle = _obstacle(promotion, receipt, occasion)
        if obstacle is None and promotion not in theirs:
            obstacle = ReceiptReason.NOT_FOR_YOU
        if obstacle is None:
            fitting.append(promotion)
        else:
            reasons.append(obstacle)
    return fitting, reasons


def _obstacle(promotion: Promotion, receipt: FiscalReceipt, occasion: Occasion) -> ReceiptReason | None:
    """Return what keeps a promotion from a receipt, None when nothing does; limits are looked at later, under lock."""
    name = next(occasions.obstacles(promotion, occasion), None)
    reason = _OBSTACLES[name] if name else None
    if reason is ReceiptReason.OTHER_STORE and not receipt.store:
        return ReceiptReason.STORE_UNKNOWN
    if receipt.amount < promotion.minimum_basket and reason in (None, ReceiptReason.NOT_FOR_YOU):
        return ReceiptReason.BELOW_MINIMUM
    return reason


def _used_up(allowance: Allowance) -> ReceiptReason | None:
    left = (
        (allowance.own_times, ReceiptReason.CUSTOMER_COUNT_USED_UP),
        (allowance.own_points, ReceiptReason.CUSTOMER_CAP_USED_UP),
        (allowance.times, ReceiptReason.COUNT_USED_UP),
        (allowance.points, ReceiptReason.BUDGET_USED_UP),
    )
    return next((reason for amount, reason in left if amount == 0), None)


def _given(receipt: FiscalReceipt, opened: Iterable[Allowance]) -> list[tuple[Allowance, Decimal]]:
    """Return what the promotions give: the receipt is a basket of one line, which earns no base points."""
    allowances = {each.promotion.pk: each for each in opened}
    rules = tuple(
        replace(selectors.rule_of(each.promotion, ZERO), ceiling=each.ceiling) for each in allowances.values()
    )
    terms = Terms(earn_rate=ZERO, multiplier=Decimal(1), rules=rules)
    award = evaluation.evaluate([Line(receipt.amount)], ZERO, terms)
    return [(allowances[each], points) for each, points in award.promotions.items()]


def _is_first(receipt: FiscalReceipt) -> bool:
    moment, contact_id = receipt.purchased_at, receipt.contact_id
    return rewarded.is_first_purchase(contact_id, moment) and not scanned_receipts.bought_before(contact_id, moment)
