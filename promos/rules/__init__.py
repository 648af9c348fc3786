"""What a promotion awards, one kind a module. A kind is a function from matching lines to points, before any cap."""

from collections.abc import Callable
from decimal import Decimal

from promos.rules import fixed, multiplier, percent
from promos.rules.line import EarningLine

AWARDS: dict[str, Callable[[Decimal, list[EarningLine]], Decimal]] = {
    "percent": percent.award,
    "multiplier": multiplier.award,
    "fixed": fixed.award,
}
