"""The simulator: the same seed gives the same years, and nothing that goes wrong changes a single point of them."""

import json
import multiprocessing
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.db import connection

from cards.models import CardSeries
from loyalty.core import actors
from loyalty.ledger.models import PointAccount
from loyalty.models import JournalEntry, Limit, Program, Purchase, Store
from loyalty.services import journal, purchases
from loyalty.services.unit_of_work import unit_of_work
from loyalty.simulator import chart, course, crew, faults, turns
from loyalty.simulator.course import Outcome, Stage
from loyalty.simulator.faults import AnswerChanged, Counts, Faults
from loyalty.simulator.order import Order
from loyalty.simulator.people import population
from promos.models import Audience
from tests.conftest import books_may_be_emptied
from tiers.models import Tier, TierSystem

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("simulator")]

ORDER = Order(members=5, days=430, seed=7)
KEPT = {CardSeries, PointAccount, TierSystem, Tier, Program, Store, Limit, Audience}
"""What a fresh retailer has; the rest is what was lived."""


def silent(_stage: Stage) -> None:
    return None


def _empty() -> None:
    lived_in = [
        model._meta.db_table
        for label in ("customers", "cards", "ledger", "tiers", "promos", "loyalty")
        for model in apps.get_app_config(label).get_models()
        if model not in KEPT and model._meta.managed
    ]
    with books_may_be_emptied(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(lived_in)}")
    CardSeries.objects.update(next_serial=1)


def live(order: Order) -> Outcome:
    """Live in an empty database, and leave it empty."""
    outcome = course.live(order, silent)
    _empty()
    return outcome


def test_whatever_goes_wrong_the_years_end_the_same(settings) -> None:
    # Small ranges, so that a job that dies leaves some of its work undone.
    settings.ROLLOVER_LOTS_PER_RANGE = 2
    calm, rough = live(ORDER), live(replace(ORDER, faults=True))
    assert calm.broken == rough.broken == []
    assert calm.laws > 10
    assert rough.months == calm.months

    happened = rough.counts
    assert all(happened[name] for name in ("retried", "offline", "skipped", "twice", "died"))
    assert not any(calm.counts[name] for name in ("retried", "offline", "skipped", "twice", "died"))
    whole = calm.months[-1]
    assert whole.liability == sum(
        (m.issued + m.restored + m.adjusted - m.spent - m.burned - m.returned for m in calm.months), Decimal(0)
    )
    assert calm.counts["returns"]
    assert sum(month.spent for month in calm.months)
    assert sum(month.burned for month in calm.months)


def test_turns_of_a_life_end_the_same_whatever_goes_wrong(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody loses a card, leaves, comes again, is merged with a second record and parted from it."""
    settings.ROLLOVER_LOTS_PER_RANGE = 2
    for name in ("TYPES_A_CODE", "LOSES_THE_CARD", "LEAVES", "COMES_AGAIN", "HAS_A_SECOND_CARD", "WAS_TWO"):
        monkeypatch.setattr(turns, name, 1.0)
    order = Order(members=8, days=400, seed=3)
    calm, rough = live(order), live(replace(order, faults=True))
    assert calm.broken == rough.broken == []
    assert rough.months == calm.months
    assert all(calm.counts[name] for name in ("codes", "replaced", "left", "joined_again", "merges", "unmerges"))
    assert sum(month.tiers.get("Unenrolled", 0) for month in calm.months)
    whole = calm.months[-1]
    assert whole.liability == sum(
        (m.issued + m.restored + m.adjusted - m.spent - m.burned - m.returned for m in calm.months), Decimal(0)
    )


def test_the_same_order_ends_in_the_same_bytes_however_many_processes_share_the_work() -> None:
    few = Order(members=5, days=45, seed=7, faults=True)
    alone = live(few)
    shared = course.live(few, silent, processes=2)
    _empty()
    assert json.dumps(shared.as_dict()) == json.dumps(alone.as_dict())
    assert alone.counts["purchases"]
    assert alone.counts["died"]


def test_a_killed_process_ends_the_simulation_with_a_word() -> None:
    few = Order(members=2, days=5, seed=7)
    name = str(connection.settings_dict["NAME"])
    with crew.at_work(few, 2, name) as towns:
        multiprocessing.active_children()[0].kill()
        with pytest.raises(crew.ShareFailed):
            towns.live_through(0, lambda _events: None)
    assert not multiprocessing.active_children()


def test_a_job_dies_inside_its_transaction_and_nothing_of_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_DIES", 1.0)
    monkeypatch.setattr(faults, "_SKIPPED", 0.0)
    monkeypatch.setattr(faults, "_LONG_ABSENCE", 0.0)

    def job() -> None:
        with unit_of_work():
            for number in range(faults._LAST_STATEMENT + 1):
                journal.record(course.ACTOR, "simulation.test", str(number))

    counts = Counts()
    Faults("7", counts, on=True).run_job(0, job)
    assert counts.died == 1
    assert not JournalEntry.objects.filter(action="simulation.test").exists()


def test_another_seed_is_another_town() -> None:
    few = Order(members=3, days=60, seed=7)
    assert live(few).months != live(replace(few, seed=8)).months


def test_the_habits_of_a_shopper_hang_on_the_seed_alone() -> None:
    first, again = population(7, range(5), 100), population(7, range(50), 100)[:5]
    assert [[each.visit() for _ in range(20)] for each in first] == [
        [each.visit() for _ in range(20)] for each in again
    ]


def test_a_till_that_hears_another_answer_the_second_time_stops_the_simulation() -> None:
    answers = iter(range(10_000))
    till = Faults("7", Counts(), on=True)
    with pytest.raises(AnswerChanged):
        [till.send(lambda: next(answers)) for _ in range(1000)]


def test_a_lost_repeat_check_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: without the till's id as a key the retries of the rough years change the books."""
    monkeypatch.setattr(faults, "_RETRIES", 0.5)
    few = Order(members=4, days=90, seed=7, faults=True)
    add = purchases.add_purchase

    def forgetful(actor: actors.Actor, sale: purchases.Sale) -> purchases.Credited:
        if Purchase.objects.filter(purchase_id=sale.purchase_id).exists():
            sale = replace(sale, purchase_id=f"{sale.purchase_id}-again", bonuses_to_pay=Decimal(0), hold_id=None)
        return add(actor, sale)

    calm = live(replace(few, faults=False))
    monkeypatch.setattr(purchases, "add_purchase", forgetful)
    try:
        noticed = live(few).months != calm.months
    except AnswerChanged:
        _empty()
        noticed = True
    assert noticed


def test_the_picture_needs_nothing_from_anywhere() -> None:
    page = chart.page(live(Order(members=3, days=70, seed=7)))
    HTMLParser().feed(page)
    assert page.count("<svg") == 3
    assert "<script" not in page
    assert not re.findall(r"""(?:\b(?:src|href|action)\s*=\s*["']?|url\(|@import)\s*["']?(?:https?:)?//""", page)
