"""Whatever marketers combine: no negative award, none above a ceiling, and returns that stay near what was earned."""

from decimal import Decimal

from hypothesis import assume, example, given
from hypothesis import strategies as st

from loyalty.ledger import rounding
from promos.basket import Line, total
from promos.evaluation import Rule, Terms, evaluate, from_json, narrow, to_json

CENT = Decimal("0.01")
money = st.decimals(min_value=0, max_value=Decimal("99999.99"), places=2)
categories = st.sampled_from(["", "tea", "Coffee", "tobacco"])
lines = st.lists(st.builds(Line, amount=money, category=categories), min_size=1, max_size=6)
VALUES = {
    "percent": st.decimals(min_value=CENT, max_value=1000, places=2),
    "multiplier": st.decimals(min_value=Decimal("1.01"), max_value=100, places=2),
    "fixed": st.decimals(min_value=CENT, max_value=1000, places=2),
}


@st.composite
def rules(draw, kinds=tuple(VALUES)):
    """Up to four promotions with numbers of their own."""
    found = []
    for number in range(1, draw(st.integers(0, 4)) + 1):
        kind = draw(st.sampled_from(kinds))
        found.append(Rule(
            number, f"P{number}", kind, draw(VALUES[kind]),
            minimum_basket=draw(st.one_of(st.just(Decimal(0)), money)),
            categories=draw(st.sampled_from([frozenset(), frozenset({"tea"}), frozenset({"coffee", "tea"})])),
            stacks=draw(st.booleans()), qualifies=draw(st.booleans()),
            ceiling=draw(st.one_of(st.none(), money)),
        ))  # fmt: skip
    return tuple(found)


terms = st.builds(
    Terms,
    earn_rate=st.decimals(min_value=0, max_value=10, places=4),
    multiplier=st.decimals(min_value=CENT, max_value=10, places=2),
    excluded=st.sampled_from([frozenset(), frozenset({"tobacco"})]),
    rules=rules(),
)


@st.composite
def paid_baskets(draw):
    basket = draw(lines)
    share = draw(st.fractions(0, 1))
    return basket, (total(basket) * share.numerator / share.denominator).quantize(CENT, rounding="ROUND_DOWN")


@st.composite
def returns(draw):
    """A paid basket, and what is left of it: lines that shrank, with the part of the bonuses that stays paid."""
    basket, paid = draw(paid_baskets())
    whole = total(basket)
    assume(whole > 0)
    rest = [Line(min(draw(st.sampled_from([each.amount, Decimal(0), draw(money)])), each.amount),
                 category=each.category) for each in basket]  # fmt: skip
    restored = rounding.share(paid, whole - total(rest), whole)
    return basket, paid, rest, min(paid - restored, total(rest))


@given(paid_baskets(), terms)
def test_an_award_is_exact_never_negative_and_never_above_a_ceiling(basket, day):
    award = evaluate(*basket, day)
    assert all(points > 0 and points == rounding.down(points) for points in award.promotions.values())
    for rule in day.rules:
        assert rule.ceiling is None or award.promotions.get(rule.promotion_id, 0) <= rule.ceiling
    assert 0 <= award.base <= award.spendable
    assert 0 <= award.base_qualifying <= award.qualifying
    assert award.qualifying - award.base_qualifying <= award.spendable - award.base
    assert len([rule for rule in day.rules if rule.promotion_id in award.promotions and not rule.stacks]) <= 1


@given(paid_baskets(), terms)
def test_the_bonuses_that_paid_fall_on_the_lines_whatever_the_promotions(basket, day):
    bought, paid = basket
    parts = evaluate(bought, paid, day).paid_by_line
    assert sum(parts) == paid
    assert all(0 <= part <= line.amount for part, line in zip(parts, bought, strict=True))


@given(paid_baskets(), terms)
def test_what_is_kept_with_the_purchase_gives_the_same_award(basket, day):
    kept = from_json(to_json(narrow(*basket, day)))
    assert evaluate(*basket, kept) == evaluate(*basket, narrow(*basket, day))
    assert evaluate(*basket, kept).promotions == evaluate(*basket, day).promotions


@given(paid_baskets(), terms)
def test_the_order_of_the_promotions_does_not_matter(basket, day):
    turned = Terms(day.earn_rate, day.multiplier, day.excluded, tuple(reversed(day.rules)))
    assert evaluate(*basket, turned).promotions == evaluate(*basket, day).promotions


@given(paid_baskets(), terms)
def test_a_tighter_ceiling_never_gives_more(basket, day):
    from dataclasses import replace

    loose = Terms(day.earn_rate, day.multiplier, day.excluded, tuple(replace(r, ceiling=None) for r in day.rules))
    assert evaluate(*basket, day).spendable <= evaluate(*basket, loose).spendable


def most_by_rounding(day: Terms, count: int) -> Decimal:
    """The most that spreading the bonuses anew may give: a hundredth of money a line, by every rule that looks at it.

    A fixed promotion does not look at the amount, so it adds nothing - once terms are narrowed to what gave something.
    """
    rate = day.earn_rate * day.multiplier
    moved = rate + sum(
        (rule.value / 100 if rule.kind == "percent" else rate * (rule.value - 1))
        for rule in day.rules
        if rule.kind != "fixed"
    )
    return count * (CENT * moved + CENT * (1 + len(day.rules)))


@example(  # one more hundredth falls on the tobacco, one less on the tea, which earns it
    ([Line(Decimal("0.01"), category="tobacco"), Line(Decimal("1.23"), category="tobacco"),
      Line(Decimal("1.37"), category="tea"), Line(Decimal("2.70"), category="tobacco")], Decimal("2.65"),
     [Line(Decimal("0.00"), category="tobacco"), Line(Decimal("0.00"), category="tobacco"),
      Line(Decimal("1.37"), category="tea"), Line(Decimal("2.39"), category="tobacco")], Decimal("1.88")),
    Terms(Decimal(1), Decimal(1), frozenset({"tobacco"})),
)  # fmt: skip
@given(returns(), terms)
def test_what_remains_earns_no_more_than_all_did_but_for_the_rounding_of_the_bonuses(story, day):
    basket, paid, rest, still_paid = story
    kept = narrow(basket, paid, day)
    more = evaluate(rest, still_paid, kept).spendable - evaluate(basket, paid, kept).spendable
    assert more <= most_by_rounding(kept, len(basket))


@given(returns(), terms)
def test_without_bonuses_what_remains_never_earns_more(story, day):
    basket, _, rest, _ = story
    full, left = (evaluate(each, Decimal(0), day) for each in (basket, rest))
    assert left.spendable <= full.spendable
    assert all(part <= whole for part, whole in zip(left.by_line, full.by_line, strict=True))


def test_a_fixed_promotion_that_gave_nothing_would_wake_up_when_a_hundredth_moves():
    """Why the terms are narrowed before they are kept: a cent of tea, all paid with bonuses, and then not."""
    fixed = Rule(1, "P1", "fixed", Decimal(200), categories=frozenset({"tea"}))
    day = Terms(Decimal(1), Decimal(1), rules=(fixed,))
    basket = [Line(Decimal("0.24")), Line(CENT, category="tea"), Line(Decimal("0.04"))]
    rest = [Line(Decimal("0.24")), Line(CENT, category="tea"), Line(Decimal("0.03"))]
    paid = Decimal("0.14")
    assert evaluate(basket, paid, day).spendable == Decimal("0.15")
    assert evaluate(rest, paid, day).spendable == Decimal("200.14")
    assert evaluate(rest, paid, narrow(basket, paid, day)).spendable == Decimal("0.14")


def test_the_tier_may_get_more_when_another_promotion_becomes_the_best():
    """Why a return looks at both accounts by themselves: the gift is gone, and what takes its place qualifies."""
    gift = Rule(1, "P1", "fixed", Decimal(200), minimum_basket=Decimal(1000), stacks=False)
    tenth = Rule(2, "P2", "percent", Decimal(10), stacks=False, qualifies=True)
    day = Terms(Decimal(1), Decimal(1), rules=(gift, tenth))
    full, rest = (evaluate([Line(Decimal(amount))], Decimal(0), day) for amount in (1000, 950))
    assert (full.spendable, full.qualifying) == (1200, 1000)
    assert (rest.spendable, rest.qualifying) == (1045, 1045)
