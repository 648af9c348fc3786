"""What a basket earns: the base rate times the tier's multiplier, plus what promotions award. Pure.

Serves specs/points_and_tiers.md, Earning, and specs/cash_desk.md, Purchases. A quote, the purchase and every
later return compute with this one function, so their numbers agree.
"""

from dataclasses import dataclass, field, replace
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
    `qualifies`: its points count for the tier too. `ceiling`: None when nothing caps it. Categories and SKUs are
    kept folded: a marketer's "Coffee" is the till's "COFFEE".
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

    def __post_init__(self) -> None:
        object.__setattr__(self, "categories", basket.folded(self.categories))
        object.__setattr__(self, "skus", basket.folded(self.skus))

    def matches(self, line: basket.Line) -> bool:
        """Tell whether the promotion is about this line; without categories and SKUs it is about all."""
        if not self.categories and not self.skus:
            return True
        return basket.fold(line.category) in self.categories or basket.fold(line.sku) in self.skus


@dataclass(frozen=True, slots=True)
class Terms:
    """What the day of the purchase decides: points for 1.00, the tier's multiplier, exclusions, live promotions."""

    earn_rate: Decimal
    multiplier: Decimal
    excluded: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "excluded", basket.folded(self.excluded))

    def excludes(self, line: basket.Line) -> bool:
        """Tell whether the line earns nothing at all."""
        return bool(self.excluded) and basket.fold(line.category) in self.excluded


@dataclass(frozen=True, slots=True)
class Award:
    """Points of a basket: the base by line, promotions by id, and how the bonuses paid fell on the lines.

    `base_qualifying`: what the base rate alone gives. A tier's multiplier rewards being in the tier; it does not
    carry anybody into the next one.
    """

    by_line: list[Decimal]
    paid_by_line: list[Decimal]
    base_qualifying: Decimal = rounding.ZERO
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
        """Points for the tier-qualifying account: the base rate, and promotions that say so."""
        extra = (points for each, points in self.promotions.items() if each in self.qualifying_promotions)
        return self.base_qualifying + sum(extra, rounding.ZERO)


def evaluate(lines: list[basket.Line], paid: Decimal, terms: Terms) -> Award:
    """Return the award of a basket of which `paid` was paid with bonuses, which earn nothing."""
    paid_by_line, earning = _earning(lines, paid, terms)
    qualifying = frozenset(rule.promotion_id for rule in terms.rules if rule.qualifies)
    promotions = _choose(terms.rules, _offers(lines, earning, terms))
    by_rate = sum((rounding.down(line.money * terms.earn_rate) for line in earning), rounding.ZERO)
    return Award([line.base for line in earning], paid_by_line, by_rate, promotions, qualifying)


def narrow(lines: list[basket.Line], paid: Decimal, terms: Terms) -> Terms:
    """Return the terms without the promotions that have nothing for this basket, whatever the others give.

    The award stays the same; what is left is short enough to be kept with the purchase, and worth being locked.
    """
    offers = _offers(lines, _earning(lines, paid, terms)[1], terms)
    return replace(terms, rules=tuple(rule for rule in terms.rules if rule.promotion_id in offers))


def most_payable(amount: Decimal, share_percent: Decimal) -> Decimal:
    """Return the most bonuses that may pay a basket of `amount`."""
    return rounding.share(amount, share_percent, Decimal(100))


def _earning(lines: list[basket.Line], paid: Decimal, terms: Terms) -> tuple[list[Decimal], list[EarningLine]]:
    paid_by_line = basket.spread(paid, lines)
    earning = []
    for line, part in zip(lines, paid_by_line, strict=True):
        money = rounding.ZERO if terms.excludes(line) else line.amount - part
        earning.append(EarningLine(money, rounding.down(money * terms.earn_rate * terms.multiplier)))
    return paid_by_line, earning


def _offers(lines: list[basket.Line], earning: list[EarningLine], terms: Terms) -> dict[int, Decimal]:
    """Return what each promotion would give by itself, within its ceiling; those that give nothing are left out."""
    whole = basket.total(lines)
    offers: dict[int, Decimal] = {}
    for rule in terms.rules:
        if whole < rule.minimum_basket:
            continue
        matching = [earns for line, earns in zip(lines, earning, strict=True) if rule.matches(line)]
        points = AWARDS[rule.kind](rule.value, matching)
        within = points if rule.ceiling is None else min(points, rule.ceiling)
        if within > 0:
            offers[rule.promotion_id] = within
    return offers


def _choose(rules: tuple[Rule, ...], offers: dict[int, Decimal]) -> dict[int, Decimal]:
    """Return all that stacks and the best of the rest; of equal ones the promotion that was made first."""
    stacking = {rule.promotion_id for rule in rules if rule.stacks}
    best = max((each for each in offers if each not in stacking), key=lambda each: (offers[each], -each), default=None)
    return {each: points for each, points in offers.items() if each in stacking or each == best}


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
