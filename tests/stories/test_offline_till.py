"""The same day with a till that lost its line: late uploads lose nothing and double nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.conftest import MovingClock
from tests.stories.shop import Shop, points_of

pytestmark = pytest.mark.django_db


def test_a_till_uploads_the_day_it_was_offline_for_in_any_order_and_twice(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card("79001234567", firstname="Anna", surname="Orlova", birthDate="1990-05-17")
    morning = story_clock.moment

    # The line comes back ten days later; the evening's receipt arrives before the morning's.
    story_clock.forward(days=10)
    evening = morning + timedelta(hours=7)
    first = shop.sell(card, "EVENING", "300.00", at=evening, Offline=True)
    assert first["Accrued"] == Decimal("300.00")
    assert shop.balances(card) == points_of("0", "300", "0", "300")
    shop.sell(card, "MORNING", "200.00", at=morning, Offline=True)
    assert shop.balances(card) == points_of("0", "500", "0", "500")

    # The till is not sure that it was heard, and sends everything again.
    assert shop.sell(card, "EVENING", "300.00", at=evening, Offline=True) == first
    shop.sell(card, "MORNING", "200.00", at=morning, Offline=True)
    assert shop.balances(card) == points_of("0", "500", "0", "500")

    # The same receipt with another amount is refused.
    assert shop.sell(card, "EVENING", "301.00", at=evening, Offline=True)["Key"] == "OperationConflict"
    assert shop.balances(card) == points_of("0", "500", "0", "500")

    # Nobody can pay with points offline.
    refused = shop.sell(card, "NIGHT", "100.00", at=evening, Offline=True, BonusesToPay="10.00")
    assert (refused["Key"], "BonusesToPay" in refused["Value"]) == ("InvalidParameter", True)

    # Escrow counts from the purchase, not from the upload: thirty days after that morning the 200 are hers.
    story_clock.set(morning + timedelta(days=30))
    assert shop.balances(card) == points_of("200", "300", "200", "300")
    story_clock.set(evening + timedelta(days=30))
    assert shop.balances(card) == points_of("500", "0", "500", "0")


def test_a_purchase_dated_thirty_one_days_back_is_mature_at_once(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card("79001234567", firstname="Anna", surname="Orlova", birthDate="1990-05-17")
    answer = shop.sell(card, "OLD", "2000.00", at=story_clock.moment - timedelta(days=31))
    assert (answer["Accrued"], answer["Balance"]) == (Decimal("2000.00"), Decimal("2000.00"))
    assert shop.balances(card) == points_of("2000", "0", "2000", "0")
    assert shop.tier(card) == "Silver"
