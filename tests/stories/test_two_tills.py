"""Two tills at once, on real transactions: the same points are spent once, the same receipt counts once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from loyalty.core import clock
from tests.stories.shop import Shop, points_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make the calls from threads of their own, each with a connection of its own."""

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_tills_cannot_spend_the_same_points() -> None:
    shop = Shop()
    card = shop.give_card("79001234567", firstname="Anna", surname="Orlova", birthDate="1990-05-17")
    shop.sell(card, "OLD", "1000.00", at=clock.now() - timedelta(days=31))
    assert shop.balances(card) == points_of("1000", "0", "1000", "0")

    answers = at_once(
        lambda: shop.sell(card, "A", "1600.00", till=shop.till, BonusesToPay="800.00"),
        lambda: shop.sell(card, "B", "1600.00", till=shop.other_till, BonusesToPay="800.00"),
    )
    assert sorted(answer["Key"] for answer in answers) == ["InsufficientBonuses", "OK"]
    assert shop.balances(card) == points_of("200", "800", "1000", "800")


def test_a_receipt_sent_by_two_tills_at_once_counts_once_and_both_hear_the_same() -> None:
    shop = Shop()
    card = shop.give_card("79001234567", firstname="Anna", surname="Orlova", birthDate="1990-05-17")
    moment = clock.now()
    answers = at_once(
        *[lambda: shop.sell(card, "SAME", "500.00", at=moment) for _ in range(4)],
    )
    assert all(answer == answers[0] and answer["Accrued"] == Decimal("500.00") for answer in answers)
    assert shop.balances(card) == points_of("0", "500", "0", "500")
