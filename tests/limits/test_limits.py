"""Limits of a day per card, till and cashier: each scope, each measure, both bounds (issue: Operators' needs)."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.core import actors, clock
from loyalty.core.errors import InvalidParameter, LimitExceeded
from loyalty.ledger.models import Operation
from loyalty.models import JournalEntry, Limit, LimitUse, Program, Purchase
from loyalty.services import limits
from tests.api.cash_desk.desk import Desk, rows
from tests.conftest import MOSCOW
from tests.limits.conftest import buy, rich_card, set_limit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]

SCOPES = ("card", "till", "cashier")
ACTS = ("accruals", "spends")
MEASURES = ("count", "amount")


def bound_of(what, measure):
    """What two receipts of 100.00, paid with 10 bonuses each, come to."""
    return 2 if measure == "count" else (180 if what == "accruals" else 20)


def alerts():
    return list(JournalEntry.objects.filter(action="limit.soft_exceeded").order_by("id"))


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize("measure", MEASURES)
def test_the_hard_bound_lets_through_as_much_as_it_says_and_nothing_more(scope, what, measure, card):
    set_limit(scope, what, measure, hard=bound_of(what, measure))
    for receipt in ("a", "b"):
        buy(card, receipt, bonuses=10)
    before = rows()
    with pytest.raises(LimitExceeded) as refused:
        buy(card, "c", bonuses=10)
    assert refused.value.data == {
        "scope": scope, "what": what, "measure": measure, "bound": Decimal(bound_of(what, measure))
    }  # fmt: skip
    assert rows() == before
    assert list(LimitUse.objects.filter(scope=scope, what=what).values_list("count", flat=True)) == [2]
    assert alerts() == []


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize("measure", MEASURES)
def test_the_soft_bound_alerts_once_a_day_and_refuses_nothing(scope, what, measure, card, story_clock):
    set_limit(scope, what, measure, soft=bound_of(what, measure))
    for receipt in ("a", "b"):
        buy(card, receipt, bonuses=10)
    assert alerts() == []
    for receipt in ("c", "d", "e"):
        buy(card, receipt, bonuses=10)
    (alert,) = alerts()
    assert alert.target == {"card": card.number, "till": "till-1/7", "cashier": "till-1/Vera"}[scope]
    assert (alert.actor, alert.role) == ("client:till-1", "till")
    assert {name: alert.details[name] for name in ("scope", "what", "measure", "day")} == {
        "scope": scope, "what": what, "measure": measure, "day": "2026-03-02"
    }  # fmt: skip
    story_clock.forward(days=1)
    for receipt in ("f", "g", "h"):
        buy(card, receipt, bonuses=10)
    assert len(alerts()) == 2


@pytest.mark.parametrize(("scope", "other"), [
    ("till", {"till": "8"}), ("cashier", {"cashier": "Olga"}),
    ("till", {"actor": actors.client("till-2", "till", "cash_desk")}),
    ("cashier", {"actor": actors.client("till-2", "till", "cash_desk")}),
])  # fmt: skip
def test_another_till_or_cashier_has_a_limit_of_its_own(scope, other, card):
    set_limit(scope, "accruals", "count", hard=1)
    buy(card, "a")
    buy(card, "b", **other)
    with pytest.raises(LimitExceeded):
        buy(card, "c")


def test_another_card_has_a_limit_of_its_own(card):
    second = rich_card("second")
    set_limit("card", "spends", "count", hard=1)
    buy(card, "a", bonuses=10)
    buy(second, "b", bonuses=10)
    with pytest.raises(LimitExceeded):
        buy(second, "c", bonuses=10)


def test_a_till_that_leaves_its_name_out_gets_around_nothing(card):
    set_limit("till", "accruals", "count", hard=1)
    buy(card, "a", till="")
    with pytest.raises(LimitExceeded):
        buy(card, "b", till="")


def test_a_purchase_without_bonuses_is_no_spend(card):
    set_limit("card", "spends", "count", hard=0)
    buy(card, "a")
    with pytest.raises(LimitExceeded):
        buy(card, "b", bonuses=1)


def test_a_repeat_counts_once(card):
    set_limit("card", "accruals", "count", hard=1)
    now = clock.now()
    assert buy(card, "a", purchased_at=now) == buy(card, "a", purchased_at=now)


def test_the_day_is_the_retailers(card, story_clock):
    set_limit("card", "accruals", "count", hard=1)
    story_clock.set(datetime(2026, 3, 2, 23, 59, tzinfo=MOSCOW))
    buy(card, "before midnight")
    with pytest.raises(LimitExceeded):
        buy(card, "still the same day")
    story_clock.set(datetime(2026, 3, 3, 0, 0, tzinfo=MOSCOW))
    buy(card, "after midnight")
    assert [day.isoformat() for day in LimitUse.objects.order_by("day").values_list("day", flat=True)] == [
        "2026-03-02",
        "2026-03-03",
    ]


def test_receipts_dated_back_count_on_the_day_they_come(card, story_clock):
    set_limit("card", "accruals", "count", hard=1)
    buy(card, "a", purchased_at=clock.now() - timedelta(days=3))
    late = clock.now() - timedelta(days=4)
    with pytest.raises(LimitExceeded):
        buy(card, "b", purchased_at=late)
    story_clock.forward(days=1)
    buy(card, "b", purchased_at=late)


def test_the_first_bound_that_breaks_undoes_every_count(card):
    set_limit("card", "accruals", "count", hard=5)
    set_limit("till", "accruals", "amount", hard=50)
    with pytest.raises(LimitExceeded):
        buy(card, "a")
    assert not LimitUse.objects.exists()


def test_a_bound_lowered_below_what_was_used_alerts_on_the_next_call(card):
    set_limit("card", "accruals", "count", soft=100)
    for receipt in ("a", "b", "c"):
        buy(card, receipt)
    set_limit("card", "accruals", "count", soft=1)
    buy(card, "d")
    buy(card, "e")
    assert len(alerts()) == 1


def test_limits_are_off_until_somebody_sets_one_and_then_cost_one_statement(card):
    assert not Program.objects.get().limits_on
    assert not any(limit.on for limit in Limit.objects.all())
    buy(card, "warm")

    def statements(receipt):
        with CaptureQueriesContext(connection) as sent:
            buy(card, receipt)
        return [each["sql"] for each in sent.captured_queries]

    off = statements("off")
    assert not [sql for sql in off if "loyalty_limit" in sql]
    set_limit("card", "accruals", "count", hard=1000)
    assert len(statements("on")) == len(off) + 1
    set_limit("card", "accruals", "count")
    assert len(statements("off again")) == len(off)
    assert not Program.objects.get().limits_on


def test_setting_a_bound_is_in_the_journal():
    limit = set_limit("till", "spends", "amount", soft=100, hard="200.50")
    entry = JournalEntry.objects.get(action="limit.set")
    assert (entry.actor, entry.target, entry.reason) == ("staff:root", str(limit), "a test")
    assert entry.details == {"soft": ["off", "100"], "hard": ["off", "200.5"]}


@pytest.mark.parametrize(("measure", "bounds", "name"), [
    ("count", {"soft": "1.5"}, "soft"), ("amount", {"soft": 2, "hard": 1}, "soft"), ("amount", {"hard": -1}, "hard"),
])  # fmt: skip
def test_impossible_bounds_are_refused(measure, bounds, name):
    with pytest.raises(InvalidParameter) as refused:
        set_limit("card", "spends", measure, **bounds)
    assert refused.value.data["name"] == name
    assert not Program.objects.get().limits_on


def test_the_till_hears_our_own_key(card):
    set_limit("card", "accruals", "count", hard=0)
    body = {"PurchaseId": "x", "Number": card.number, "Date": clock.now().isoformat(), "Store": "0001", "Amount": "10"}
    answer = Desk.with_role("till").post("purchase/add", body)
    assert (answer.http, answer.key) == (200, "LimitExceeded")
    assert answer.value == "The card's limit of accruals a day is reached: count 0."
    assert not Purchase.objects.filter(purchase_id="x").exists()
    assert not Operation.objects.filter(cause="purchase:x").exists()


def test_old_counters_are_deleted(card, story_clock, monkeypatch):
    monkeypatch.setattr(limits, "DELETED_AT_ONCE", 1)
    set_limit("card", "accruals", "count", hard=9)
    set_limit("till", "accruals", "count", hard=9)
    buy(card, "a")
    assert limits.delete_old_uses() == 0
    story_clock.forward(days=40)
    buy(card, "b")
    assert limits.delete_old_uses() == 2
    assert LimitUse.objects.count() == 2
