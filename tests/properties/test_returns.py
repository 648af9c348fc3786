"""Returns: whatever comes back in whatever order, never more than was earned, and in the end all of it.

On paper for very many purchases (the reckoning alone, no database), then in the books for some.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loyalty.core import actors, clock
from loyalty.ledger import invariants, rounding
from loyalty.models import Program, Purchase, ReturnPolicy
from loyalty.services import purchases, refunds, returned_goods
from loyalty.services.errors import RefundExceedsPurchase
from loyalty.services.purchases import Sale
from loyalty.services.refunds import RefundRequest
from loyalty.services.returned_goods import Goods, Reckoning
from promos import evaluation
from promos.basket import Line, total
from promos.evaluation import Terms
from promos.models import CustomerGrant, Promotion
from tests.factories import CardFactory
from tests.ledger import books
from tests.promos import marketing
from tests.properties.paper import MOSCOW
from tests.properties.test_promotions import rules

TILL = actors.client("till-1", "till", "cash_desk")
START = datetime(2026, 3, 2, 12, 0, tzinfo=MOSCOW)
CENT = Decimal("0.01")
NOTHING = Decimal("0.00")

lines = st.lists(
    st.builds(
        Line,
        amount=st.one_of(
            st.decimals(CENT, 5_000, places=2), st.sampled_from([CENT, Decimal("0.03"), Decimal("999.99")])
        ),
        sku=st.sampled_from(["A", "B", "C"]),
        category=st.sampled_from(["", "tea", "Coffee", "tobacco"]),
        quantity=st.sampled_from([Decimal(each) for each in ("1", "2", "3", "7", "0.333", "1.500")]),
    ),
    min_size=1,
    max_size=6,
)
parts = st.sampled_from([Decimal(each) for each in ("0.01", "0.25", "0.333", "0.5", "0.9", "1")])


@dataclass(frozen=True)
class Step:
    """One partial return: of an amount, or of a line by pieces, by money, or by both; `part` of what is left."""

    by: str
    line: int
    part: Decimal


steps = st.lists(
    st.builds(Step, st.sampled_from(["amount", "pieces", "money", "both"]), st.integers(0, 5), parts), max_size=6
)


def share_of(amount: Decimal, part: Decimal) -> Decimal:
    return rounding.down(amount * part)


def request_of(step: Step, sold: list[Any], number: int) -> RefundRequest:
    """What a till would send, given the lines as they stand."""
    name = f"refund-{number}"
    if step.by == "amount":
        left = sum((each.amount - each.returned for each in sold), NOTHING)
        return RefundRequest("receipt", name, amount=share_of(left, step.part))
    line = sold[step.line % len(sold)]
    pieces = ((line.quantity - line.returned_quantity) * step.part).quantize(Decimal("0.001"), "ROUND_DOWN")
    money = share_of(line.amount - line.returned, step.part)
    goods = {
        "pieces": Goods(line.sku, pieces, None),
        "money": Goods(line.sku, None, money),
        # Goods that were paid for do not come back for nothing.
        "both": Goods(line.sku, pieces, money or None),
    }
    return RefundRequest("receipt", name, goods=(goods[step.by],))


# On paper.


@dataclass
class PaperPurchase:
    """A purchase without a database: what the reckoning reads and writes."""

    amount: Decimal
    paid: Decimal
    accrued: Decimal
    qualifying: Decimal
    terms: dict[str, Any]
    sold: list[Any]
    returned: Decimal = NOTHING
    unearned: Decimal = NOTHING
    unqualified: Decimal = NOTHING
    restored: Decimal = NOTHING
    ended: list[str] = field(default_factory=list)

    @property
    def lines(self) -> Any:
        return SimpleNamespace(order_by=lambda _position: self.sold)

    def cancel(self) -> None:
        self.ended.append("cancelled")

    def refund_in_full(self) -> None:
        self.ended.append("refunded")

    def save(self, **_fields: Any) -> None:
        """Paper keeps itself."""


def sell(basket: list[Line], paid: Decimal, terms: Terms) -> PaperPurchase:
    award = evaluation.evaluate(basket, paid, terms)
    awarded = {str(each): str(points) for each, points in award.promotions.items()}
    sold = [
        SimpleNamespace(
            position=number, sku=line.sku, name="", category=line.category, quantity=line.quantity, price=line.price,
            amount=line.amount, returned=NOTHING, returned_quantity=Decimal("0.000"),
        )
        for number, line in enumerate(basket, 1)
    ]  # fmt: skip
    kept = evaluation.to_json(evaluation.narrow(basket, paid, terms)) | {"awarded": awarded}
    return PaperPurchase(total(basket), paid, award.spendable, award.qualifying, kept, sold)


@st.composite
def paper_purchases(draw: Any) -> PaperPurchase:
    basket = draw(lines)
    terms = Terms(
        earn_rate=draw(st.sampled_from([Decimal(each) for each in ("1", "0.05", "0.3333", "10")])),
        multiplier=draw(st.sampled_from([Decimal(each) for each in ("1", "1.25", "2")])),
        excluded=draw(st.sampled_from([frozenset(), frozenset({"tobacco"})])),
        rules=draw(rules()),
    )
    return sell(basket, share_of(total(basket), draw(st.one_of(st.just(Decimal(0)), parts))), terms)


@contextmanager
def without_database() -> Iterator[None]:
    lines_on_paper = SimpleNamespace(objects=SimpleNamespace(bulk_update=lambda _rows, _fields: None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(returned_goods, "PurchaseLine", lines_on_paper)
        yield


def take(purchase: PaperPurchase, reckoning: Reckoning, *, cancelled: bool = False) -> None:
    """Check one return and write it down."""
    assert min(reckoning.amount, reckoning.unearned, reckoning.unqualified, reckoning.restored) >= 0
    assert all(points >= 0 for points in reckoning.released.values())
    returned_goods.apply(purchase, reckoning, cancelled=cancelled)  # type: ignore[arg-type]
    assert purchase.returned <= purchase.amount
    assert purchase.unearned <= purchase.accrued
    assert purchase.unqualified <= purchase.qualifying
    assert purchase.restored <= purchase.paid
    for line in purchase.sold:
        assert 0 <= line.returned <= line.amount
        assert 0 <= line.returned_quantity <= line.quantity


@settings(max_examples=600)
@given(paper_purchases(), steps, st.booleans())
def test_any_returns_take_back_no_more_than_was_earned_and_in_the_end_exactly_that(
    purchase: PaperPurchase, steps: list[Step], cancelled: bool
) -> None:
    granted = {int(each): Decimal(points) for each, points in purchase.terms["awarded"].items()}
    released = dict.fromkeys(granted, NOTHING)
    with without_database():
        for number, step in enumerate(steps):
            if purchase.ended:
                break
            request = request_of(step, purchase.sold, number)
            reckoning = returned_goods.reckon(purchase, request.goods, request.amount)  # type: ignore[arg-type]
            take(purchase, reckoning)
            released = {each: released[each] + points for each, points in reckoning.released.items()}
        if not purchase.ended:
            rest = returned_goods.reckon_rest(purchase)  # type: ignore[arg-type]
            take(purchase, rest, cancelled=cancelled)
            released = {each: released[each] + points for each, points in rest.released.items()}
    assert len(purchase.ended) == 1
    assert (purchase.returned, purchase.restored) == (purchase.amount, purchase.paid)
    assert (purchase.unearned, purchase.unqualified) == (purchase.accrued, purchase.qualifying)
    assert released == granted


@settings(max_examples=200)
@given(paper_purchases(), steps)
def test_a_return_beyond_what_is_left_is_refused_and_changes_nothing(
    purchase: PaperPurchase, steps: list[Step]
) -> None:
    with without_database():
        for number, step in enumerate(steps):
            if purchase.ended:
                return
            request = request_of(step, purchase.sold, number)
            take(purchase, returned_goods.reckon(purchase, request.goods, request.amount))  # type: ignore[arg-type]
        before = replace(purchase)
        more = purchase.amount - purchase.returned + CENT
        with pytest.raises(RefundExceedsPurchase):
            returned_goods.reckon(purchase, (), more)  # type: ignore[arg-type]
        bought = sum(line.quantity for line in purchase.sold if line.sku == purchase.sold[0].sku)
        goods = (Goods(purchase.sold[0].sku, bought + 1, None),)
        with pytest.raises(RefundExceedsPurchase):
            returned_goods.reckon(purchase, goods, None)  # type: ignore[arg-type]
        assert purchase == before


# In the books.


@dataclass(frozen=True)
class Story:
    """One purchase from the till to its full return, and what happens in between."""

    basket: list[Line]
    pay: Decimal
    steps: list[Step]
    policy: ReturnPolicy
    promotion: dict[str, Any] | None
    days: int
    spend: Decimal
    cancels: bool


promotions = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["percent", "fixed", "multiplier"]),
            "value": st.sampled_from([Decimal("7.77"), Decimal(2), Decimal(50)]),
            "minimum_basket": st.sampled_from([Decimal(0), Decimal(1000)]),
            "categories": st.sampled_from([[], ["tea"]]),
            "qualifies": st.booleans(),
            "stacks": st.booleans(),
            "budget": st.sampled_from([None, Decimal(30)]),
            "customer_cap": st.sampled_from([None, Decimal("12.34")]),
        }
    ),
)
stories = st.builds(
    Story, lines, parts, steps, st.sampled_from(ReturnPolicy), promotions, st.sampled_from([0, 10, 31]), parts,
    st.booleans(),
)  # fmt: skip


@contextmanager
def nothing_is_kept() -> Iterator[None]:
    rollback = transaction.atomic()
    rollback._from_testcase = True  # the use cases open theirs inside, as in any test
    with clock.at(START), rollback:
        yield
        transaction.set_rollback(True)


def given_by_promotions(contact: int) -> tuple[Decimal, Decimal]:
    granted = sum(Promotion.objects.values_list("granted", flat=True), NOTHING)
    return granted, sum(CustomerGrant.objects.filter(contact_id=contact).values_list("granted", flat=True), NOTHING)


def sale_of(story: Story, number: str, available: Decimal) -> Sale:
    amount = total(story.basket)
    pay = min(share_of(amount / 2, story.pay), available)
    return Sale("receipt", number, "", START, "0001", amount, tuple(story.basket), bonuses_to_pay=pay)


def refund_twice(request: RefundRequest) -> refunds.Returned:
    """Refund, and hear the same answer again with nothing changed."""
    answer = refunds.refund(TILL, request)
    purchase = Purchase.objects.get(purchase_id="receipt")
    before = books.read(purchase.contact_id)
    assert refunds.refund(TILL, request) == answer
    assert books.read(purchase.contact_id) == before
    books.assert_laws_hold()
    return answer


def return_all(story: Story) -> list[refunds.Returned]:
    """Return by steps, then the rest by amount or by a cancel."""
    purchase = Purchase.objects.get(purchase_id="receipt")
    answers = []
    for number, step in enumerate(story.steps):
        answers.append(refund_twice(request_of(step, list(purchase.lines.order_by("position")), number)))
        purchase = Purchase.objects.get(purchase_id="receipt")
        if purchase.status != "completed":
            return answers
    if story.cancels:
        answer = refunds.cancel(TILL, "receipt")
        assert refunds.cancel(TILL, "receipt") == answer
        return [*answers, answer]
    return [*answers, refund_twice(RefundRequest("receipt", "rest", amount=purchase.amount - purchase.returned))]


def live_through(story: Story) -> None:
    card = CardFactory()
    contact = card.contact_id
    Program.objects.update(return_policy=story.policy)
    if story.promotion:
        marketing.live(**story.promotion)
    books.earn(contact, "500.01", at=START - timedelta(days=31))
    books.earn(contact, "77.77", at=START - timedelta(days=32))
    books.land(contact)
    before, granted = books.read(contact), given_by_promotions(contact)
    sold = purchases.add_purchase(TILL, sale_of(story, card.number, before.spendable))
    clock._fixed.set(START + timedelta(days=story.days))
    spent = share_of(books.read(contact).spendable, story.spend)
    if spent:
        books.spend(contact, spent)
    answers = return_all(story)
    taken, restored = (sum((getattr(each, name) for each in answers), NOTHING) for name in ("taken_back", "restored"))
    assert all(each.taken_back >= 0 and each.restored >= 0 for each in answers)
    assert (taken <= sold.accrued, restored) == (True, sold.paid)
    assert invariants.broken() == []
    if story.policy == ReturnPolicy.ALLOW_NEGATIVE:
        assert given_by_promotions(contact) == granted
        assert taken == sold.accrued
        assert books.read(contact) == replace(before, spendable=before.spendable - spent)
    if story.policy == ReturnPolicy.WITHIN_BALANCE:
        assert books.read(contact).spendable >= 0


TEA = [Line(Decimal("999.99"), sku="A", category="tea", quantity=Decimal(3)), Line(Decimal("0.03"), sku="A")]
BY_PIECES = [Step("pieces", 0, Decimal("0.333")), Step("amount", 0, Decimal("0.5")), Step("both", 1, Decimal("0.9"))]


@pytest.mark.django_db
@settings(max_examples=30)
@example(Story(TEA, Decimal(1), BY_PIECES, ReturnPolicy.ALLOW_NEGATIVE, None, 31, Decimal(1), False))
@example(Story(TEA, Decimal(1), BY_PIECES, ReturnPolicy.WITHIN_BALANCE, None, 31, Decimal(1), True))
@example(Story(TEA, Decimal(1), BY_PIECES, ReturnPolicy.ONLY_PENDING, None, 31, Decimal(1), True))
@given(stories)
def test_any_purchase_and_its_returns_leave_the_books_as_they_were(story: Story) -> None:
    with nothing_is_kept():
        live_through(story)
