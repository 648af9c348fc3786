"""What the kinds look at: a line as it earns."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class EarningLine:
    """`money`: what was paid for the line in money; `base`: the points of the base rule; both with two places."""

    money: Decimal
    base: Decimal
