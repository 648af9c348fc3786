from decimal import Decimal

import pytest

from loyalty.ledger import rounding


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("1.999", "1.99"), ("1.991", "1.99"), ("1.99", "1.99"), ("0.009", "0.00"), ("-1.999", "-1.99"), ("7", "7.00")],
)
def test_points_are_rounded_down_to_hundredths(amount, rounded):
    assert str(rounding.down(Decimal(amount))) == rounded


@pytest.mark.parametrize(
    ("amount", "exact"),
    [
        ("1.99", True),
        ("1.990", True),
        ("1e3", True),
        ("9999999999.99", True),
        ("10000000000", False),
        ("1.991", False),
        ("NaN", False),
        ("sNaN", False),
        ("-Infinity", False),
        ("1e30", False),
    ],
)
def test_an_amount_is_finite_not_too_large_and_has_two_places(amount, exact):
    assert rounding.is_exact(Decimal(amount)) is exact


@pytest.mark.parametrize(
    ("amount", "part", "whole", "share"),
    [("100", "1", "3", "33.33"), ("100", "3", "3", "100.00"), ("0.01", "1", "2", "0.00"), ("5", "1", "0", "0.00")],
)
def test_a_share_is_rounded_down(amount, part, whole, share):
    assert str(rounding.share(Decimal(amount), Decimal(part), Decimal(whole))) == share


def test_the_share_of_the_largest_amounts_is_exact():
    large = rounding.LARGEST
    assert rounding.share(large, large, large) == large
    assert rounding.share(large, large - rounding.PLACES, large) == large - rounding.PLACES
