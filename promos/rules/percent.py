"""Points worth a percentage of the money paid for the matching lines."""

from decimal import Decimal

from loyalty.ledger import rounding
from promos.rules.line import EarningLine


def award(value: Decimal, lines: list[EarningLine]) -> Decimal:
    """Return `value` percent of each line's money, rounded down per line."""
    return sum((rounding.share(line.money, value, Decimal(100)) for line in lines), rounding.ZERO)
