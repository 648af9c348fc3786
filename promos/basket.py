"""The basket a rule looks at. Pure: no database, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from loyalty.ledger import rounding


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt: `amount` is after discounts, in the currency, two places."""

    amount: Decimal
    sku: str = ""
    name: str = ""
    category: str = ""
    quantity: Decimal = Decimal(1)
    price: Decimal = rounding.ZERO


def fold(name: str) -> str:
    """Return a category or SKU as it is compared: people and tills differ in case and in stray spaces."""
    return name.strip().casefold()


def folded(names: Iterable[str]) -> frozenset[str]:
    """Return names as they are compared."""
    return frozenset(map(fold, names))


def total(lines: list[Line]) -> Decimal:
    """Return the sum of the lines."""
    return sum((line.amount for line in lines), rounding.ZERO)


def spread(paid: Decimal, lines: list[Line]) -> list[Decimal]:
    """Return how much of `paid` falls on each line, in proportion; the parts sum to `paid` to the last hundredth."""
    whole, running, parts, given = total(lines), rounding.ZERO, [], rounding.ZERO
    for line in lines:
        running += line.amount
        until_here = rounding.share(paid, running, whole)
        parts.append(until_here - given)
        given = until_here
    return parts
