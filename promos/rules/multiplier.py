"""The base points of the matching lines, several times over."""

from decimal import Decimal

from loyalty.ledger import rounding
from promos.rules.line import EarningLine


def award(value: Decimal, lines: list[EarningLine]) -> Decimal:
    """Return what `value` times the base points adds to them: (value - 1) x base, rounded down per line."""
    return sum((rounding.down(line.base * (value - 1)) for line in lines), rounding.ZERO)
