"""What a basket earns: the base rate times the tier's multiplier, plus what promotions award. Pure.

Serves specs/points_and_tiers.md, Earning, and specs/cash_desk.md, Purchases. A quote, the purchase and every
later return compute with this one function, so their numbers agree.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from loyalty.ledger import rounding
from promos import basket
from promos.rules import AWARDS
from promos.rules.line import EarningLine


@dataclass(frozen=True, slots=True)
class Rule:
    """A promotion as a basket sees it: what it takes, what it gives, and the most it may still give.

    `stacks`: added to the others; those that do not stack compete, and only the best of them counts.
    `qualifies`: its points count for the tier too. `ceiling`: None when nothing caps it.
    """

    promotion_id: int
    name: str
    kind: str
    value: Decimal
    minimum_basket: Decimal = rounding.ZERO
    categories: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    stacks: bool = True
    qualifies: bool = False
    ceiling: Decimal | None = None

    def matches(self, line: basket.Line) -> bool:
        """Tell whether the promotion is about this line; without categories and SKUs it is about all."""
        if not self.categories and not self.skus:
            return True
        return line.category in self.categories or line.sku in self.skus


@dataclass(frozen=True, slots=True)
class Terms:
    """What the day of the purchase decides: points for 1.00, the tier's multiplier, exclusions, live promotions."""

    earn_rate: Decimal
    multiplier: Decimal
    excluded: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Award:
    """Points of a basket: the base by line, promotions by id, and how the bonuses paid fell on the lines."""

    by_line: list[Decimal]
    paid_by_line: list[Decimal]
    promotions: dict[int, Decimal] = field(default_factory=dict)
    qualifying_promotions: frozenset[int] = frozenset()

    @property
    def base(self) -> Decimal:
        """Points of the base rule."""
        return sum(self.by_line, rounding.ZERO)

    @property
    def spendable(self) -> Decimal:
        """Points for the spendable account."""
        return self.base + sum(self.promotions.values(), rounding.ZERO)

    @property
    def qualifying(self) -> Decimal:
        """Points for the tier-qualifying account: the base rule, and promotions that say so."""
        extra = (points for each, points in self.promotions.items() if each in self.qualifying_promotions)
        return self.base + sum(extra, rounding.ZERO)


def evaluate(lines: list[basket.Line], paid: Decimal, terms: Terms) -> Award:
    """Return the award of a basket of which `paid` was paid with bonuses, which earn nothing."""
    paid_by_line = basket.spread(paid, lines)
    money = [line.amount - part for line, part in zip(lines, paid_by_line, strict=True)]
    base = [
        rounding.ZERO if line.category in terms.excluded else rounding.down(left * terms.earn_rate * terms.multiplier)
        for line, left in zip(lines, money, strict=True)
    ]
    earning = [EarningLine(left, points) for left, points in zip(money, base, strict=True)]
    promotions = _promote(lines, earning, terms)
    qualifying = frozenset(rule.promotion_id for rule in terms.rules if rule.qualifies)
    return Award(base, paid_by_line, promotions, qualifying)


def most_payable(amount: Decimal, share_percent: Decimal) -> Decimal:
    """Return the most bonuses that may pay a basket of `amount`."""
    return rounding.share(amount, share_percent, Decimal(100))


def _promote(lines: list[basket.Line], earning: list[EarningLine], terms: Terms) -> dict[int, Decimal]:
    whole = basket.total(lines)
    awarded: dict[int, Decimal] = {}
    best: tuple[Decimal, int] | None = None
    for rule in terms.rules:
        points = _award_of(rule, lines, earning, terms.excluded) if whole >= rule.minimum_basket else rounding.ZERO
        if not points:
            continue
        if rule.stacks:
            awarded[rule.promotion_id] = points
        elif best is None or points > best[0]:
            best = (points, rule.promotion_id)
    if best is not None:
        awarded[best[1]] = best[0]
    return awarded


def _award_of(rule: Rule, lines: list[basket.Line], earning: list[EarningLine], excluded: frozenset[str]) -> Decimal:
    matching = [
        earns
        for line, earns in zip(lines, earning, strict=True)
        if rule.matches(line) and line.category not in excluded
    ]
    points = AWARDS[rule.kind](rule.value, matching)
    return points if rule.ceiling is None else min(points, rule.ceiling)


def to_json(terms: Terms) -> dict[str, Any]:
    """Return terms as JSON, to be kept with the purchase."""
    return {
        "earn_rate": str(terms.earn_rate),
        "multiplier": str(terms.multiplier),
        "excluded": sorted(terms.excluded),
        "rules": [
            {
                "promotion_id": rule.promotion_id,
                "name": rule.name,
                "kind": rule.kind,
                "value": str(rule.value),
                "minimum_basket": str(rule.minimum_basket),
                "categories": sorted(rule.categories),
                "skus": sorted(rule.skus),
                "stacks": rule.stacks,
                "qualifies": rule.qualifies,
                "ceiling": None if rule.ceiling is None else str(rule.ceiling),
            }
            for rule in terms.rules
        ],
    }


def from_json(data: dict[str, Any]) -> Terms:
    """Return the terms that `to_json` kept."""
    return Terms(
        earn_rate=Decimal(data["earn_rate"]),
        multiplier=Decimal(data["multiplier"]),
        excluded=frozenset(data.get("excluded", ())),
        rules=tuple(_rule_from_json(rule) for rule in data.get("rules", ())),
    )


def _rule_from_json(data: dict[str, Any]) -> Rule:
    return Rule(
        promotion_id=data["promotion_id"],
        name=data["name"],
        kind=data["kind"],
        value=Decimal(data["value"]),
        minimum_basket=Decimal(data["minimum_basket"]),
        categories=frozenset(data["categories"]),
        skus=frozenset(data["skus"]),
        stacks=data["stacks"],
        qualifies=data["qualifies"],
        ceiling=None if data["ceiling"] is None else Decimal(data["ceiling"]),
    )
