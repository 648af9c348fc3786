"""Standings of a contact never overlap, and the tier moves with the points that land."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from loyalty.core import actors, clock
from loyalty.services import points
from tests.factories import ContactFactory, StandingFactory, tier_named
from tests.ledger.books import MOSCOW, earn
from tiers import services as tiers
from tiers.models import Standing

pytestmark = pytest.mark.django_db


def standings(contact):
    return list(contact.standings.order_by("id").values_list("tier__name", "reason", "entered_at", "left_at"))


def test_a_period_inside_another_is_refused_by_the_database(story_clock):
    start = story_clock.moment
    held = StandingFactory(left_at=start + timedelta(days=10), entered_at=start)
    for begins, ends in ((-5, 1), (0, 10), (3, 4), (9, None), (-1, 20)):
        with pytest.raises(IntegrityError, match="standings_never_overlap"), transaction.atomic():
            StandingFactory(
                contact=held.contact,
                entered_at=start + timedelta(days=begins),
                left_at=ends and start + timedelta(days=ends),
            )
    ends = start + timedelta(days=10)
    with pytest.raises(IntegrityError, match="standings_never_overlap"), transaction.atomic():
        StandingFactory(contact=held.contact, entered_at=ends - timedelta(microseconds=1))
    StandingFactory(contact=held.contact, entered_at=ends)
    StandingFactory(entered_at=start)


def test_a_contact_has_one_open_standing(story_clock):
    held = StandingFactory()
    with pytest.raises(IntegrityError, match=r"one_current_standing|standings_never_overlap"), transaction.atomic():
        StandingFactory(contact=held.contact, entered_at=story_clock.moment + timedelta(days=1))


def test_enrolling_twice_is_enrolling_once(story_clock):
    contact = ContactFactory()
    assert [tiers.enrol(contact.pk, clock.now(), MOSCOW) for _ in range(2)] == [True, False]
    assert standings(contact) == [("Base", "enrolled", story_clock.moment, None)]


def test_an_enrolment_that_meets_a_period_of_the_past_changes_nothing(story_clock):
    """A server whose clock runs behind must not fail a purchase."""
    start = story_clock.moment
    held = StandingFactory(entered_at=start, left_at=start + timedelta(seconds=2))
    assert tiers.enrol(held.contact_id, start + timedelta(seconds=1), MOSCOW) is False


def test_the_tier_moves_when_qualifying_points_land_and_levels_may_be_skipped(story_clock):
    contact = StandingFactory().contact
    earn(contact.pk, 0, qualifying=10_000)
    entered = story_clock.moment
    landed = story_clock.forward(days=30)
    assert points.roll_over_escrow(actors.system("test")).upgraded == 1
    assert standings(contact) == [("Base", "enrolled", entered, landed), ("Gold", "upgraded", landed, None)]
    assert contact.standings.get(left_at=None).ends_at.astimezone(MOSCOW).year == 2028


def test_nobody_moves_down_and_who_left_stays_out(story_clock):
    gold = StandingFactory(tier=tier_named("Gold")).contact
    out = StandingFactory(tier=tier_named("Unenrolled"), reason="left").contact
    unknown = ContactFactory()
    for contact in (gold, out, unknown):
        earn(contact.pk, 0, qualifying=2_500)
    story_clock.forward(days=30)
    assert points.roll_over_escrow(actors.system("test")).upgraded == 0
    assert Standing.objects.count() == 2


def test_a_call_that_waited_with_an_older_clock_never_ends_a_period_before_it_began(story_clock):
    contact = StandingFactory(entered_at=story_clock.moment + timedelta(seconds=3)).contact
    earn(contact.pk, 0, qualifying=2_500, at=story_clock.moment - timedelta(days=30))
    assert points.roll_over_escrow(actors.system("test")).upgraded == 1
    later = story_clock.moment + timedelta(seconds=3)
    assert standings(contact) == [("Base", "enrolled", later, later), ("Silver", "upgraded", later, None)]
