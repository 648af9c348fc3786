"""The course of a tier through the years, line by line of the specification. Pure: no database, no job."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tiers import assessment, rules
from tiers.assessment import Ladder
from tiers.models import AssessmentPolicy, ExpiryPolicy, Tier, TierSystem

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
NEXT_YEAR, NEVER, DAYS = ExpiryPolicy.NEXT_YEAR_END, ExpiryPolicy.NONE, ExpiryPolicy.DAYS


def ladder(policy=AssessmentPolicy.BALANCE_BASED, expiry=NEXT_YEAR, days=None, zone=MOSCOW, platinum=None, since=None):
    system = TierSystem(pk=1, assessment=policy)
    rungs = [("Unenrolled", None), ("Base", None), ("Silver", 2000), ("Gold", 10_000)]
    rungs += [("Platinum", platinum)] if platinum else []
    return Ladder(
        [
            Tier(
                pk=100 + rank, system=system, name=name, rank=rank, target=target and Decimal(target),
                expiry_policy=expiry if rank > 1 else NEVER, expiry_days=days if rank > 1 else None,
                target_since=since if rank > 1 else None,
            )
            for rank, (name, target) in enumerate(rungs)
        ],
        zone,
    )  # fmt: skip


def at(text, zone=MOSCOW):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def start(rungs, name, entered, ends=None, reason="upgraded"):
    tier = next(each for each in rungs.tiers if each.name == name)
    ends_at = at(ends, rungs.zone) if ends else rules.ends_at(tier, at(entered, rungs.zone), rungs.zone)
    return assessment.opened(uuid.UUID(int=1), tier, at(entered, rungs.zone), ends_at, reason, None, rungs.zone)


def course(rungs, held, landings, until):
    points = [(at(moment, rungs.zone), Decimal(amount)) for moment, amount in landings]
    return assessment.walk(held, points, rungs, at(until, rungs.zone))


def told(periods, zone=MOSCOW):
    return [
        (
            period.tier.name,
            period.reason,
            f"{period.entered_at.astimezone(zone):%Y-%m-%d}",
            f"{period.ends_at.astimezone(zone):%Y-%m-%d}" if period.ends_at else "",
        )
        for period in periods
    ]


SPECIFICATION = [
    # held, entered, landings, until, what follows the held standing
    ("Base", "2026-03-02", [("2026-05-01", 2000)], "2026-06-01",
     [("Silver", "upgraded", "2026-05-01", "2028-01-01")]),
    ("Base", "2026-03-02", [("2026-05-01", 1999)], "2026-06-01", []),
    ("Base", "2026-03-02", [("2026-05-01", 10_000)], "2026-06-01",
     [("Gold", "upgraded", "2026-05-01", "2028-01-01")]),
    ("Base", "2026-03-02", [("2026-05-01", 2000), ("2026-07-01", 8000)], "2026-08-01",
     [("Silver", "upgraded", "2026-05-01", "2028-01-01"), ("Gold", "upgraded", "2026-07-01", "2028-01-01")]),
    # The balance begins anew at the turn of the year.
    ("Base", "2026-03-02", [("2026-12-31T23:59:59", 1500), ("2027-01-01", 1500)], "2027-02-01", []),
    # A late job: one target crossed in the old year, another in the new one.
    ("Base", "2026-03-02", [("2026-12-31T23:59:59", 2000), ("2027-01-03", 10_000)], "2027-01-05",
     [("Silver", "upgraded", "2026-12-31", "2028-01-01"), ("Gold", "upgraded", "2027-01-03", "2029-01-01")]),
    # The end of the following year: the highest tier that the closing year earned, else Base, which does not expire.
    ("Gold", "2026-05-01", [], "2028-01-01", [("Base", "assessed", "2028-01-01", "")]),
    ("Gold", "2026-05-01", [], "2027-12-31T23:59:59", []),
    ("Gold", "2026-05-01", [("2027-12-31T23:59:59", 2500)], "2028-01-01",
     [("Silver", "assessed", "2028-01-01", "2029-01-01")]),
    ("Gold", "2026-05-01", [("2028-01-01", 2500)], "2028-01-01",
     [("Base", "assessed", "2028-01-01", ""), ("Silver", "upgraded", "2028-01-01", "2030-01-01")][1:]),
    # Crossing the tier's own target again in a later year extends its end; once a year.
    ("Silver", "2026-05-01", [("2027-03-01", 1500), ("2027-04-01", 500), ("2027-05-01", 900)], "2028-02-01",
     [("Silver", "extended", "2027-04-01", "2029-01-01")]),
    ("Silver", "2026-05-01", [("2026-06-01", 3000)], "2026-07-01", []),
    ("Gold", "2026-05-01", [("2027-03-01", 2500)], "2027-12-01", []),
    # Base and Unenrolled never expire, whatever happens.
    ("Base", "2020-01-01", [], "2040-01-01", []),
]  # fmt: skip


@pytest.mark.parametrize(("held", "entered", "landings", "until", "follows"), SPECIFICATION)
def test_the_specification_line_by_line(held, entered, landings, until, follows):
    rungs = ladder()
    assert told(course(rungs, start(rungs, held, entered), landings, until))[1:] == follows


@pytest.mark.parametrize(
    ("held", "closing", "follows"),
    [
        ("Platinum", 0, "Gold"),
        ("Platinum", 2500, "Gold"),
        ("Gold", 0, "Silver"),
        ("Silver", 0, "Base"),
        ("Silver", 1999, "Base"),
    ],
)
def test_one_down_is_one_tier_and_not_below_what_the_year_earned(held, closing, follows):
    rungs = ladder(AssessmentPolicy.ONE_DOWN, platinum=50_000)
    landings = [("2027-11-01", closing)] if closing else []
    assert told(course(rungs, start(rungs, held, "2026-05-01"), landings, "2028-01-01"))[-1][0] == follows
    balance_based = ladder(platinum=50_000)
    earned = course(balance_based, start(balance_based, held, "2026-05-01"), landings, "2028-01-01")[-1].tier.name
    assert earned == ("Silver" if closing >= 2000 else "Base")


def test_one_down_goes_down_year_by_year():
    rungs = ladder(AssessmentPolicy.ONE_DOWN)
    assert told(course(rungs, start(rungs, "Gold", "2026-05-01"), [], "2031-01-01"))[1:] == [
        ("Silver", "assessed", "2028-01-01", "2029-01-01"),
        ("Base", "assessed", "2029-01-01", ""),
    ]


def test_days_from_entry_are_judged_by_the_running_year_as_it_stands_then():
    """365 days as in the sample; the next year's points keep the tier, the old year's do not."""
    rungs = ladder(expiry=DAYS, days=365)
    held = start(rungs, "Silver", "2026-03-22T18:12:02")
    assert told([held]) == [("Silver", "upgraded", "2026-03-22", "2027-03-22")]
    old = course(rungs, held, [("2026-12-01", 9000), ("2027-02-01", 1999)], "2027-04-01")
    assert told(old)[1:] == [("Base", "assessed", "2027-03-22", "")]
    new = course(rungs, held, [("2027-02-01", 2000)], "2027-04-01")
    assert told(new)[1:] == [("Silver", "extended", "2027-02-01", "2028-02-01")]


def test_a_tier_of_few_days_is_kept_by_the_points_of_its_year():
    rungs = ladder(expiry=DAYS, days=60)
    held = start(rungs, "Base", "2026-01-10")
    assert told(course(rungs, held, [("2026-02-01", 2000)], "2026-06-30"))[1:] == [
        ("Silver", "upgraded", "2026-02-01", "2026-04-02"),
        ("Silver", "assessed", "2026-04-02", "2026-06-01"),
        ("Silver", "assessed", "2026-06-01", "2026-07-31"),
    ]


def test_a_leap_day_is_a_day_like_any_other():
    rungs = ladder()
    held = start(rungs, "Base", "2026-03-02")
    landed = course(rungs, held, [("2028-02-29T12:00", 2000)], "2028-03-01")
    assert told(landed)[1:] == [("Silver", "upgraded", "2028-02-29", "2030-01-01")]
    by_days = ladder(expiry=DAYS, days=366)
    leap = course(by_days, start(by_days, "Base", "2026-03-02"), [("2028-02-29T12:00", 2000)], "2028-03-01")
    assert told(leap)[1:] == [("Silver", "upgraded", "2028-02-29", "2029-03-01")]


@pytest.mark.parametrize("zone", [BERLIN, MOSCOW, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati")])
def test_the_retailers_zone_decides_the_year(zone):
    rungs = ladder(zone=zone)
    held = start(rungs, "Base", "2026-03-02")
    [_, old] = course(rungs, held, [("2026-12-31T23:59:59", 2000)], "2027-06-01")
    [_, new] = course(rungs, held, [("2027-01-01T00:00:00", 2000)], "2027-06-01")
    assert (old.ends_at, new.ends_at) == (at("2028-01-01", zone), at("2029-01-01", zone))


def test_days_keep_the_hour_through_daylight_saving():
    rungs = ladder(expiry=DAYS, days=30, zone=BERLIN)
    [_, silver] = course(rungs, start(rungs, "Base", "2026-03-02"), [("2026-03-10T18:00", 2000)], "2026-03-11")
    assert silver.ends_at == at("2026-04-09T18:00", BERLIN)
    assert silver.ends_at.astimezone(UTC) - silver.entered_at.astimezone(UTC) == timedelta(days=30, hours=-1)


@pytest.mark.parametrize("zone", [BERLIN, ZoneInfo("Asia/Vladivostok")])
def test_an_end_given_under_another_zone_is_the_turn_of_the_year_all_the_same(zone):
    """Without that, points that close hours before the standing ends would have been for nothing."""
    rungs = ladder(zone=zone)
    held = start(rungs, "Gold", "2026-05-01")
    moved = replace(held, ends_at=at("2028-01-01", MOSCOW))
    periods = assessment.walk(moved, [(at("2027-06-01"), Decimal(3000))], rungs, at("2028-01-03", zone))
    assert told(periods, zone)[1:] == [("Silver", "assessed", "2028-01-01", "2029-01-01")]


def test_nothing_begins_before_the_standing_that_is_there():
    rungs = ladder()
    held = start(rungs, "Base", "2026-05-01")
    [left, silver] = course(rungs, held, [("2026-04-01", 2000)], "2026-06-01")
    assert (left.left_at, silver.entered_at) == (at("2026-05-01"), at("2026-05-01"))


def test_staying_in_a_tier_keeps_the_day_it_was_joined():
    rungs = ladder()
    periods = course(rungs, start(rungs, "Silver", "2026-05-01"), [("2027-03-01", 2000)], "2027-04-01")
    assert periods[-1].joined_at == at("2026-05-01")
    down = course(rungs, start(rungs, "Gold", "2026-05-01"), [("2027-03-01", 2000)], "2028-04-01")
    assert down[-1].joined_at == at("2028-01-01")


def test_a_tier_inserted_later_lifts_from_then_on_and_not_before():
    rungs = ladder(platinum=50_000)
    rungs.tiers[2].target_since = at("2026-07-01")
    held = start(rungs, "Base", "2026-03-02")
    landings = [("2026-05-01", 2500)]
    assert told(course(rungs, held, landings, "2026-06-30"))[1:] == []
    assert told(course(rungs, held, landings, "2026-07-02"))[1:] == [("Silver", "upgraded", "2026-07-01", "2028-01-01")]
