"""Marketers change the ladder before a job has come: what happened before the change is judged as it stood then."""

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty.core import actors, clock
from loyalty.core.errors import InvalidParameter
from loyalty.services import points, program, purchases, refunds, tiers, year_end
from loyalty.services.purchases import Sale
from tests.conftest import MovingClock
from tests.factories import CardFactory, StandingFactory, tier_named
from tests.ledger.books import MOSCOW, earn
from tests.people.conftest import BEAT, TILL, buy, holder, jobs, past
from tests.promos.marketing import moscow
from tiers import selectors
from tiers.models import LONGEST_DAYS, ExpiryPolicy, TierSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]

MARKETER = actors.staff("maria", "marketer")


def target(name: str, points_needed: int) -> None:
    tiers.change_tier(MARKETER, tier_named(name).pk, {"target": Decimal(points_needed)}, "spring")


def stands(contact_id: int) -> str:
    standing = selectors.standing_at(contact_id, clock.now(), MOSCOW)
    assert standing is not None
    return standing.tier.name


def test_a_target_that_rises_takes_the_tier_from_nobody_whom_no_job_has_moved_yet(story_clock: MovingClock) -> None:
    card = CardFactory()
    buy(card, "R-1", "2500.00")
    story_clock.set(moscow(2026, 4, 2))
    assert stands(holder(card)) == "Silver"
    target("Silver", 3000)
    assert stands(holder(card)) == "Silver"
    jobs()
    assert past(holder(card))[1:] == [("Silver", "upgraded", "2026-04-01", "2028-01-01")]


def test_the_year_that_is_over_is_judged_by_its_own_targets(story_clock: MovingClock) -> None:
    """Gold ends with 2027, which earned 5000 points; Silver becomes cheaper on 2 January, before the job has come."""
    card = CardFactory()
    buy(card, "R-1", "12000.00")
    story_clock.set(moscow(2027, 6, 1))
    jobs()
    buy(card, "R-2", "5000.00")
    story_clock.set(moscow(2028, 1, 2))
    assert stands(holder(card)) == "Silver"
    target("Silver", 1900)
    assert stands(holder(card)) == "Silver"
    story_clock.forward(minutes=1)
    jobs()
    assert past(holder(card))[-1] == ("Silver", "assessed", "2028-01-01", "2029-01-01")


def test_a_target_that_falls_and_rises_again_before_the_job_has_lifted_who_met_it(story_clock: MovingClock) -> None:
    card, poor = CardFactory(), CardFactory()
    buy(card, "R-1", "1600.00")
    buy(poor, "R-2", "1400.00")
    story_clock.set(moscow(2026, 4, 2))
    jobs()
    target("Silver", 1500)
    story_clock.set(moscow(2026, 4, 3))
    target("Silver", 3000)
    story_clock.forward(minutes=1)
    jobs()
    assert past(holder(card))[1:] == [("Silver", "upgraded", "2026-04-02", "2028-01-01")]
    assert past(holder(poor))[1:] == []
    # Whoever comes later needs what is asked now.
    buy(poor, "R-3", "1500.00")
    story_clock.set(moscow(2026, 6, 1))
    jobs()
    assert past(holder(poor))[1:] == []


def test_who_fell_to_base_is_not_lifted_by_the_target_of_before(story_clock: MovingClock) -> None:
    tiers.change_tier(MARKETER, tier_named("Silver").pk, {"expiry_policy": "days", "expiry_days": 30}, "short")
    card = CardFactory()
    buy(card, "R-1", "2000.00")
    story_clock.set(moscow(2026, 4, 15))
    jobs()
    target("Silver", 3000)
    story_clock.set(moscow(2026, 5, 10))
    jobs()
    buy(card, "R-2", "100.00")
    story_clock.set(moscow(2026, 7, 1))
    jobs()
    assert past(holder(card))[-1] == ("Base", "assessed", "2026-05-01", "")


def test_goods_that_come_back_before_the_job_take_no_tier_that_a_lower_target_gave(story_clock: MovingClock) -> None:
    card = CardFactory()
    buy(card, "R-1", "1950.00")
    story_clock.set(moscow(2026, 4, 2))
    jobs()
    target("Silver", 1900)
    story_clock.forward(seconds=1)
    assert stands(holder(card)) == "Silver"
    refunds.cancel(TILL, "R-1")
    jobs()
    assert past(holder(card))[1:] == [("Silver", "upgraded", "2026-04-02", "2028-01-01")]


def test_a_tier_for_ever_is_none_of_so_many_days_that_they_lead_out_of_the_calendar(story_clock: MovingClock) -> None:
    contact = StandingFactory().contact_id
    earn(contact, 1, qualifying=2500)
    days = {"expiry_policy": ExpiryPolicy.DAYS, "expiry_days": LONGEST_DAYS + 1}
    with pytest.raises(InvalidParameter) as refused:
        tiers.change_tier(MARKETER, tier_named("Silver").pk, days, "for ever")
    assert refused.value.data["name"] == "expiry_days"
    tiers.change_tier(MARKETER, tier_named("Silver").pk, days | {"expiry_days": LONGEST_DAYS}, "for ever")
    story_clock.forward(days=31)
    points.roll_over_escrow(BEAT)
    assert stands(contact) == "Silver"


@pytest.mark.parametrize(("stood", "then", "judged"), [
    ("balance_based", "one_down", "Base"), ("one_down", "balance_based", "Silver"),
])  # fmt: skip
def test_the_year_that_is_over_is_judged_by_the_policy_that_stood_at_its_turn(
    story_clock: MovingClock, stood: str, then: str, judged: str
) -> None:
    TierSystem.objects.update(assessment=stood)
    card = CardFactory()
    buy(card, "R-1", "12000.00")
    story_clock.set(moscow(2026, 6, 1))
    jobs()
    story_clock.set(moscow(2028, 1, 2))
    program.change_settings(MARKETER, {}, {}, assessment=then)
    assert stands(holder(card)) == judged
    story_clock.forward(minutes=1)
    # The forecast of the year that is over says what the late job will do.
    (move,) = year_end.preview_year(2027).moves
    assert (move.source, move.target) == ("Gold", judged)
    jobs()
    assert past(holder(card))[-1][:3] == (judged, "assessed", "2028-01-01")


def test_a_year_that_ends_after_the_switch_is_judged_by_the_new_policy(story_clock: MovingClock) -> None:
    card = CardFactory()
    buy(card, "R-1", "12000.00")
    story_clock.set(moscow(2027, 12, 31))
    jobs()
    program.change_settings(MARKETER, {}, {}, assessment="one_down")
    story_clock.set(moscow(2028, 1, 2))
    jobs()
    assert past(holder(card))[-1] == ("Silver", "assessed", "2028-01-01", "2029-01-01")


def test_who_rose_before_the_expiry_changed_has_the_end_of_that_day_however_late_the_job(
    story_clock: MovingClock,
) -> None:
    card = CardFactory()
    buy(card, "R-1", "2500.00")
    story_clock.set(moscow(2026, 4, 2))
    days = {"expiry_policy": ExpiryPolicy.DAYS, "expiry_days": 30}
    tiers.change_tier(MARKETER, tier_named("Silver").pk, days, "short")
    jobs()
    assert past(holder(card))[-1] == ("Silver", "upgraded", "2026-04-01", "2028-01-01")
    late = CardFactory()
    buy(late, "R-2", "2500.00")
    story_clock.set(moscow(2026, 5, 3))
    tiers.change_tier(MARKETER, tier_named("Silver").pk, {"expiry_days": 60}, "longer")
    jobs()
    assert past(holder(late))[-1] == ("Silver", "upgraded", "2026-05-02", "2026-06-01")


def test_nobody_steps_down_to_a_tier_that_was_inserted_after_the_turn(story_clock: MovingClock) -> None:
    TierSystem.objects.update(assessment="one_down")
    card = CardFactory()
    buy(card, "R-1", "12000.00")
    story_clock.set(moscow(2026, 6, 1))
    jobs()
    story_clock.set(moscow(2028, 1, 2))
    values = {"name": "Amber", "target": Decimal(5000), "multiplier": Decimal(1), "expiry_policy": "next_year_end"}
    tiers.add_tier(MARKETER, tier_named("Silver").pk, values | {"expiry_days": None}, "a step between")
    story_clock.forward(minutes=1)
    (move,) = year_end.preview_year(2027).moves
    assert (move.source, move.target) == ("Gold", "Silver")
    jobs()
    assert past(holder(card))[-1] == ("Silver", "assessed", "2028-01-01", "2029-01-01")


def test_a_receipt_that_comes_late_earns_by_the_multiplier_and_the_rate_of_its_own_day(
    story_clock: MovingClock,
) -> None:
    tiers.change_tier(MARKETER, tier_named("Base").pk, {"multiplier": Decimal("1.5")}, "spring")
    card, bought = CardFactory(), clock.now()
    buy(card, "R-0", "1.00")
    story_clock.forward(hours=1)
    bought = clock.now()
    story_clock.forward(days=1)
    tiers.change_tier(MARKETER, tier_named("Base").pk, {"multiplier": Decimal(3)}, "summer")
    program.change_settings(MARKETER, {"earn_rate": Decimal(2)}, {})
    sale = Sale("R-1", card.number, "", bought, "0001", Decimal(100), offline=True)
    assert purchases.quote_purchase(sale).accrue == 150
    assert purchases.add_purchase(TILL, sale).accrued == 150
    assert buy(card, "R-2", "100.00").accrued == 600
    story_clock.forward(days=1)
    program.change_settings(MARKETER, {"earn_rate": Decimal(1)}, {})
    between = Sale("R-3", card.number, "", clock.now() - timedelta(hours=1), "0001", Decimal(100))
    assert purchases.add_purchase(TILL, between).accrued == 600
