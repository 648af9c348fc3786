"""What each kind of promotion gives, in numbers a marketer can check on paper."""

from decimal import Decimal

import pytest

from tests.promos.marketing import awarded, earned, line, rule

TEA, SHOES, BAG = line("300.00", "grocery", "tea"), line("700.00", "sport", "shoes"), line("0.00", "bag")


@pytest.mark.parametrize(("lines", "paid", "promotion", "points"), [
    # 10 percent of the money paid
    ([line("1000.00")], "0", rule("percent", "10"), "100.00"),
    # bonuses paid half of it: only the money counts
    ([line("1000.00")], "500.00", rule("percent", "10"), "50.00"),
    # rounded down on every line: 0.999 + 0.999, not 1.998
    ([line("9.99"), line("9.99")], "0", rule("percent", "10"), "1.98"),
    ([line("0.09")], "0", rule("percent", "10"), "0"),
    # a percent of a half: 0.5 of 1000
    ([line("1000.00")], "0", rule("percent", "0.50"), "5.00"),
    # the base points three times: two times more than the base already gave
    ([line("100.00")], "0", rule("multiplier", "3"), "200.00"),
    ([line("100.00")], "40.00", rule("multiplier", "3"), "120.00"),
    ([line("0.33"), line("0.33")], "0", rule("multiplier", "1.50"), "0.32"),
    # 200 points for the basket, however many lines
    ([TEA, SHOES], "0", rule("fixed", "200"), "200.00"),
    ([line("0.01")], "0", rule("fixed", "200"), "200.00"),
    # nothing was paid in money
    ([line("100.00")], "100.00", rule("fixed", "200"), "0"),
    ([BAG], "0", rule("fixed", "200"), "0"),
])  # fmt: skip
def test_what_a_kind_gives(lines, paid, promotion, points):
    assert sum(awarded(lines, promotion, paid=paid).values(), Decimal(0)) == Decimal(points)


@pytest.mark.parametrize(("given", "points"), [
    ({}, "100.00"),
    ({"categories": ["grocery"]}, "30.00"),
    ({"skus": ["shoes"]}, "70.00"),
    ({"categories": ["grocery"], "skus": ["shoes"]}, "100.00"),
    ({"categories": ["toys"]}, "0"),
    # people and tills differ in capitals and spaces
    ({"categories": [" GROCERY "]}, "30.00"),
    ({"skus": ["Shoes"]}, "70.00"),
])  # fmt: skip
def test_a_promotion_about_categories_or_skus_looks_at_those_lines(given, points):
    assert awarded([TEA, SHOES], rule("percent", "10", **given)).get(1, 0) == Decimal(points)


def test_a_fixed_promotion_about_a_category_needs_a_line_of_it_paid_in_money():
    coffee = rule("fixed", "50", categories=["grocery"])
    assert awarded([TEA, SHOES], coffee) == {1: Decimal(50)}
    assert awarded([SHOES], coffee) == {}


@pytest.mark.parametrize(("amount", "paid", "gets"), [
    ("999.99", "0", False), ("1000.00", "0", True), ("1000.00", "500.00", True), ("1500.00", "750.00", True),
])  # fmt: skip
def test_the_smallest_basket_counts_before_bonuses_pay(amount, paid, gets):
    big = rule("fixed", "100", minimum_basket="1000")
    assert bool(awarded([line(amount)], big, paid=paid)) is gets


def test_the_smallest_basket_is_that_of_the_whole_receipt():
    tea_days = rule("percent", "10", minimum_basket="1000", categories=["grocery"])
    assert awarded([TEA, SHOES], tea_days) == {1: Decimal(30)}


def test_an_excluded_category_earns_nothing_by_any_rule():
    award = earned([TEA, SHOES], rule("percent", "10"), rule("multiplier", "2", 2), excluded=("Sport",))
    assert award.by_line == [300, 0]
    assert award.promotions == {1: 30, 2: 300}
    assert earned([SHOES], rule("fixed", "200"), excluded=("sport",)).spendable == 0


def test_bonuses_that_pay_for_excluded_goods_do_not_lower_what_the_others_earn_twice():
    award = earned([TEA, SHOES], paid="500.00", excluded=("sport",))
    assert award.paid_by_line == [150, 350]
    assert award.spendable == 150


def test_the_tier_gets_the_base_and_what_promotions_that_qualify_give():
    award = earned([line("100.00")], rule("fixed", "7", 1, qualifies=True), rule("fixed", "5", 2))
    assert (award.base, award.spendable, award.qualifying) == (100, 112, 107)


def test_a_multiplier_of_the_tier_lifts_the_base_and_what_multiplies_it():
    from promos.evaluation import Terms, evaluate

    terms = Terms(Decimal("0.1"), Decimal("1.5"), rules=(rule("multiplier", "2"), rule("percent", "10", 2)))
    award = evaluate([line("100.00")], Decimal(0), terms)
    assert (award.base, award.promotions) == (15, {1: 15, 2: 10})


def test_a_multiplier_of_the_tier_does_not_count_for_the_next_tier():
    from promos.evaluation import Terms, evaluate

    terms = Terms(Decimal(1), Decimal("1.5"), rules=(rule("fixed", "7", 1, qualifies=True),))
    award = evaluate([line("100.00")], Decimal("40.00"), terms)
    assert (award.spendable, award.qualifying) == (97, 67)
