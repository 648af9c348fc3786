"""What a basket earns: the base rate times the tier's multiplier, rounded down per line. Pure.

Serves specs/points_and_tiers.md, Earning. Promotions add their awards here.
"""

from dataclasses import dataclass
from decimal import Decimal

from loyalty.ledger import rounding
from promos import basket


@dataclass(frozen=True, slots=True)
class Terms:
    """What the day of the purchase decides: points for 1.00, and the multiplier of the customer's tier."""

    earn_rate: Decimal
    multiplier: Decimal


@dataclass(frozen=True, slots=True)
class Award:
    """Points of a basket by line, and how the bonuses paid fell on the lines."""

    by_line: list[Decimal]
    paid_by_line: list[Decimal]

    @property
    def spendable(self) -> Decimal:
        """Points for the spendable account."""
        return sum(self.by_line, rounding.ZERO)

    @property
    def qualifying(self) -> Decimal:
        """Points for the tier-qualifying account: the base rule only."""
        return sum(self.by_line, rounding.ZERO)


def evaluate(lines: list[basket.Line], paid: Decimal, terms: Terms) -> Award:
    """Return the award of a basket of which `paid` was paid with bonuses, which earn nothing."""
    paid_by_line = basket.spread(paid, lines)
    by_line = [
        rounding.down((line.amount - part) * terms.earn_rate * terms.multiplier)
        for line, part in zip(lines, paid_by_line, strict=True)
    ]
    return Award(by_line, paid_by_line)


def most_payable(amount: Decimal, share_percent: Decimal) -> Decimal:
    """Return the most bonuses that may pay a basket of `amount`."""
    return rounding.share(amount, share_percent, Decimal(100))
