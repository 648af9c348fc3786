"""What a return means for its purchase: which lines shrink, which points were not earned, which bonuses come back.

Serves specs/points_and_tiers.md, Returns: the accrual is computed again without the returned goods, under the terms
of the day of purchase; over any sequence of returns never more than was earned, and all of it in the end.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from loyalty.core.errors import InvalidParameter
from loyalty.ledger import rounding
from loyalty.models import Purchase, PurchaseLine
from loyalty.services.errors import RefundExceedsPurchase
from promos import basket, evaluation
from promos.basket import Line
from promos.evaluation import Award


@dataclass(frozen=True, slots=True)
class Goods:
    """One returned line as a till names it: `amount` None means the quantity's part of the line."""

    sku: str
    quantity: Decimal | None
    amount: Decimal | None

    def parts(self) -> tuple[object, ...]:
        """Return what a fingerprint is made of."""
        return (
            self.sku,
            None if self.quantity is None else self.quantity.normalize(),
            None if self.amount is None else self.amount.normalize(),
        )


@dataclass(slots=True)
class LineReturn:
    """What comes back of one stored line."""

    line: PurchaseLine
    amount: Decimal = rounding.ZERO
    quantity: Decimal = Decimal("0.000")

    @property
    def amount_left(self) -> Decimal:
        """What has not come back of the line's amount."""
        return self.line.amount - self.line.returned - self.amount

    @property
    def quantity_left(self) -> Decimal:
        """What has not come back of the line's quantity."""
        return self.line.quantity - self.line.returned_quantity - self.quantity


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The consequences of a return: money, points no longer earned, bonuses that come back."""

    amount: Decimal
    lines: list[LineReturn]
    unearned: Decimal
    unqualified: Decimal
    restored: Decimal
    awarded: dict[int, Decimal]
    released: dict[int, Decimal]

    def as_json(self) -> list[dict[str, Any]]:
        """Return the goods that came back, for the record."""
        return [
            {"position": each.line.position, "amount": str(each.amount), "quantity": str(each.quantity)}
            for each in self.lines
            if each.amount or each.quantity
        ]


def reckon(purchase: Purchase, goods: tuple[Goods, ...], amount: Decimal | None) -> Reckoning:
    """Return what a refund by lines, or by amount, means. Raises InvalidParameter, RefundExceedsPurchase."""
    lines = _lines_of(purchase)
    if goods:
        for each in goods:
            _allot_goods(lines, each)
        total = sum((each.amount for each in lines), rounding.ZERO)
        if amount is not None and amount != total:
            raise InvalidParameter(f"The amount is not the sum of the lines, {total}.", name="Amount")
    elif amount is not None:
        _allot_amount(lines, amount)
    return _reckon(purchase, lines)


def reckon_rest(purchase: Purchase) -> Reckoning:
    """Return what it means when everything comes back that has not yet."""
    lines = _lines_of(purchase)
    for each in lines:
        each.amount, each.quantity = each.amount_left, each.quantity_left
    return _reckon(purchase, lines)


def apply(purchase: Purchase, reckoning: Reckoning, *, cancelled: bool) -> None:
    """Write a return onto the locked purchase and its lines."""
    for each in reckoning.lines:
        each.line.returned += each.amount
        each.line.returned_quantity += each.quantity
    PurchaseLine.objects.bulk_update([each.line for each in reckoning.lines], ["returned", "returned_quantity"])
    purchase.returned += reckoning.amount
    purchase.unearned += reckoning.unearned
    purchase.unqualified += reckoning.unqualified
    purchase.restored += reckoning.restored
    if cancelled:
        purchase.cancel()
    elif purchase.returned == purchase.amount:
        purchase.refund_in_full()
    purchase.terms["awarded"] = {str(each): str(given) for each, given in reckoning.awarded.items()}
    purchase.save(update_fields=["terms", "returned", "unearned", "unqualified", "restored", "status"])


def _lines_of(purchase: Purchase) -> list[LineReturn]:
    return [LineReturn(line) for line in purchase.lines.order_by("position")]


def _allot_goods(lines: list[LineReturn], goods: Goods) -> None:
    """Take the goods from the lines with their Sku, the first that still has some first."""
    fitting = [each for each in lines if each.line.sku == goods.sku]
    if not fitting:
        raise InvalidParameter(f"The purchase has no line with the Sku {goods.sku}.", name="Sku")
    quantity, amount = goods.quantity, goods.amount
    if amount == 0 and quantity is not None:
        # For nothing come back only goods that were given away, or whose money has come back already.
        fitting = [each for each in fitting if not each.amount_left]
        if not fitting:
            raise InvalidParameter(f"The goods with the Sku {goods.sku} were paid for.", name="Amount")
    for each in fitting:
        if quantity is None:
            taken, worth = _by_amount(each, amount or rounding.ZERO)
        else:
            taken = min(quantity, each.quantity_left)
            worth = _worth(each, taken) if amount is None else min(amount, each.amount_left)
        each.quantity += taken
        each.amount += worth
        quantity = None if quantity is None else quantity - taken
        amount = None if amount is None else amount - worth
    if (quantity or rounding.ZERO) > 0 or (amount or rounding.ZERO) > 0:
        raise RefundExceedsPurchase()


def _by_amount(each: LineReturn, amount: Decimal) -> tuple[Decimal, Decimal]:
    """Return pieces and money for an amount alone: no piece comes back until the money of the line is used up."""
    worth = min(amount, each.amount_left)
    return (each.quantity_left if 0 < worth == each.amount_left else Decimal(0)), worth


def _worth(each: LineReturn, taken: Decimal) -> Decimal:
    """Return the money of `taken` pieces: their part of what is left of the line."""
    if not taken:
        return rounding.ZERO
    if taken == each.quantity_left:
        return each.amount_left
    return rounding.share(each.amount_left, taken, each.quantity_left)


def _allot_amount(lines: list[LineReturn], amount: Decimal) -> None:
    """Spread an amount of money over the lines, in proportion to what is left of them."""
    left = [Line(each.amount_left) for each in lines]
    if amount > basket.total(left):
        raise RefundExceedsPurchase()
    for each, part in zip(lines, basket.spread(amount, left), strict=True):
        each.amount = part


def _reckon(purchase: Purchase, lines: list[LineReturn]) -> Reckoning:
    amount = sum((each.amount for each in lines), rounding.ZERO)
    returned = purchase.returned + amount
    everything = returned == purchase.amount
    # Each return rounds down by itself; the last one gives the rest (Settled points).
    part = rounding.share(purchase.paid, amount, purchase.amount)
    restored = purchase.paid if everything else purchase.restored + part
    award = Award([], []) if everything else _earned_by_rest(purchase, lines, restored)
    before = {int(each): Decimal(given) for each, given in purchase.terms.get("awarded", {}).items()}
    awarded = {each: min(given, award.promotions.get(each, rounding.ZERO)) for each, given in before.items()}
    # Never more than before: rounding the rest anew may give a hundredth more, and that stays with the customer once.
    return Reckoning(
        amount=amount,
        lines=lines,
        unearned=max(purchase.accrued - purchase.unearned - award.spendable, rounding.ZERO),
        unqualified=max(purchase.qualifying - purchase.unqualified - award.qualifying, rounding.ZERO),
        restored=restored - purchase.restored,
        awarded=awarded,
        released={each: before[each] - awarded[each] for each in before},
    )


def _earned_by_rest(purchase: Purchase, lines: list[LineReturn], restored: Decimal) -> Award:
    rest = [
        Line(
            amount=each.amount_left,
            sku=each.line.sku,
            name=each.line.name,
            category=each.line.category,
            quantity=each.line.quantity,
            price=each.line.price,
        )
        for each in lines
    ]
    paid = min(purchase.paid - restored, basket.total(rest))
    return evaluation.evaluate(rest, paid, evaluation.from_json(purchase.terms))
