"""Which promotions count together: those that add up, and the best of those that do not."""

from dataclasses import replace
from decimal import Decimal

import pytest

from promos.evaluation import Terms, evaluate, from_json, narrow, to_json
from tests.promos.marketing import awarded, line, rule

BASKET = [line("1000.00", "grocery")]


@pytest.mark.parametrize(("rules", "counted"), [
    # all that add up do
    ([rule("percent", "5", 1), rule("fixed", "20", 2)], {1: 50, 2: 20}),
    # of those that compete the best one
    ([rule("percent", "5", 1, stacks=False), rule("fixed", "20", 2, stacks=False)], {1: 50}),
    # the best one beside those that add up
    ([rule("percent", "5", 1, stacks=False), rule("fixed", "60", 2, stacks=False), rule("fixed", "1", 3)],
     {2: 60, 3: 1}),
    # equal ones: the one made first, always the same
    ([rule("fixed", "50", 1, stacks=False), rule("percent", "5", 2, stacks=False)], {1: 50}),
    # a better one that has little left is not better
    ([rule("percent", "50", 1, stacks=False, ceiling="10"), rule("fixed", "20", 2, stacks=False)], {2: 20}),
    # one that is used up leaves the field to the others
    ([rule("percent", "50", 1, stacks=False, ceiling="0"), rule("fixed", "20", 2, stacks=False)], {2: 20}),
    ([], {}),
])  # fmt: skip
def test_what_counts(rules, counted):
    assert awarded(BASKET, *rules) == counted
    assert awarded(BASKET, *reversed(rules)) == counted


def test_a_ceiling_cuts_the_award():
    assert awarded(BASKET, rule("percent", "10", ceiling="33.33")) == {1: Decimal("33.33")}


def test_terms_without_what_gives_nothing_give_the_same_award():
    terms = Terms(Decimal(1), Decimal(1), frozenset(), (
        rule("percent", "5", 1, stacks=False), rule("fixed", "20", 2, stacks=False),
        rule("fixed", "9", 3, minimum_basket="5000"), rule("percent", "5", 4, categories=["sport"]),
        rule("fixed", "9", 5, ceiling="0"),
    ))  # fmt: skip
    short = narrow(BASKET, Decimal(0), terms)
    assert [each.promotion_id for each in short.rules] == [1, 2], "the loser stays: it may be the best of what remains"
    assert evaluate(BASKET, Decimal(0), short).promotions == evaluate(BASKET, Decimal(0), terms).promotions


def test_terms_are_kept_as_json_and_come_back_the_same():
    terms = Terms(Decimal("1.5"), Decimal("1.25"), frozenset({"Tobacco"}), (
        rule("percent", "5", 1, categories=["Tea", "чай"], skus=["A1"], minimum_basket="10", ceiling="3.50",
             stacks=False, qualifies=True),
        rule("fixed", "20", 2),
    ))  # fmt: skip
    assert from_json(to_json(terms)) == terms
    assert replace(terms, rules=()) != terms


def test_terms_kept_before_there_were_promotions_still_read():
    assert from_json({"earn_rate": "1", "multiplier": "1.00"}) == Terms(Decimal(1), Decimal("1.00"))
