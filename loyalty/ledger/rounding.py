"""The one place that rounds points and money (specs/points_and_tiers.md: accrual rounds down per line)."""

from decimal import ROUND_DOWN, Decimal

PLACES = Decimal("0.01")
ZERO = Decimal("0.00")
LARGEST = Decimal("9999999999.99")
"""The largest amount of points or money in one record; a larger one is a bad request, not an overflow."""


def down(amount: Decimal) -> Decimal:
    """Return `amount` in hundredths, rounded towards zero."""
    return amount.quantize(PLACES, rounding=ROUND_DOWN)


def is_exact(amount: Decimal) -> bool:
    """Tell whether `amount` is finite and has no more than two decimal places."""
    return amount.is_finite() and abs(amount) <= LARGEST and amount == amount.quantize(PLACES, rounding=ROUND_DOWN)


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return `amount` x `part` / `whole`, rounded down to hundredths; zero when `whole` is zero."""
    return down(amount * part / whole) if whole else ZERO
