"""A fixed number of points for a basket with a matching line."""

from decimal import Decimal

from loyalty.ledger import rounding
from promos.rules.line import EarningLine


def award(value: Decimal, lines: list[EarningLine]) -> Decimal:
    """Return `value` once, when some matching line was paid for in money."""
    return rounding.down(value) if any(line.money > 0 for line in lines) else rounding.ZERO
