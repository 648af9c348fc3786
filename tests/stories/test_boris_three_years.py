"""Boris of Berlin, born on a leap day: clocks that change, midnights that are not Moscow's, 29 February."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from loyalty.core import actors, clock
from loyalty.services import promotions, tiers
from tests.conftest import MovingClock
from tests.factories import tier_named
from tests.stories.life import Life
from tiers.models import ExpiryPolicy

pytestmark = pytest.mark.django_db

OLGA = actors.staff("olga", "marketer")
BERLIN = ZoneInfo("Europe/Berlin")
BASE = "Base since 2026-03-02 10:00:00"
SILVER = "Silver since 2026-11-24 02:30:00 until 2027-11-24 02:30:00"
SILVER_LONGER = "Silver since 2026-11-24 02:30:00 until 2028-08-30 12:00:00"
BASE_AGAIN = "Base since 2028-08-30 12:00:00"


def birthday_gift() -> None:
    """100 points, not for the tier, on a purchase of the birthday itself."""
    values = {"name": "Birthday", "trigger": "purchase", "kind": "fixed", "value": Decimal(100), "birthday_days": 0,
              "starts_at": clock.now()}  # fmt: skip
    made = promotions.create_promotion(OLGA, values, "a present")
    promotions.go_live(OLGA, made.pk, "a present")


@pytest.fixture
def boris(story_clock: MovingClock) -> Life:
    """A shopper of a shop in Berlin, whose Silver lasts 365 days."""
    boris = Life(story_clock, "79001234502", BERLIN, firstname="Boris", surname="Stern", birthDate="2000-02-29")
    tiers.change_tier(
        OLGA, tier_named("Silver").pk, {"expiry_policy": ExpiryPolicy.DAYS, "expiry_days": 365}, "as in the sample"
    )
    birthday_gift()
    return boris


def the_year_2026(boris: Life) -> None:
    # Noon in Moscow, ten in the morning in Berlin.
    boris.has("0 0 0 0", ever="0 0 0 0", tier=BASE)

    # March 2026: on the 29th the clocks go forward. Thirty days after noon it is noon, after midnight midnight.
    boris.on("2026-03-15T12:00:00").buys("B-1", "900.00")
    boris.has("0 900 0 900", ever="0 900 0 900", tier=BASE)
    boris.on("2026-03-16T00:00:00").buys("B-2", "100.00")
    boris.has("0 1000 0 1000", ever="0 1000 0 1000", tier=BASE)
    boris.on("2026-04-14T11:59:59").has("0 1000 0 1000", ever="0 1000 0 1000", tier=BASE)
    boris.on("2026-04-14T12:00:00")
    boris.has("900 100 900 100", ever="900 1000 900 1000", ends="900 2027-04-30", tier=BASE)
    boris.on("2026-04-14T23:59:59")
    boris.has("900 100 900 100", ever="900 1000 900 1000", ends="900 2027-04-30", tier=BASE)
    boris.on("2026-04-15T00:00:00")
    boris.has("1000 0 1000 0", ever="1000 1000 1000 1000", ends="1000 2027-04-30", tier=BASE)
    boris.jobs()

    # 25 October 2026: the clocks go back, half past two comes twice. Both purchases mature at half past two.
    boris.on("2026-10-25T02:30:00").buys("B-3", "400.00")
    boris.has("1000 400 1000 400", ever="1000 1400 1000 1400", ends="1000 2027-04-30", tier=BASE)
    boris.on("2026-10-25T02:30:00", again=True).buys("B-4", "600.00")
    boris.has("1000 1000 1000 1000", ever="1000 2000 1000 2000", ends="1000 2027-04-30", tier=BASE)
    boris.on("2026-11-24T02:29:59")
    boris.has("1000 1000 1000 1000", ever="1000 2000 1000 2000", ends="1000 2027-04-30", tier=BASE)
    boris.on("2026-11-24T02:30:00")
    boris.has("2000 0 2000 0", ever="2000 2000 2000 2000", ends="1000 2027-04-30", tier=SILVER)

    # New Year in Berlin, two hours after Moscow's.
    boris.on("2026-12-31T23:59:59")
    boris.has("2000 0 2000 0", ever="2000 2000 2000 2000", ends="1000 2027-04-30", tier=SILVER)
    boris.on("2027-01-01T00:00:00")
    boris.has("2000 0 0 0", ever="2000 2000 2000 2000", ends="1000 2027-04-30", tier=SILVER)


def the_year_2027(boris: Life) -> None:
    # 300 points mature in February 2027: they live through 29 February 2028.
    boris.on("2027-01-15T12:00:00").buys("B-5", "300.00")
    boris.has("2000 300 0 300", ever="2000 2300 2000 2300", ends="1000 2027-04-30", tier=SILVER)
    boris.on("2027-02-14T12:00:00")
    boris.has("2300 0 300 0", ever="2300 2300 2300 2300", ends="1000 2027-04-30", tier=SILVER)

    # Thirty days after 02:30 on 26 February the clocks skip that half hour: the points come at 03:30.
    boris.on("2027-02-26T02:30:00").buys("B-6", "1500.00")
    boris.has("2300 1500 300 1500", ever="2300 3800 2300 3800", ends="1000 2027-04-30", tier=SILVER)

    # In a common year his birthday is kept on 28 February: 40 points, and 100 that do not count for the tier.
    boris.on("2027-02-28T12:00:00").buys("B-7", "40.00", earns="140.00")
    boris.has("2300 1640 300 1540", ever="2300 3940 2300 3840", ends="1000 2027-04-30", tier=SILVER)
    boris.on("2027-03-28T01:59:59")
    boris.has("2300 1640 300 1540", ever="2300 3940 2300 3840", ends="1000 2027-04-30", tier=SILVER)
    boris.on("2027-03-28T03:29:59")
    boris.has("2300 1640 300 1540", ever="2300 3940 2300 3840", ends="1000 2027-04-30", tier=SILVER)
    boris.on("2027-03-28T03:30:00")
    boris.has("3800 140 1800 40", ever="3800 3940 3800 3840", ends="1000 2027-04-30", tier=SILVER)
    boris.on("2027-03-30T11:59:59")
    boris.has("3800 140 1800 40", ever="3800 3940 3800 3840", ends="1000 2027-04-30", tier=SILVER)
    boris.on("2027-03-30T12:00:00")
    boris.has("3940 0 1840 0", ever="3940 3940 3840 3840", ends="1000 2027-04-30", tier=SILVER)

    # The thousand of spring 2026 burns at Berlin's midnight.
    boris.on("2027-04-30T23:59:59")
    boris.has("3940 0 1840 0", ever="3940 3940 3840 3840", ends="1000 2027-04-30", tier=SILVER)
    boris.on("2027-05-01T00:00:00")
    boris.has("2940 0 1840 0", ever="3940 3940 3840 3840", burned="1000", ends="1000 2027-11-30", tier=SILVER)
    boris.jobs("expiry")

    # 1,840 + 160 = 2,000 in the year after Silver began: it lasts 365 days from here, and 2028 has a day more.
    boris.on("2027-08-01T12:00:00").buys("B-8", "160.00")
    boris.has("2940 160 1840 160", ever="3940 4100 3840 4000", burned="1000", ends="1000 2027-11-30", tier=SILVER)
    boris.on("2027-08-31T12:00:00")
    ever = "4100 4100 4000 4000"
    boris.has("3100 0 2000 0", ever=ever, burned="1000", ends="1000 2027-11-30", tier=SILVER_LONGER)
    boris.jobs("rollover")
    boris.on("2027-12-01T00:00:00")
    boris.has("2100 0 2000 0", ever=ever, burned="2000", ends="300 2028-02-29", tier=SILVER_LONGER)
    boris.on("2028-01-01T00:00:00")
    boris.has("2100 0 0 0", ever=ever, burned="2000", ends="300 2028-02-29", tier=SILVER_LONGER)


def the_year_2028(boris: Life) -> None:
    # Leap year. 50 points mature on 29 February at noon; the day before is no birthday.
    boris.on("2028-01-30T12:00:00").buys("B-9", "50.00")
    boris.has(
        "2100 50 0 50", ever="4100 4150 4000 4050", burned="2000", ends="300 2028-02-29", tier=SILVER_LONGER
    )  # fmt: skip
    boris.on("2028-02-28T12:00:00").buys("B-10", "10.00")
    boris.has(
        "2100 60 0 60", ever="4100 4160 4000 4060", burned="2000", ends="300 2028-02-29", tier=SILVER_LONGER
    )  # fmt: skip

    # 29 February: his eighth birthday with a date of its own brings 800 + 100. In escrow: 10 + 900, for the tier 810.
    boris.on("2028-02-29T12:00:00").buys("B-11", "800.00", earns="900.00")
    ever = "4150 5060 4050 4860"
    boris.has("2150 910 50 810", ever=ever, burned="2000", ends="300 2028-02-29", tier=SILVER_LONGER)
    boris.on("2028-02-29T23:59:59")
    boris.has("2150 910 50 810", ever=ever, burned="2000", ends="300 2028-02-29", tier=SILVER_LONGER)
    # What matured on 28 and 30 March 2027 (1,500 + 140) is next.
    boris.on("2028-03-01T00:00:00")
    boris.has("1850 910 50 810", ever=ever, burned="2300", ends="1640 2028-03-31", tier=SILVER_LONGER)

    # Thirty days after noon on the leap day it is noon on 30 March, over the change of 26 March.
    boris.on("2028-03-30T11:59:59")
    boris.has(
        "1860 900 60 800", ever="4160 5060 4060 4860", burned="2300", ends="1640 2028-03-31", tier=SILVER_LONGER
    )  # fmt: skip
    boris.on("2028-03-30T12:00:00")
    ever = "5060 5060 4860 4860"
    boris.has("2760 0 860 0", ever=ever, burned="2300", ends="1640 2028-03-31", tier=SILVER_LONGER)
    boris.on("2028-04-01T00:00:00")
    boris.has("1120 0 860 0", ever=ever, burned="3940", ends="160 2028-08-31", tier=SILVER_LONGER)


def the_end_of_silver(boris: Life) -> None:
    ever = "5060 5060 4860 4860"
    # Silver ends in the middle of a year, by the 860 points of that year.
    boris.on("2028-08-30T11:59:59")
    boris.has("1120 0 860 0", ever=ever, burned="3940", ends="160 2028-08-31", tier=SILVER_LONGER)
    boris.on("2028-08-30T12:00:00")
    boris.has("1120 0 860 0", ever=ever, burned="3940", ends="160 2028-08-31", tier=BASE_AGAIN)
    boris.on("2028-09-01T00:00:00")
    boris.has("960 0 860 0", ever=ever, burned="4100", ends="50 2029-02-28", tier=BASE_AGAIN)

    # What matured on the leap day ends with February 2029, which has 28 days; March's 10 + 900 with March.
    boris.on("2029-01-01T00:00:00")
    boris.has("960 0 0 0", ever=ever, burned="4100", ends="50 2029-02-28", tier=BASE_AGAIN)
    boris.on("2029-03-01T00:00:00")
    boris.has("910 0 0 0", ever=ever, burned="4150", ends="910 2029-03-31", tier=BASE_AGAIN)


def test_three_years_of_boris_in_berlin(boris: Life) -> None:
    the_year_2026(boris)
    the_year_2027(boris)
    the_year_2028(boris)
    the_end_of_silver(boris)
    boris.looks_back(
        ("Base", "enrolled", "2026-03-02 10:00:00"),
        ("Silver", "upgraded", "2026-11-24 02:30:00", "2027-11-24 02:30:00"),
        ("Silver", "extended", "2027-08-31 12:00:00", "2028-08-30 12:00:00"),
        ("Base", "assessed", "2028-08-30 12:00:00"),
    )
