"""A tier has ended and no job has said so yet: whoever acts upon a person meets the tier of that day."""

from loyalty.core.roles import Role
from loyalty.services import membership, points, refunds
from tests.conftest import MovingClock
from tests.factories import CardFactory
from tests.people.conftest import BEAT, BOSS, TILL, buy, holder, jobs, merge, past
from tests.promos.marketing import moscow
from tiers.models import Tier


def test_a_tier_that_has_ended_is_no_better_one(story_clock: MovingClock) -> None:
    mine, theirs = CardFactory(), CardFactory()
    buy(theirs, "G-1", "12000.00")
    story_clock.set(moscow(2027, 11, 1))
    buy(mine, "M-1", "2500.00")
    # Gold of 2026 has ended with 2027, Silver of 2027 lasts another year; no job has said so.
    story_clock.set(moscow(2028, 2, 1))
    merge(holder(mine), holder(theirs))
    assert past(holder(mine)) == [
        ("Base", "enrolled", "2026-03-02", ""),
        ("Silver", "upgraded", "2027-12-01", "2029-01-01"),
    ]
    assert past(holder(theirs))[-1] == ("Base", "assessed", "2028-01-01", "")


def test_who_leaves_leaves_the_tier_of_that_day(story_clock: MovingClock) -> None:
    mine = CardFactory()
    buy(mine, "M-1", "2500.00")
    story_clock.set(moscow(2027, 6, 1))
    jobs()
    story_clock.set(moscow(2028, 2, 1))
    membership.leave_programme(BOSS, Role.ADMINISTRATOR, holder(mine), "enough")
    assert past(holder(mine))[-3:] == [
        ("Silver", "upgraded", "2026-04-01", "2028-01-01"),
        ("Base", "assessed", "2028-01-01", ""),
        ("Unenrolled", "left", "2028-02-01", ""),
    ]


def test_goods_that_come_back_after_the_end_counted_before_it(story_clock: MovingClock) -> None:
    Tier.objects.filter(name="Silver").update(expiry_policy="days", expiry_days=30)
    mine = CardFactory()
    buy(mine, "M-1", "1500.00")
    buy(mine, "M-2", "1000.00")
    story_clock.forward(days=31)
    points.roll_over_escrow(BEAT)
    # Silver has ended on 1 May with 2,500 points this year, which make it Silver again; no job has said so yet.
    story_clock.set(moscow(2026, 5, 2))
    refunds.cancel(TILL, "M-2")
    jobs()
    assert past(holder(mine))[-2:] == [
        ("Silver", "upgraded", "2026-04-01", "2026-05-01"),
        ("Silver", "assessed", "2026-05-01", "2026-05-31"),
    ]
    story_clock.set(moscow(2026, 6, 2))
    jobs()
    assert past(holder(mine))[-1] == ("Base", "assessed", "2026-05-31", "")
