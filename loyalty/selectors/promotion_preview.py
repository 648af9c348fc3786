"""What one promotion would give to a basket, and what keeps it from giving more. Writes nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from loyalty.ledger import rounding
from loyalty.models import Program
from loyalty.selectors import audiences
from promos import evaluation, occasion, selectors
from promos.basket import Line
from promos.evaluation import Terms
from promos.models import Promotion
from promos.occasion import Occasion


@dataclass(frozen=True, slots=True)
class Trial:
    """A basket of one line that a marketer tries; the customer is in a tier that multiplies by 1.

    `contact_id`: a customer whom the promotion's audience must hold; None: somebody whom it holds.
    """

    line: Line
    paid: Decimal
    moment: datetime
    store: str = ""
    birth_date: date | None = None
    first_purchase: bool = False
    contact_id: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """Points of the base rule, points of the promotion, and the conditions that the trial does not meet."""

    base: Decimal
    award: Decimal
    obstacles: tuple[str, ...]


def preview(settings: Program, promotion: Promotion, trial: Trial) -> Preview:
    """Return what the promotion would give if it were live, to a customer to whom it has given nothing yet.

    Obstacles carry the names of terms: `hours`, `stores`, ..., and `goods`, `minimum_basket`, `excluded`, `budget`,
    `audience`.
    """
    seen = Occasion(
        trial.moment.astimezone(settings.tzinfo), trial.store, lambda: trial.first_purchase, trial.birth_date
    )
    rule = selectors.rule_of(promotion, rounding.ZERO)
    excluded = frozenset(settings.excluded_categories)
    terms = Terms(settings.earn_rate, Decimal(1), excluded, (rule,))
    award = evaluation.evaluate([trial.line], trial.paid, terms)
    in_the_way = list(occasion.obstacles(promotion, seen))
    if not _in_audience(promotion, trial, settings):
        in_the_way.append("audience")
    if trial.line.amount < rule.minimum_basket:
        in_the_way.append("minimum_basket")
    if terms.excludes(trial.line):
        in_the_way.append("excluded")
    elif not rule.matches(trial.line):
        in_the_way.append("goods")
    if rule.ceiling == 0:
        in_the_way.append("budget")
    given = rounding.ZERO if in_the_way else sum(award.promotions.values(), rounding.ZERO)
    return Preview(award.base, given, tuple(in_the_way))


def _in_audience(promotion: Promotion, trial: Trial, settings: Program) -> bool:
    if promotion.audience is None or trial.contact_id is None:
        return True
    return audiences.includes(promotion.audience, trial.contact_id, settings.tzinfo)
