"""The first month of a shopper: from the wallet to the till, to the rollover, to spending."""

from decimal import Decimal

import pytest

from tests.conftest import MovingClock
from tests.stories.shop import Shop, points_of

pytestmark = pytest.mark.django_db

ANNA = {"firstname": "Anna", "surname": "Orlova", "birthDate": "1990-05-17"}


def test_a_shopper_takes_a_card_buys_waits_thirty_days_and_spends(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card("79001234567", **ANNA)
    assert shop.balances(card) == points_of("0", "0", "0", "0")
    assert shop.tier(card) == "Base"

    # 2 March: coffee for 1,200.00. One point for each rouble, all of them in escrow.
    answer = shop.sell(card, "R-1", "1200.00")
    assert (answer["Key"], answer["Accrued"], answer["Balance"]) == (
        "OK",
        Decimal("1200.00"),
        Decimal("0.00"),
    )
    assert shop.balances(card) == points_of("0", "1200", "0", "1200")

    # The points cannot be spent yet.
    refused = shop.sell(card, "R-2", "500.00", BonusesToPay="100.00")
    assert refused["Key"] == "InsufficientBonuses"
    assert shop.balances(card) == points_of("0", "1200", "0", "1200")

    # 12 March: another 800.00.
    story_clock.forward(days=10)
    shop.sell(card, "R-3", "800.00")
    assert shop.balances(card) == points_of("0", "2000", "0", "2000")

    # 1 April, noon: thirty days to the second after the first purchase. The clock decides, no job has run.
    story_clock.forward(days=20)
    assert shop.balances(card) == points_of("1200", "800", "1200", "800")
    wallet = shop.wallet.get(f"/v1/card/{card}")["card"]["bonus"]
    assert (wallet["available"], wallet["total"]) == ("1200.00", "2000.00")

    # The job does the bookkeeping and changes nothing that anybody sees.
    shop.nightly_job()
    assert shop.balances(card) == points_of("1200", "800", "1200", "800")
    assert shop.tier(card) == "Base"

    # She pays half of a 1,000.00 basket with points; the other half earns.
    answer = shop.sell(card, "R-4", "1000.00", BonusesToPay="500.00")
    assert (answer["Accrued"], answer["Paid"], answer["Balance"]) == (
        Decimal("500.00"),
        Decimal("500.00"),
        Decimal("700.00"),
    )
    assert shop.balances(card) == points_of("700", "1300", "1200", "1300")

    # More than half of a basket is refused, and nothing changes.
    assert shop.sell(card, "R-5", "1000.00", BonusesToPay="500.01")["Key"] == "InsufficientBonuses"
    assert shop.balances(card) == points_of("700", "1300", "1200", "1300")

    # 11 April: the second purchase matures. With 2,000 qualifying points she is Silver once they land.
    story_clock.forward(days=10)
    assert shop.balances(card) == points_of("1500", "500", "2000", "500")
    shop.nightly_job()
    assert shop.tier(card) == "Silver"
    assert shop.balances(card) == points_of("1500", "500", "2000", "500")


def test_the_points_of_a_year_ago_are_gone_the_moment_they_expire(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card("79001234567", **ANNA)
    shop.sell(card, "R-1", "100.00")
    # They mature on 1 April 2026 and expire twelve months later, at the end of April 2027.
    story_clock.set(story_clock.moment.replace(year=2027, month=4, day=30, hour=23, minute=59, second=59))
    # The qualifying ones counted for 2026, which is over.
    assert shop.balances(card) == points_of("100", "0", "0", "0")
    story_clock.forward(seconds=1)
    assert shop.balances(card) == points_of("0", "0", "0", "0")
    assert shop.sell(card, "R-2", "100.00", BonusesToPay="1.00")["Key"] == "InsufficientBonuses"


def test_a_spend_before_the_job_finds_what_has_matured(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card("79001234567", **ANNA)
    shop.sell(card, "R-1", "2500.00")
    story_clock.forward(days=30)
    answer = shop.sell(card, "R-2", "1000.00", BonusesToPay="500.00")
    assert answer["Balance"] == Decimal("2000.00")
    # Landing the points moved the tier in the same transaction.
    assert shop.tier(card) == "Silver"
    assert shop.balances(card) == points_of("2000", "500", "2500", "500")
    shop.nightly_job()
    assert shop.balances(card) == points_of("2000", "500", "2500", "500")
