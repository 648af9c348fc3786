"""The next numbers of a series beside imported ones, and the alert of a low pool."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards import numbers, pool
from cards.errors import PoolEmpty
from cards.models import Card, CardCategory, CardSeries, ImportMode
from loyalty.core import actors, clock
from loyalty.core.errors import InvalidParameter
from loyalty.models import JournalEntry, Program
from loyalty.services import cards, pool_watch, wallet
from tests.cards.files import bring, csv_of, issuing, ten
from tests.conftest import MovingClock
from tests.factories import CardFactory, CardSeriesFactory

pytestmark = pytest.mark.django_db
SYSTEM = actors.system("test")


def make(count: int) -> list[str]:
    return cards.create_card_pool(SYSTEM, count=count, category=CardCategory.VIRTUAL)


# Stepping over


def test_new_numbers_step_over_imported_ones() -> None:
    wanted = ten(count=12)
    bring(csv_of(*wanted[:3], wanted[5], wanted[8]))
    assert make(4) == [wanted[3], wanted[4], wanted[6], wanted[7]]
    assert make(2) == wanted[9:11]
    assert issuing().next_serial == 12


def test_nothing_imported_is_given_out_twice_and_nothing_is_left_out() -> None:
    imported = [number for place, number in enumerate(ten(count=400)) if place % 7 and place % 50]
    bring(csv_of(*imported))
    made = [each for count in (1, 2, 30, 1, 60) for each in make(count)]
    assert made == sorted(set(ten(count=500)) - set(imported))[:94]


def test_a_large_import_in_the_way_is_stepped_over_in_sets() -> None:
    bring(csv_of(*ten(count=3000)))
    with CaptureQueriesContext(connection) as captured:
        assert make(1) == ten(3001, 1)
    inserts = [each for each in captured.captured_queries if "INSERT INTO cards_card (" in each["sql"]]
    assert len(inserts) <= 14, "the steps double"


def test_without_imports_making_numbers_costs_one_statement_for_thousands() -> None:
    with CaptureQueriesContext(connection) as few:
        make(10)
    with CaptureQueriesContext(connection) as many:
        make(5000)
    assert len(few) == len(many)


def test_a_series_that_ends_makes_nothing_at_all() -> None:
    series = CardSeriesFactory(prefix="70000000000", length=13, next_serial=8)
    bring(csv_of(*numbers.make_numbers(series, 9, 1)), series=series)
    CardSeries.objects.filter(issuing=True).update(issuing=False)
    CardSeries.objects.filter(pk=series.pk).update(issuing=True)
    with pytest.raises(InvalidParameter):
        make(2)
    assert make(1) == numbers.make_numbers(series, 8, 1)
    with pytest.raises(InvalidParameter):
        make(1)


# Free numbers and the alert


def alerts() -> list[str]:
    entries = JournalEntry.objects.filter(target="card_pool").order_by("pk")
    return [entry.action.removeprefix("card_pool.") for entry in entries]


def raised() -> bool:
    return Program.objects.get().pool_low_since is not None


@pytest.fixture
def five(story_clock: MovingClock) -> list[str]:
    """Five free numbers, and the alert below four."""
    Program.objects.update(low_pool_alert=4)
    return make(5)


def test_free_are_new_virtual_numbers_that_nobody_holds(five: list[str], story_clock: MovingClock) -> None:
    cards.create_card_pool(SYSTEM, count=3, category=CardCategory.PLASTIC)
    CardFactory(issued=True)
    wallet.reserve_number(SYSTEM)
    assert pool.free_numbers(clock.now(), 100) == 4
    story_clock.forward(hours=1)
    assert pool.free_numbers(clock.now(), 100) == 5


def test_free_numbers_are_counted_up_to_the_bound_and_no_further(five: list[str]) -> None:
    assert pool.free_numbers(clock.now(), 3) == 3
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN (FORMAT TEXT) " + pool._FREE, {"now": clock.now(), "most": 3})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "card_pool" in plan
    assert "Limit" in plan


def test_a_pool_that_falls_below_the_bound_raises_one_alert_and_a_filled_one_ends_it(
    five: list[str], caplog: Any
) -> None:
    pool_watch.look()
    assert not raised()
    wallet.reserve_number(SYSTEM)
    pool_watch.look()
    assert not raised(), "four are left: not fewer than four"
    wallet.reserve_number(SYSTEM)
    for _ in range(3):
        pool_watch.look()
    assert raised()
    assert alerts() == ["low"]
    assert JournalEntry.objects.get(action="card_pool.low").details == {"free": 3}
    assert "card_pool_low" in caplog.text
    make(1)
    assert not raised(), "making numbers looks at once"
    assert alerts() == ["low", "filled"]


def test_an_import_ends_the_alert_at_once(five: list[str]) -> None:
    Program.objects.update(low_pool_alert=8)
    pool_watch.look()
    assert raised()
    bring(csv_of(*ten(100)), ImportMode.ALL_OR_NOTHING)
    assert not raised()


def test_a_wallet_that_finds_the_pool_empty_raises_the_alert_at_once(story_clock: MovingClock) -> None:
    for _ in range(2):
        with pytest.raises(PoolEmpty):
            wallet.reserve_number(SYSTEM)
    assert raised()
    assert alerts() == ["low"]


def test_zero_switches_the_alert_off(story_clock: MovingClock) -> None:
    Program.objects.update(low_pool_alert=0)
    pool_watch.look()
    with pytest.raises(PoolEmpty):
        wallet.reserve_number(SYSTEM)
    assert alerts() == []
    Program.objects.update(low_pool_alert=4)
    pool_watch.look()
    assert raised()
    Program.objects.update(low_pool_alert=0)
    pool_watch.look()
    assert not raised()
    assert alerts() == ["low"], "nothing was filled"


def test_a_number_is_never_twice_in_the_system_whatever_is_tried() -> None:
    number = make(1)[0]
    assert pool.add_numbers(issuing(), [number], CardCategory.PLASTIC, clock.now()) == []
    assert Card.objects.get(number=number).category == CardCategory.VIRTUAL
