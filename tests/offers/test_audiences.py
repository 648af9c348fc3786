"""Each condition of an audience in SQL, its bounds included; every way of asking gives the same answer."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards.models import CardStatus
from customers.models import Contact, ContactStatus
from loyalty.core import clock
from loyalty.core.errors import InvalidParameter
from loyalty.core.roles import Role
from loyalty.ledger.accounts import Account
from loyalty.selectors import audiences as reads
from loyalty.selectors import wallet_lists
from loyalty.services import adjustments, audiences, erasure, membership, purchases, refunds, segments
from loyalty.services.adjustments import Wanted
from loyalty.services.unit_of_work import unit_of_work
from promos import audiences as rules
from promos.models import Audience
from tests.admin.conftest import SYSTEM, TILL, buy, shopper
from tests.conftest import MOSCOW, MovingClock
from tests.factories.cards import CardFactory
from tests.factories.customers import ContactFactory
from tests.factories.shops import StoreFactory
from tests.factories.standings import StandingFactory, tier_named
from tests.people.conftest import BOSS
from tests.promos.marketing import moscow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]


def holds(*contacts: Contact, **conditions: Any) -> list[bool]:
    """Ask for each contact, count, and open the list: all three must agree."""
    audience = Audience(pk=1, name="A", conditions=rules.checked(conditions))
    answers = [bool(reads.which_include([audience], each.pk, MOSCOW)) for each in contacts]
    reach = audiences.reach(audience.conditions)
    assert reach.contacts == sum(bool(reads.which_include([audience], each, MOSCOW)) for each in all_contacts())
    return answers


def all_contacts() -> list[int]:
    return list(Contact.objects.values_list("pk", flat=True))


def bought(serial: int, days_ago: int, store: str = "0001") -> Contact:
    """A customer who bought so many days ago at one minute past midnight in Moscow."""
    moment = clock.now().astimezone(MOSCOW).replace(hour=0, minute=1) - timedelta(days=days_ago)
    StoreFactory._meta.model.objects.get_or_create(code=store, defaults={"name": store, "created_at": clock.now()})
    with clock.at(moment):
        card = shopper(serial)
        purchases.add_purchase(
            TILL, purchases.Sale(f"B-{serial}", card.number, "", moment, store, Decimal(100), (), till="1")
        )
    assert card.contact is not None
    return card.contact


def test_without_conditions_everybody_who_takes_part_is_reached() -> None:
    people = [ContactFactory(status=status) for status in ContactStatus.values if status != ContactStatus.MERGED]
    people.append(ContactFactory(status=ContactStatus.MERGED, merged_into=people[0]))
    reached = dict(zip([each.status for each in people], holds(*people), strict=True))
    assert {status for status, yes in reached.items() if yes} == {ContactStatus.NEW, ContactStatus.ACTIVE}


def test_who_has_left_and_who_was_erased_are_in_no_audience_until_they_come_again() -> None:
    gone, erased, stays = (CardFactory().contact for _ in range(3))
    membership.leave_programme(BOSS, Role.ADMINISTRATOR, gone.pk, "he asked")
    erasure.erase_contact(BOSS, Role.ADMINISTRATOR, erased.pk, "she asked", confirmed=erased.code)
    assert holds(gone, erased, stays) == [False, False, True]
    unenrolled = str(tier_named("Unenrolled").public_id)
    assert holds(gone, erased, stays, tiers=[unenrolled]) == [False, False, False]
    everybody = Audience(name="everybody", conditions={})
    with unit_of_work():
        assert list(wallet_lists.phones(everybody, MOSCOW)) == [[str(stays.phone)[1:]]]
    membership.enrol_contact(BOSS, Role.ADMINISTRATOR, gone.pk, "he came again")
    assert holds(gone, erased, stays) == [True, False, True]


def test_tiers_and_whoever_stands_in_none_is_in_the_one_of_rank_zero() -> None:
    gold, nowhere, left = ContactFactory(), ContactFactory(), ContactFactory()
    StandingFactory(contact=gold, tier=tier_named("Gold"))
    StandingFactory(contact=left, tier=tier_named("Gold"), left_at=clock.now())
    ids = {name: str(tier_named(name).public_id) for name in ("Gold", "Silver", "Unenrolled")}
    assert holds(gold, nowhere, left, tiers=[ids["Gold"]]) == [True, False, False]
    assert holds(gold, nowhere, left, tiers=[ids["Silver"]]) == [False, False, False]
    assert holds(gold, nowhere, left, tiers=[ids["Unenrolled"], ids["Gold"]]) == [True, True, True]


def test_segments_any_of_and_none_of() -> None:
    first, second, third = (ContactFactory() for _ in range(3))
    lists = [segments.create_segment(SYSTEM, name, "", "spring") for name in ("A", "B")]
    for segment, contact in zip(lists, (first, second), strict=True):
        content = f"{contact.phone}\n".encode()
        segments.upload(SYSTEM, segment.pk, mode="add", file_name="a.csv", content=content, reason="spring")
    ids = [each.pk for each in lists]
    assert holds(first, second, third, segments=ids) == [True, True, False]
    assert holds(first, second, third, segments=ids[:1]) == [True, False, False]
    assert holds(first, second, third, not_segments=ids[:1]) == [False, True, True]
    with pytest.raises(InvalidParameter):
        rules.checked({"segments": ids, "not_segments": ids[1:]})


def test_days_of_purchases_are_days_of_the_retailer_s_calendar() -> None:
    today, month, never = bought(1, 0), bought(2, 30), ContactFactory()
    assert holds(today, month, never, purchased_within=0) == [True, False, False]
    assert holds(today, month, never, purchased_within=29) == [True, False, False]
    assert holds(today, month, never, purchased_within=30) == [True, True, False]
    assert holds(today, month, never, not_purchased_within=29) == [False, True, True]
    assert holds(today, month, never, purchased_within=30, not_purchased_within=29) == [False, True, False]
    assert holds(today, month, never, never_purchased=True) == [False, False, True]


def test_a_cancelled_purchase_is_none() -> None:
    customer = bought(1, 0)
    refunds.cancel(TILL, "B-1")
    assert holds(customer, purchased_within=3) == [False]
    assert holds(customer, never_purchased=True) == [True]


def test_regions_are_of_the_stores_where_they_bought() -> None:
    StoreFactory(code="M1", region="Moscow")
    StoreFactory(code="K1", region="Kazan")
    moscow_, kazan, long_ago = bought(1, 2, "M1"), bought(2, 2, "K1"), bought(3, 40, "M1")
    asked = [moscow_, kazan, long_ago]
    assert holds(*asked, regions=["Moscow"], region_days=39) == [True, False, False]
    assert holds(*asked, regions=["Moscow", "Kazan"], region_days=40) == [True, True, True]


@pytest.mark.parametrize(("birth_date", "before", "after", "today", "expected"), [
    (date(1990, 3, 2), None, 0, (2026, 3, 2), True),
    (date(1990, 3, 3), None, 0, (2026, 3, 2), False),
    (date(1990, 3, 9), 7, None, (2026, 3, 2), True),
    (date(1990, 3, 10), 7, None, (2026, 3, 2), False),
    (date(1990, 2, 28), None, 2, (2026, 3, 2), True),
    (date(1990, 2, 27), None, 2, (2026, 3, 2), False),
    (date(1992, 2, 29), 0, None, (2026, 2, 28), True),
    (date(1992, 2, 29), 0, None, (2028, 2, 29), True),
    (date(1992, 2, 29), 0, None, (2028, 2, 28), False),
    (date(1990, 1, 1), 2, None, (2026, 12, 31), True),
    (date(1990, 12, 31), None, 2, (2026, 1, 1), True),
    (None, 60, 60, (2026, 3, 2), False),
])  # fmt: skip
def test_birthdays_over_the_turn_of_the_year_and_on_leap_days(
    birth_date: date | None, before: int | None, after: int | None, today: Any, expected: bool, story_clock: MovingClock
) -> None:
    story_clock.set(moscow(*today, 12))
    asked = {"birthday_before": before, "birthday_after": after}
    assert holds(ContactFactory(birth_date=birth_date), **asked) == [expected]


def test_points_are_those_that_can_be_spent_and_both_bounds_count(story_clock: MovingClock) -> None:
    card, poor = shopper(1), ContactFactory()
    buy(card, "R-1", "100.00")
    assert card.contact is not None
    rich = card.contact
    assert holds(rich, poor, points_from="0.01") == [False, False], "points in escrow are left out"
    adjustments.ask(SYSTEM, Wanted("k", rich.pk, Account.SPENDABLE, Decimal(100), "gift"))
    assert holds(rich, poor, points_from="100", points_to="100") == [True, False]
    assert holds(rich, poor, points_from="100.01") == [False, False]
    assert holds(rich, poor, points_to="99.99") == [False, True], "who holds nothing has zero"
    assert holds(rich, poor, points_from="0") == [True, True]


def test_the_state_of_the_card_that_is_not_given_up() -> None:
    kinds = {
        "active": CardFactory(),
        "issued": CardFactory(issued_bound=True),
        "blocked": CardFactory(blocked=True),
        "none": CardFactory(for_good=True),
    }
    people = [card.contact for card in kinds.values()]
    assert kinds["active"].status == CardStatus.ACTIVE
    for name in kinds:
        assert holds(*people, cards=[name]) == [each == name for each in kinds], name
    assert holds(*people, cards=["active", "none"]) == [True, False, False, True]
    assert holds(ContactFactory(), cards=["none"]) == [True]


def test_a_tier_that_has_ended_by_the_clock_is_held_no_more_however_late_the_job_is(story_clock: MovingClock) -> None:
    gold = StandingFactory(tier=tier_named("Gold"), ends_at=clock.now() + timedelta(days=1)).contact
    asked = [
        Audience(pk=pk, name=name, conditions={"tiers": [str(tier_named(name).public_id)]})
        for pk, name in enumerate(("Gold", "Base"))
    ]
    assert reads.which_include(asked, gold.pk, MOSCOW) == {0}
    story_clock.forward(days=1)
    assert reads.which_include(asked, gold.pk, MOSCOW) == {1}


def test_points_that_matured_lift_into_the_tiers_audience_before_the_job(story_clock: MovingClock) -> None:
    card = shopper(1)
    purchases.add_purchase(TILL, purchases.Sale("B-1", card.number, "", clock.now(), "0001", Decimal(2500), ()))
    silver = Audience(pk=1, name="S", conditions={"tiers": [str(tier_named("Silver").public_id)]})
    story_clock.forward(days=31)
    assert card.contact_id is not None
    assert reads.which_include([silver], card.contact_id, MOSCOW) == {1}


def test_all_conditions_must_hold_and_many_audiences_are_asked_in_one_statement() -> None:
    today, month = bought(1, 0), bought(2, 30)
    asked = [Audience(pk=pk, name=str(pk), conditions=rules.checked(conditions)) for pk, conditions in enumerate([
        {}, {"purchased_within": 3}, {"purchased_within": 3, "cards": ["none"]}, {"not_purchased_within": 3},
    ])]  # fmt: skip
    with CaptureQueriesContext(connection) as captured:
        assert reads.which_include(asked, today.pk, MOSCOW) == {0, 1}
        assert reads.which_include(asked, month.pk, MOSCOW) == {0, 3}
        assert reads.which_include([], month.pk, MOSCOW) == frozenset()
    assert len(captured) == 2


def test_values_are_parameters_and_never_text() -> None:
    StoreFactory(region="x'); DROP TABLE promos_audience; --")
    made = audiences.create_audience(
        SYSTEM, "A", {"regions": ["x'); DROP TABLE promos_audience; --"], "region_days": 3}, "spring"
    )
    assert audiences.reach(made.conditions).contacts == 0
    assert Audience.objects.exists()


@pytest.mark.parametrize("conditions", [
    {"sex": "f"}, {"tiers": "Gold"}, {"tiers": ["Gold"]}, {"segments": [0]}, {"segments": ["1"]}, {"segments": [True]},
    {"purchased_within": "3"}, {"purchased_within": True}, {"purchased_within": 3661}, {"points_from": 1.5},
    {"points_from": "NaN"}, {"points_from": "0.001"}, {"cards": ["new"]}, {"regions": ["a\x00"], "region_days": 3},
    {"never_purchased": "yes"}, {"segments": list(range(1, 102))},
])  # fmt: skip
def test_what_cannot_be_asked_is_refused(conditions: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter) as refused:
        audiences.create_audience(SYSTEM, "A", conditions, "spring")
    assert refused.value.data["name"] in conditions


@pytest.mark.parametrize("conditions", [
    {"tiers": ["7f6ab0a8-0000-4000-8000-000000000000"]}, {"segments": [999999]}, {"regions": ["Mars"], "region_days": 3}
])  # fmt: skip
def test_what_is_not_there_is_refused(conditions: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter):
        audiences.create_audience(SYSTEM, "A", conditions, "spring")
    assert not Audience.objects.exists()
