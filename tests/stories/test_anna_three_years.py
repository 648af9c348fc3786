"""Anna, who shops around New Year: the last second of a year, jobs that come late, and tiers that rise and fall."""

import pytest

from tests.conftest import MovingClock
from tests.stories.life import Life

pytestmark = pytest.mark.django_db

BASE = "Base since 2026-03-02 12:00:00"
SILVER = "Silver since 2026-12-31 23:59:59 until 2028-01-01 00:00:00"
SILVER_LONGER = "Silver since 2026-12-31 23:59:59 until 2029-01-01 00:00:00"
GOLD = "Gold since 2027-01-31 00:00:00 until 2029-01-01 00:00:00"
SILVER_AGAIN = "Silver since 2029-01-01 00:00:00 until 2030-01-01 00:00:00"


def the_end_of_2026(anna: Life) -> None:
    anna.has("0 0 0 0", ever="0 0 0 0", tier=BASE)

    # 2026. What is bought in the first second before 2 December is hers in the last second of the year.
    anna.on("2026-12-01T23:59:59").buys("A-1", "2000.00")
    anna.has("0 2000 0 2000", ever="0 2000 0 2000", tier=BASE)
    anna.on("2026-12-05T10:00:00").buys("A-2", "8500.00")
    anna.has("0 10500 0 10500", ever="0 10500 0 10500", tier=BASE)
    anna.on("2026-12-31T23:59:58").has("0 10500 0 10500", ever="0 10500 0 10500", tier=BASE)

    # 23:59:59: the 2,000 land and make her Silver for the year of 2026 and the one that follows. She buys at once.
    anna.on("2026-12-31T23:59:59").buys("A-3", "1000.00")
    anna.has("2000 9500 2000 9500", ever="2000 11500 2000 11500", ends="2000 2027-12-31", tier=SILVER)


def the_year_2027(anna: Life) -> None:
    # A second later it is 2027: the qualifying points begin anew, and what she buys now is a purchase of the new year.
    anna.on("2027-01-01T00:00:00").buys("A-4", "500.00")
    anna.has("2000 10000 0 10000", ever="2000 12000 2000 12000", ends="2000 2027-12-31", tier=SILVER)

    # 5 January, and no job has come yet. December's 8,500 landed on 4 January, by the moment: they count
    # for 2027, where they meet Silver's target once more, so Silver lasts a year longer. Late jobs book just that.
    anna.on("2027-01-05T09:00:00")
    anna.has("10500 1500 8500 1500", ever="10500 12000 10500 12000", ends="2000 2027-12-31", tier=SILVER_LONGER)
    anna.jobs("rollover", "year end")
    anna.on("2027-01-30T23:59:58")
    anna.has("10500 1500 8500 1500", ever="10500 12000 10500 12000", ends="2000 2027-12-31", tier=SILVER_LONGER)

    # The purchase of the year's last second lands at 23:59:59, the one of the next second at midnight: 8,500 + 1,000
    # + 500 = 10,000, and she is Gold from that midnight on, although the rollover comes a week later.
    anna.on("2027-01-30T23:59:59")
    anna.has("11500 500 9500 500", ever="11500 12000 11500 12000", ends="2000 2027-12-31", tier=SILVER_LONGER)
    anna.on("2027-01-31T00:00:00")
    anna.has("12000 0 10000 0", ever="12000 12000 12000 12000", ends="2000 2027-12-31", tier=GOLD)
    anna.on("2027-02-07T03:00:00").jobs("rollover")
    anna.has("12000 0 10000 0", ever="12000 12000 12000 12000", ends="2000 2027-12-31", tier=GOLD)

    # Half of a basket of 3,000 is paid with points, from those that expire first: 500 of the first 2,000 are left.
    anna.on("2027-06-15T12:00:00").buys("A-5", "3000.00", pays="1500.00")
    anna.has("10500 1500 10000 1500", ever="12000 13500 12000 13500", ends="500 2027-12-31", tier=GOLD)
    anna.on("2027-07-15T12:00:00")
    anna.has("12000 0 11500 0", ever="13500 13500 13500 13500", ends="500 2027-12-31", tier=GOLD)
    anna.on("2027-12-31T23:59:59")
    anna.has("12000 0 11500 0", ever="13500 13500 13500 13500", ends="500 2027-12-31", tier=GOLD)


def the_year_2028(anna: Life) -> None:
    # New Year 2028, no job: 500 burn and the year closes. What matured in January 2027 (8,500 + 1,000 + 500) ends with
    # January 2028.
    ever = "13500 13500 13500 13500"
    anna.on("2028-01-01T00:00:00").has("11500 0 0 0", ever=ever, burned="500", ends="10000 2028-01-31", tier=GOLD)
    anna.on("2028-01-20T12:00:00").buys("A-6", "2500.00")
    ever = "13500 16000 13500 16000"
    anna.has("11500 2500 0 2500", ever=ever, burned="500", ends="10000 2028-01-31", tier=GOLD)
    anna.on("2028-01-31T23:59:59")
    anna.has("11500 2500 0 2500", ever=ever, burned="500", ends="10000 2028-01-31", tier=GOLD)

    # The job of the year end comes a month late, at the very midnight at which the 10,000 burn.
    anna.on("2028-02-01T00:00:00")
    anna.has("1500 2500 0 2500", ever=ever, burned="10500", ends="1500 2028-07-31", tier=GOLD)
    anna.jobs("year end", "expiry", "rollover")

    # 2028 is a year for Silver only: 2,500.
    ever = "16000 16000 16000 16000"
    anna.on("2028-02-19T12:00:00").has("4000 0 2500 0", ever=ever, burned="10500", ends="1500 2028-07-31", tier=GOLD)
    anna.on("2028-08-01T00:00:00").has("2500 0 2500 0", ever=ever, burned="12000", ends="2500 2029-02-28", tier=GOLD)
    anna.on("2028-12-31T23:59:59").has("2500 0 2500 0", ever=ever, burned="12000", ends="2500 2029-02-28", tier=GOLD)


def afterwards(anna: Life) -> None:
    # 2,500 met Silver's target: Gold falls to Silver for a year.
    ever = "16000 16000 16000 16000"
    anna.on("2029-01-01T00:00:00")
    anna.has("2500 0 0 0", ever=ever, burned="12000", ends="2500 2029-02-28", tier=SILVER_AGAIN)

    # A till that was offline over New Year is heard on 10 January: a purchase of 5 December. Its points could be spent
    # from 4 January on; they count for the tier of the year in which we learn of them.
    anna.on("2029-01-09T12:00:00")
    anna.has("2500 0 0 0", ever=ever, burned="12000", ends="2500 2029-02-28", tier=SILVER_AGAIN)
    anna.on("2029-01-10T12:00:00").buys("A-7", "40.00", at=anna.at("2028-12-05T10:00:00"), Offline=True)
    ever = "16040 16040 16040 16040"
    anna.has("2540 0 40 0", ever=ever, burned="12000", ends="2500 2029-02-28", tier=SILVER_AGAIN)

    # She comes no more. Points burn, and a year later Silver is over, too.
    anna.on("2029-03-01T00:00:00")
    anna.has("40 0 40 0", ever=ever, burned="14500", ends="40 2030-01-31", tier=SILVER_AGAIN)
    anna.on("2029-12-31T23:59:59")
    anna.has("40 0 40 0", ever=ever, burned="14500", ends="40 2030-01-31", tier=SILVER_AGAIN)
    anna.on("2030-01-01T00:00:00")
    anna.has("40 0 0 0", ever=ever, burned="14500", ends="40 2030-01-31", tier="Base since 2030-01-01 00:00:00")


def test_three_years_of_anna_who_shops_around_new_year(story_clock: MovingClock) -> None:
    anna = Life(story_clock, "79001234501", firstname="Anna", surname="Orlova", birthDate="1990-05-17")
    the_end_of_2026(anna)
    the_year_2027(anna)
    the_year_2028(anna)
    afterwards(anna)
    anna.looks_back(
        ("Base", "enrolled", "2026-03-02 12:00:00"),
        ("Silver", "upgraded", "2026-12-31 23:59:59", "2028-01-01 00:00:00"),
        ("Silver", "extended", "2027-01-04 10:00:00", "2029-01-01 00:00:00"),
        ("Gold", "upgraded", "2027-01-31 00:00:00", "2029-01-01 00:00:00"),
        ("Silver", "assessed", "2029-01-01 00:00:00", "2030-01-01 00:00:00"),
        ("Base", "assessed", "2030-01-01 00:00:00"),
        learned_late={
            "2028-12-31 23:59:59": "2500 40 2500 40",
            "2029-01-01 00:00:00": "2500 40 0 40",
            "2029-01-09 12:00:00": "2540 0 0 40",
        },
    )
