"""Late jobs, merges and returns that meet a turn of the year, a leap day or a change of the clocks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from cards.models import Card
from loyalty.core import clock
from loyalty.core.roles import Role
from loyalty.ledger import balances, invariants
from loyalty.models import Program
from loyalty.services import expiry, membership, points, purchases, refunds, year_end
from loyalty.services.purchases import Sale
from promos.basket import Line
from tests.factories import CardFactory
from tests.people.conftest import BEAT, BOSS, MOSCOW, TILL, buy, jobs, merge, past, unmerge
from tests.promos.marketing import moscow
from tiers import selectors as tiers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]
BERLIN = ZoneInfo("Europe/Berlin")


def held(card: Card) -> tuple[Decimal, ...]:
    read = balances.read(card.contact_id, clock.now(), since=None)
    return read.spendable, read.spendable_escrow, read.burned


def stands(card: Card) -> str:
    return tiers.standing_at(card.contact_id, clock.now(), MOSCOW).tier.name


@pytest.mark.parametrize("late", [False, True])
def test_a_merge_over_a_late_turn_of_the_year_and_back(story_clock, late):
    """Both Gold and Silver end with 2027; merged on 3 January 2028 before or after the job, parted in March."""
    mine, theirs = CardFactory(), CardFactory()
    buy(mine, "R-1", "2500.00")
    buy(theirs, "R-2", "12000.00")
    story_clock.set(moscow(2027, 6, 1))
    jobs()
    buy(theirs, "R-3", "2100.00")
    story_clock.set(moscow(2027, 12, 20))
    jobs()
    story_clock.set(moscow(2028, 1, 3))
    if not late:
        jobs()
    merged = merge(mine.contact_id, theirs.contact_id)
    assert stands(mine) == "Silver"
    story_clock.set(moscow(2028, 3, 1))
    if not late:
        jobs()
    unmerge(merged)
    jobs()
    assert past(mine.contact_id)[-1][:3] == ("Base", "assessed", "2028-01-01")
    assert past(theirs.contact_id)[-1] == ("Silver", "assessed", "2028-01-01", "2029-01-01")
    assert invariants.broken() == []


@pytest.mark.parametrize("late", [False, True])
def test_an_unmerge_after_expiry_and_a_debt(story_clock, late):
    """What the other had expires while they are one, and was partly spent: it comes back as if it had been alone."""
    mine, theirs = CardFactory(), CardFactory()
    buy(theirs, "R-1", "1000.00")
    story_clock.set(moscow(2026, 5, 1))
    if not late:
        jobs()
    merged = merge(mine.contact_id, theirs.contact_id)
    kept = Card.objects.get(contact=mine.contact_id, blocked_for_good=False)
    buy(kept, "R-2", "800.00", paid="400.00")
    story_clock.set(moscow(2027, 6, 1))
    if not late:
        jobs()
        expiry.expire_points(BEAT)
    unmerge(merged)
    # The other never spent: all thousand points are burned. The spender owes what it has spent of them, less its own.
    assert held(theirs) == (0, 0, 1000)
    assert held(mine)[0] == -400 + 0
    assert invariants.broken() == []


def test_goods_come_back_in_the_year_after_the_late_turn(story_clock):
    """Bought in December, landed in January, returned in February, the year end never having run."""
    card = CardFactory()
    story_clock.set(moscow(2026, 12, 10))
    buy(card, "R-1", "2500.00")
    story_clock.set(moscow(2027, 1, 20))
    assert stands(card) == "Silver"
    refunds.cancel(TILL, "R-1")
    assert stands(card) == "Silver"
    assert held(card)[:2] == (0, 0)
    jobs()
    assert past(card.contact_id)[-1] == ("Silver", "upgraded", "2027-01-09", "2029-01-01")
    story_clock.set(moscow(2029, 1, 1))
    assert stands(card) == "Base"
    jobs()
    assert past(card.contact_id)[-1] == ("Base", "assessed", "2029-01-01", "")
    assert invariants.broken() == []


def test_points_of_a_leap_day_and_a_tier_of_days_over_a_change_of_the_clocks(story_clock):
    Program.objects.update(zone="Europe/Berlin")
    story_clock.set(datetime(2028, 2, 29, 2, 30, tzinfo=BERLIN))
    card = CardFactory()
    buy(card, "R-1", "100.00")
    # Thirty days on it is summer time: the same hour on the wall.
    story_clock.set(datetime(2028, 3, 30, 2, 29, 59, tzinfo=BERLIN))
    assert held(card)[:2] == (0, 100)
    story_clock.set(datetime(2028, 3, 30, 2, 30, tzinfo=BERLIN))
    assert held(card)[:2] == (100, 0)
    story_clock.set(datetime(2029, 3, 31, 23, 59, 59, tzinfo=BERLIN))
    assert held(card)[0] == 100
    story_clock.set(datetime(2029, 4, 1, tzinfo=BERLIN))
    assert held(card) == (0, 0, 100)


def test_a_purchase_of_an_hour_that_comes_twice_lands_thirty_days_later(story_clock):
    Program.objects.update(zone="Europe/Berlin")
    story_clock.set(datetime(2028, 9, 29, 1, 30, tzinfo=UTC))
    card = CardFactory()
    buy(card, "R-1", "100.00")  # 03:30 on the wall, thirty days before the night of two half past twos
    lands = datetime(2028, 10, 29, 3, 30, tzinfo=BERLIN)
    story_clock.set(lands - timedelta(seconds=1))
    assert held(card)[:2] == (0, 100)
    story_clock.set(lands)
    assert held(card)[:2] == (100, 0)


def test_who_left_with_a_year_to_close_and_comes_again_two_years_later_begins_at_base(story_clock):
    card = CardFactory()
    buy(card, "R-1", "12000.00")
    story_clock.set(moscow(2026, 6, 1))
    membership.leave_programme(BOSS, Role.ADMINISTRATOR, card.contact_id, "enough")
    story_clock.set(moscow(2028, 2, 1))
    membership.enrol_contact(BOSS, Role.ADMINISTRATOR, card.contact_id, "again")
    assert stands(card) == "Base"
    jobs()
    assert past(card.contact_id)[-1][:3] == ("Base", "enrolled", "2028-02-01")
    assert invariants.broken() == []


def test_a_receipt_of_the_last_second_of_the_year_lands_in_the_next(story_clock):
    card = CardFactory()
    story_clock.set(moscow(2026, 12, 31, 23, 59, 59))
    buy(card, "R-1", "2000.00")
    story_clock.set(moscow(2027, 1, 30, 23, 59, 58))
    assert stands(card) == "Base"
    story_clock.set(moscow(2027, 1, 30, 23, 59, 59))
    assert stands(card) == "Silver"
    year_end.assess_due(BEAT)
    points.roll_over_escrow(BEAT)
    assert past(card.contact_id)[-1] == ("Silver", "upgraded", "2027-01-30", "2029-01-01")


def test_a_receipt_that_comes_after_the_turn_lifts_only_the_year_in_which_we_learn_of_it(story_clock):
    """Its escrow ended with December; the till sends it on 10 January, the year end is late."""
    card = CardFactory()
    buy(card, "R-1", "1900.00")
    bought = moscow(2026, 11, 20)
    story_clock.set(moscow(2027, 1, 10))
    lines = (Line(Decimal(300), sku="1", name="Tea"),)
    purchases.add_purchase(TILL, Sale("R-2", card.number, "", bought, "0001", Decimal(300), lines, offline=True))
    assert stands(card) == "Base"
    jobs()
    assert stands(card) == "Base"
    buy(card, "R-3", "1700.00")
    story_clock.set(moscow(2027, 2, 10))
    assert stands(card) == "Silver"
    assert invariants.broken() == []
