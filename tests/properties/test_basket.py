from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from promos import evaluation
from promos.basket import Line, spread, total
from promos.evaluation import Terms

money = st.decimals(min_value=0, max_value=Decimal("9999999.99"), places=2)
baskets = st.lists(money.map(Line), min_size=1, max_size=12)
terms = st.builds(
    Terms,
    earn_rate=st.decimals(min_value=0, max_value=1000, places=4),
    multiplier=st.decimals(min_value=Decimal("0.01"), max_value=Decimal("999.99"), places=2),
)


@st.composite
def paid_baskets(draw):
    lines = draw(baskets)
    share = draw(st.fractions(0, 1))
    paid = (total(lines) * share.numerator / share.denominator).quantize(Decimal("0.01"), rounding="ROUND_DOWN")
    return lines, paid


@given(paid_baskets())
def test_what_bonuses_paid_falls_on_the_lines_to_the_last_hundredth(basket):
    lines, paid = basket
    parts = spread(paid, lines)
    assert sum(parts) == paid
    assert all(0 <= part <= line.amount for part, line in zip(parts, lines, strict=True))
    assert all(part == part.quantize(Decimal("0.01")) for part in parts)


@given(paid_baskets())
def test_a_line_bears_its_share_to_less_than_a_hundredth(basket):
    lines, paid = basket
    whole = total(lines)
    for part, line in zip(spread(paid, lines), lines, strict=True):
        fair = paid * line.amount / whole if whole else Decimal(0)
        assert abs(part - fair) < Decimal("0.01") + Decimal("1e-12")


@given(paid_baskets(), terms)
def test_an_award_is_never_negative_and_never_above_the_exact_value_of_what_was_paid_in_money(basket, given_terms):
    lines, paid = basket
    award = evaluation.evaluate(lines, paid, given_terms)
    exact = (total(lines) - paid) * given_terms.earn_rate * given_terms.multiplier
    assert all(points >= 0 and points == points.quantize(Decimal("0.01")) for points in award.by_line)
    assert exact - len(lines) * Decimal("0.01") < award.spendable <= exact
    # The tier's multiplier is no part of what counts for the tier.
    alone = evaluation.evaluate(lines, paid, replace(given_terms, multiplier=Decimal(1)))
    assert award.qualifying == alone.qualifying == sum(alone.by_line)
    assert sum(award.paid_by_line) == paid


@given(paid_baskets(), terms)
def test_paying_with_bonuses_never_earns_more(basket, given_terms):
    lines, paid = basket
    for each in (evaluation.evaluate(lines, part, given_terms) for part in (Decimal(0), paid, total(lines))):
        assert each.spendable <= evaluation.evaluate(lines, Decimal(0), given_terms).spendable
    assert evaluation.evaluate(lines, total(lines), given_terms).spendable == 0


@given(money, st.decimals(min_value=0, max_value=100, places=2))
def test_bonuses_pay_no_more_than_their_share(amount, share):
    most = evaluation.most_payable(amount, share)
    assert 0 <= most <= amount
    assert most <= amount * share / 100 < most + Decimal("0.01")
