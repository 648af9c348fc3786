"""Vera, who brings things back: in escrow and long after, in parts, when the points are spent, and over New Year."""

import pytest

from tests.conftest import MovingClock
from tests.stories.life import Life

pytestmark = pytest.mark.django_db

BASE = "Base since 2026-03-02 12:00:00"
SILVER = "Silver since 2026-05-10 12:00:00 until 2028-01-01 00:00:00"
BASE_AGAIN = "Base since 2028-01-01 00:00:00"


def line(sku: str, amount: str) -> dict[str, object]:
    return {"Sku": sku, "Name": sku, "Quantity": 1, "Price": amount, "Amount": amount}


def the_year_2026(vera: Life) -> None:
    # March 2026: a kettle and cups. The cups come back within thirty days, their points out of both escrows.
    vera.buys("V-1", "1000.00", Lines=[line("kettle", "600.00"), line("cups", "400.00")])
    vera.has("0 1000 0 1000", ever="0 1000 0 1000", tier=BASE)
    vera.on("2026-03-12T12:00:00").brings_back("V-1", "F-1", goods="cups", taken="400")
    vera.has("0 600 0 600", ever="0 1000 0 1000", tier=BASE)
    vera.on("2026-04-01T12:00:00")
    vera.has("600 0 600 0", ever="600 1000 600 1000", ends="600 2027-04-30", tier=BASE)

    # A coat for 2,000 makes her Silver in May; she pays half of 5,000 with points: all of the 600, 1,900 of the coat's.
    vera.on("2026-04-10T12:00:00").buys("V-2", "2000.00")
    vera.has("600 2000 600 2000", ever="600 3000 600 3000", ends="600 2027-04-30", tier=BASE)
    vera.on("2026-05-10T12:00:00")
    vera.has("2600 0 2600 0", ever="2600 3000 2600 3000", ends="600 2027-04-30", tier=SILVER)
    vera.on("2026-05-11T12:00:00").buys("V-3", "5000.00", pays="2500.00")
    vera.has("100 2500 2600 2500", ever="2600 5500 2600 5500", ends="100 2027-05-31", tier=SILVER)

    # The coat comes back. Its points are spent but for 100: she owes 1,900. The tier stays until its end.
    vera.on("2026-05-20T12:00:00").brings_back("V-2", "F-2", amount="2000.00", taken="2000")
    vera.has("0 2500 600 2500", ever="2600 5500 2600 5500", debt="1900", tier=SILVER)
    vera.is_refused("V-0", "100.00", "InsufficientBonuses", BonusesToPay="0.01")

    # What lands next pays the debt: 2,500 - 1,900 = 600. The job finds it so, a day late.
    vera.on("2026-06-10T12:00:00")
    ever = "5100 5500 5100 5500"
    vera.has("600 0 3100 0", ever=ever, ends="600 2027-06-30", tier=SILVER)
    vera.on("2026-06-11T12:00:00").jobs("rollover")

    # Half of the 5,000 comes back. Half of the 2,500 bonuses is restored, to the coat's lot, which expires last of the
    # two that paid; 1,250 points are taken back: the 600 that are left of this purchase's own, 650 of the restored.
    vera.on("2026-06-20T12:00:00").brings_back("V-3", "F-3", amount="2500.00", taken="1250", restored="1250")
    ever = "6350 5500 5100 5500"
    vera.has("600 0 1850 0", ever=ever, ends="600 2027-05-31", tier=SILVER)


def the_year_2027(vera: Life) -> None:
    # Over New Year: bought on 20 December, a third brought back on 2 January, still in escrow: 666.67 are left.
    vera.on("2026-12-20T12:00:00").buys("V-4", "1000.00")
    vera.has("600 1000 1850 1000", ever="6350 6500 5100 6500", ends="600 2027-05-31", tier=SILVER)
    vera.on("2026-12-31T23:59:59")
    vera.has("600 1000 1850 1000", ever="6350 6500 5100 6500", ends="600 2027-05-31", tier=SILVER)
    vera.on("2027-01-01T00:00:00")
    vera.has("600 1000 0 1000", ever="6350 6500 5100 6500", ends="600 2027-05-31", tier=SILVER)
    vera.on("2027-01-02T12:00:00").brings_back("V-4", "F-4", amount="333.33", taken="333.33")
    vera.has("600 666.67 0 666.67", ever="6350 6500 5100 6500", ends="600 2027-05-31", tier=SILVER)
    vera.on("2027-01-19T12:00:00")
    ever = "7016.67 6500 5766.67 6500"
    vera.has("1266.67 0 666.67 0", ever=ever, ends="600 2027-05-31", tier=SILVER)

    # February 2027: the other half of the 5,000. The last 1,250 bonuses are restored: 650 fill the coat's lot up to
    # 1,250, the kettle's gets its 600. The 1,250 points to take back come from what expires first: those 600, 650 of
    # the coat's. The qualifying ones were of 2026, which is closed: the new year gives nothing.
    vera.on("2027-02-01T12:00:00").brings_back("V-3", "F-5", amount="2500.00", taken="1250", restored="1250")
    ever = "8266.67 6500 5766.67 6500"
    vera.has("1266.67 0 666.67 0", ever=ever, ends="600 2027-05-31", tier=SILVER)
    vera.jobs()
    vera.on("2027-06-01T00:00:00")
    vera.has("666.67 0 666.67 0", ever=ever, burned="600", ends="666.67 2028-01-31", tier=SILVER)

    # She pays with 500 of the 666.67, and will bring it back when they would have burned.
    vera.on("2027-06-10T12:00:00").buys("V-5", "1000.00", pays="500.00")
    ever = "8266.67 7000 5766.67 7000"
    vera.has("166.67 500 666.67 500", ever=ever, burned="600", ends="166.67 2028-01-31", tier=SILVER)
    vera.on("2027-07-10T12:00:00")
    ever = "8766.67 7000 6266.67 7000"
    vera.has("666.67 0 1166.67 0", ever=ever, burned="600", ends="166.67 2028-01-31", tier=SILVER)
    vera.on("2027-12-31T23:59:59")
    vera.has("666.67 0 1166.67 0", ever=ever, burned="600", ends="166.67 2028-01-31", tier=SILVER)


def the_year_2028(vera: Life) -> None:
    ever = "8766.67 7000 6266.67 7000"
    # 2027 was not enough for Silver.
    vera.on("2028-01-01T00:00:00")
    vera.has("666.67 0 0 0", ever=ever, burned="600", ends="166.67 2028-01-31", tier=BASE_AGAIN)
    vera.on("2028-02-01T00:00:00")
    vera.has("500 0 0 0", ever=ever, burned="766.67", ends="500 2028-07-31", tier=BASE_AGAIN)
    # The 500 bonuses come back expired and burn now; the 500 points of the purchase itself are taken.
    vera.on("2028-02-10T12:00:00").brings_back("V-5", "F-6", amount="1000.00", taken="500", restored="500")
    ever = "9266.67 7000 6266.67 7000"
    vera.has("0 0 0 0", ever=ever, burned="1266.67", tier=BASE_AGAIN)

    # Autumn 2028: points spent, then their goods brought back: a debt that goes with her into the new year.
    vera.on("2028-10-01T12:00:00").buys("V-6", "300.00")
    vera.has("0 300 0 300", ever="9266.67 7300 6266.67 7300", burned="1266.67", tier=BASE_AGAIN)
    vera.on("2028-10-31T12:00:00")
    ever = "9566.67 7300 6566.67 7300"
    vera.has("300 0 300 0", ever=ever, burned="1266.67", ends="300 2029-10-31", tier=BASE_AGAIN)
    vera.on("2028-12-10T12:00:00").buys("V-7", "700.00", pays="300.00")
    ever = "9566.67 7700 6566.67 7700"
    vera.has("0 400 300 400", ever=ever, burned="1266.67", tier=BASE_AGAIN)
    vera.on("2028-12-20T12:00:00").brings_back("V-6", "F-7", amount="300.00", taken="300")
    vera.has("0 400 0 400", ever=ever, burned="1266.67", debt="300", tier=BASE_AGAIN)
    vera.on("2029-01-01T00:00:00")
    vera.has("0 400 0 400", ever=ever, burned="1266.67", debt="300", tier=BASE_AGAIN)
    vera.on("2029-01-09T11:59:59")
    vera.has("0 400 0 400", ever=ever, burned="1266.67", debt="300", tier=BASE_AGAIN)
    vera.on("2029-01-09T12:00:00")
    ever = "9966.67 7700 6966.67 7700"
    vera.has("100 0 400 0", ever=ever, burned="1266.67", ends="100 2030-01-31", tier=BASE_AGAIN)


def test_three_years_of_vera_who_brings_things_back(story_clock: MovingClock) -> None:
    vera = Life(story_clock, "79001234503", firstname="Vera", surname="Lis", birthDate="1985-12-31")
    the_year_2026(vera)
    the_year_2027(vera)
    the_year_2028(vera)
    vera.looks_back(
        ("Base", "enrolled", "2026-03-02 12:00:00"),
        ("Silver", "upgraded", "2026-05-10 12:00:00", "2028-01-01 00:00:00"),
        ("Base", "assessed", "2028-01-01 00:00:00"),
    )
