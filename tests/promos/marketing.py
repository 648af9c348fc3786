"""The words of these tests: baskets, rules and promotions as a marketer speaks of them."""

from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from loyalty.core import actors, clock
from loyalty.models import Program
from loyalty.selectors import accrual_terms
from loyalty.services import code_orders, promotions
from promos.basket import Line
from promos.evaluation import Rule, Terms, evaluate
from promos.models import PromoCode, Promotion
from tests.conftest import MOSCOW

MARKETER = actors.staff("olga", "marketer")
_names = count(1)


def line(amount: str, category: str = "", sku: str = "") -> Line:
    return Line(Decimal(amount), category=category, sku=sku)


def rule(kind: str, value: str, number: int = 1, **given: Any) -> Rule:
    amounts = {name: Decimal(given[name]) for name in ("ceiling", "minimum_basket") if name in given}
    lists = {name: frozenset(given[name]) for name in ("categories", "skus") if name in given}
    return Rule(number, f"P{number}", kind, Decimal(value), **{**given, **amounts, **lists})


def earned(lines: list[Line], *rules: Rule, paid: str = "0", rate: str = "1", excluded: tuple[str, ...] = ()) -> Any:
    """The award under a multiplier of 1."""
    return evaluate(lines, Decimal(paid), Terms(Decimal(rate), Decimal(1), frozenset(excluded), rules))


def awarded(lines: list[Line], *rules: Rule, **given: Any) -> dict[int, Decimal]:
    """What each promotion gives."""
    return dict(earned(lines, *rules, **given).promotions)


def draft(**terms: Any) -> Promotion:
    """A promotion through the use case: 10 % for everybody from now on, unless told otherwise."""
    given = {"name": f"Promotion {next(_names)}", "kind": "percent", "value": Decimal(10), "starts_at": clock.now()}
    return promotions.create_promotion(MARKETER, given | terms, "spring")


def live(**terms: Any) -> Promotion:
    return promotions.go_live(MARKETER, draft(**terms).pk, "it is spring")


def terms_of(
    contact_id: int,
    moment: datetime | None = None,
    *,
    store: str = "0001",
    birth_date: date | None = None,
    first_purchase: Any = lambda: False,
) -> Terms:
    """What quote and add ask."""
    return accrual_terms.terms_for(
        Program.objects.get(pk=1),
        contact_id=contact_id,
        birth_date=birth_date,
        multiplier=Decimal(1),
        moment=moment or clock.now(),
        store=store,
        first_purchase=first_purchase,
    )


def moscow(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=MOSCOW)  # type: ignore[arg-type, misc]


def coded(**terms: Any) -> Promotion:
    """A live promotion by codes: 100 points each time, spendable at once, unless told otherwise."""
    given = {"trigger": "code", "kind": "fixed", "value": Decimal(100), "escrow_days": 0}
    return live(**(given | terms))


def shared_code(text: str = "SUMMER2026", **terms: Any) -> str:
    """A shared code of a promotion of its own."""
    return code_orders.add_shared_code(MARKETER, coded(**terms).pk, text, "poster").code


def single_codes(count: int = 1, *, prefix: str = "", length: int = 12, **terms: Any) -> list[str]:
    """Single-use codes of a promotion of their own, made as the job makes them."""
    batch = code_orders.order_codes(
        MARKETER, coded(**terms).pk, count=count, prefix=prefix, length=length, reason="flyer"
    )
    code_orders.make_codes(actors.system("test"))
    return list(PromoCode.objects.filter(batch=batch).order_by("pk").values_list("code", flat=True))
