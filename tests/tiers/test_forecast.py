"""What the forecast tells in autumn is what the year end does, for whatever ladder a retailer has."""

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.core import clock
from loyalty.models import Program
from loyalty.services import points, year_end
from loyalty.services.unit_of_work import unit_of_work
from tests.conftest import MovingClock
from tests.factories import ContactFactory, StandingFactory, tier_named
from tests.ledger.books import MOSCOW, assert_laws_hold, earn
from tests.tiers.test_year_end import JOB, by_clock, held
from tiers import courses, rules, services
from tiers.models import ExpiryPolicy, Tier, TierSystem

pytestmark = pytest.mark.django_db

POLICIES = [(ExpiryPolicy.NEXT_YEAR_END, None), *((ExpiryPolicy.DAYS, days) for days in (10, 35, 90, 365))]
ZONE = "Europe/Berlin"


def a_ladder(dice: random.Random) -> None:
    """Silver, Gold and a Diamond above them, each with a policy of its own."""
    silver = tier_named("Silver")
    Tier.objects.create(system=silver.system, name="Diamond", rank=4, target=20_000, expiry_policy=ExpiryPolicy.NONE)
    for name in ("Silver", "Gold", "Diamond"):
        policy, days = dice.choice(POLICIES)
        Tier.objects.filter(name=name).update(expiry_policy=policy, expiry_days=days)


def population(dice: random.Random, zone: ZoneInfo, days: int = 390) -> None:
    """Contacts that came into their tiers in the year before the look or in it, with points all through the days."""
    looks = clock.now()
    for _ in range(60):
        tier = tier_named(dice.choice(["Base", "Silver", "Gold", "Diamond"]))
        entered = datetime(2025, 2, 1, tzinfo=zone) + timedelta(hours=dice.randint(0, 600 * 24))
        ends = rules.ends_at(tier, entered, zone)
        while ends is not None and ends <= looks:
            entered, ends = ends, rules.ends_at(tier, ends, zone, rules.closing_year(ends, zone))
        contact = ContactFactory()
        StandingFactory(contact=contact, tier=tier, entered_at=entered, ends_at=ends, reason="upgraded")
        for _ in range(dice.randint(0, 3)):
            bought = datetime(2025, 12, 3, tzinfo=zone) + timedelta(hours=dice.randint(0, days * 24))
            with clock.at(bought):
                earn(contact.pk, 1, qualifying=dice.choice([600, 1400, 2000, 6000, 9000]), at=bought)


@pytest.mark.parametrize("policy", ["balance_based", "one_down"])
@pytest.mark.parametrize("seed", [1, 4, 5])
def test_whatever_the_ladder_the_forecast_is_what_the_job_does(
    story_clock: MovingClock, policy: str, seed: int
) -> None:
    dice, zone = random.Random(seed), ZoneInfo(ZONE)
    Program.objects.update(zone=ZONE)
    TierSystem.objects.update(assessment=policy)
    a_ladder(dice)
    story_clock.set(datetime(2026, 10, 1, tzinfo=zone) + timedelta(days=dice.randint(0, 80)))
    population(dice, zone)
    before = by_clock(clock.now(), zone)
    forecast = year_end.preview_year(2026)
    told = Counter({(move.source, move.target): move.contacts for move in forecast.moves})
    story_clock.set(datetime(2027, 2, 1, tzinfo=zone))
    summary = year_end.close_year(JOB)
    after = held()
    assert Counter((before[contact], after[contact]) for contact in before) == told
    assert summary.points == forecast.points
    assert_laws_hold()


@pytest.mark.parametrize("policy", ["balance_based", "one_down"])
@pytest.mark.parametrize("seed", [2, 3, 6])
def test_the_forecast_begins_where_the_late_job_of_an_older_year_will_leave_everybody(
    story_clock: MovingClock, settings: Any, policy: str, seed: int
) -> None:
    """No job has run since October 2026; in December 2027 it makes no difference to what is foretold."""
    dice, zone = random.Random(seed), ZoneInfo(ZONE)
    Program.objects.update(zone=ZONE)
    TierSystem.objects.update(assessment=policy)
    a_ladder(dice)
    story_clock.set(datetime(2026, 10, 1, tzinfo=zone))
    population(dice, zone, days=740)
    story_clock.set(datetime(2027, 12, 1, tzinfo=zone))
    if seed == 6:
        # Some of the work is done: both ways of counting meet.
        settings.YEAR_END_ROWS_PER_RANGE = 5
        first, *_ = courses.due_ranges(datetime(2027, 1, 1, tzinfo=zone), zone, 40)
        with unit_of_work():
            points.settle_many(first.contacts, clock.now(), JOB, zone, ended=True)
    late, before = year_end.preview_year(2027), by_clock(clock.now(), zone)
    points.roll_over_escrow(JOB)
    year_end.assess_due(JOB)
    assert before == held()
    assert year_end.preview_year(2027) == late
    told = Counter({(move.source, move.target): move.contacts for move in late.moves})
    story_clock.set(datetime(2028, 2, 1, tzinfo=zone))
    summary = year_end.close_year(JOB)
    after = held()
    assert Counter((before[contact], after[contact]) for contact in before) == told
    assert summary.points == late.points


@pytest.mark.parametrize("qualifying", [0, 2500])
def test_a_tier_that_was_to_end_with_the_year_of_another_zone_ends_with_the_year(
    story_clock: MovingClock, qualifying: int
) -> None:
    """Moscow's year is over seven hours after Vladivostok's. The retailer moved there."""
    TierSystem.objects.update(assessment="one_down")
    story_clock.set(datetime(2026, 6, 1, tzinfo=MOSCOW))
    contact = StandingFactory(
        tier=tier_named("Gold"), entered_at=clock.now() - timedelta(days=300), reason="upgraded",
        ends_at=datetime(2027, 1, 1, tzinfo=MOSCOW),
    ).contact_id  # fmt: skip
    if qualifying:
        earn(contact, 1, qualifying=qualifying)
    vladivostok = ZoneInfo("Asia/Vladivostok")
    Program.objects.update(zone="Asia/Vladivostok")
    (move,) = year_end.preview_year(2026).moves
    assert (move.source, move.target) == ("Gold", "Silver")
    story_clock.set(datetime(2027, 1, 2, tzinfo=vladivostok))
    year_end.assess_due(JOB)
    assert held() == {contact: "Silver"}
    standing = tier_named("Silver"), datetime(2027, 1, 1, tzinfo=vladivostok), datetime(2028, 1, 1, tzinfo=vladivostok)
    now = services.current(contact)
    assert now is not None
    assert (now.tier, now.entered_at, now.ends_at) == standing
