"""A sale has a receipt and a purchase at the till: points are given for one of them, whichever comes first."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards.models import Card
from loyalty.core import clock
from loyalty.ledger.models import Operation
from loyalty.models import JournalEntry, Program, Purchase
from loyalty.services import fiscal_receipts, purchases, refunds
from promos.models import CustomerGrant, Promotion
from tests.conftest import MovingClock
from tests.factories import CardFactory
from tests.receipts.scanning import (
    SALES,
    TILL,
    WORKER,
    add,
    campaign,
    decided,
    drive_at,
    outcome,
    points,
    qr,
    receipt,
    scan,
    sell,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]
CREDITED, KNOWN = ("credited", "", Decimal(100)), ("rejected", "already_credited", Decimal(0))


@pytest.fixture
def card() -> Card:
    campaign()
    made: Card = CardFactory()
    return made


# The till was first


def test_a_purchase_credited_at_the_till_is_recognised(card: Card) -> None:
    sale = sell(card)
    add(sale)
    found = decided(card)
    assert (outcome(found), found.purchase_id) == (KNOWN, sale.purchase_id)
    assert points(card) == (0, 1000, 0, 1000)


@pytest.mark.parametrize(("seconds", "known"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_the_times_may_lie_five_minutes_apart(card: Card, seconds: int, known: bool) -> None:
    bought = clock.now() - timedelta(hours=1)
    add(sell(card, at=bought + timedelta(seconds=seconds)))
    assert outcome(decided(card, at=bought)) == (KNOWN if known else CREDITED)


@pytest.mark.parametrize(("amount", "known"), [("999.99", False), ("1000.00", True), ("1000.01", False)])
def test_the_sum_is_the_same_to_the_kopeck(card: Card, amount: str, known: bool) -> None:
    add(sell(card, amount))
    assert outcome(decided(card)) == (KNOWN if known else CREDITED)


@pytest.mark.parametrize(("amount", "known"), [("1000.00", True), ("600.00", True), ("400.00", False)])
def test_a_till_may_print_the_sum_before_or_after_bonuses_paid(
    card: Card, story_clock: MovingClock, amount: str, known: bool
) -> None:
    add(sell(card))
    story_clock.forward(days=31)
    add(sell(card, bonuses_to_pay=Decimal("400.00")))
    assert decided(card, amount).status == ("rejected" if known else "credited")


def test_another_store_sells_for_the_same_sum(card: Card) -> None:
    add(sell(card, store="0002"))
    drive_at("0001")
    assert outcome(decided(card)) == CREDITED


def test_while_the_drive_is_unknown_any_store_counts(card: Card) -> None:
    add(sell(card, store="0002"))
    assert outcome(decided(card)) == KNOWN


def test_a_receipt_of_somebody_elses_purchase_gives_nothing(card: Card) -> None:
    other = CardFactory()
    sale = sell(other)
    add(sale)
    found = decided(card)
    assert (outcome(found), found.purchase_id) == (KNOWN, sale.purchase_id)
    assert points(card) == (0, 0, 0, 0)


def test_ones_own_purchase_comes_before_that_of_another(card: Card) -> None:
    add(sell(CardFactory()))
    own = sell(card, at=clock.now() - timedelta(minutes=4))
    add(own)
    assert decided(card).purchase_id == own.purchase_id


def test_a_cancelled_purchase_is_recognised_as_well(card: Card) -> None:
    sale = sell(card)
    add(sale)
    refunds.cancel(TILL, sale.purchase_id)
    assert outcome(decided(card)) == KNOWN
    assert points(card) == (0, 0, 0, 0)


def test_in_the_hour_that_comes_twice_both_readings_are_looked_at(card: Card, story_clock: MovingClock) -> None:
    Program.objects.update(zone="Europe/Berlin")
    second = datetime.fromisoformat("2026-10-25T01:30:00+00:00")
    story_clock.set(second + timedelta(minutes=1))
    Promotion.objects.get().live_periods.update(began_at=second - timedelta(days=1))
    add(sell(card, at=second))
    found = decided(card, code=qr("1000.00", t="20261025T0230"))
    assert outcome(found) == KNOWN
    assert found.purchased_at == second - timedelta(hours=1)


# The receipt was first


def test_what_the_till_uploads_later_takes_the_receipts_award_back(card: Card) -> None:
    bought = clock.now()
    first = decided(card, at=bought)
    assert points(card) == (0, 100, 0, 0)
    sale = sell(card, at=bought, offline=True)
    assert add(sale).accrued == 1000
    assert points(card) == (0, 1000, 0, 1000)
    found = receipt(first.pk)
    assert outcome(found) == ("reversed", "credited_at_till", 100)
    assert (found.purchase_id, found.taken_back) == (sale.purchase_id, 100)
    entry = JournalEntry.objects.get(action="receipt.reverse")
    assert entry.details == {"purchase": sale.purchase_id, "points": "100.00", "taken_back": "100.00"}
    assert entry.contact_id == card.contact_id
    # The till is not sure that it was heard.
    assert add(sale).accrued == 1000
    assert points(card) == (0, 1000, 0, 1000)


def test_counts_and_budget_are_free_again(card: Card) -> None:
    made = campaign(
        kind="fixed", value=Decimal(30), qualifies=True, escrow_days=3, customer_count=1, total_count=1,
        customer_cap=Decimal(30), budget=Decimal(30),
    )  # fmt: skip
    assert decided(card).points == 130
    add(sell(card))
    made = Promotion.objects.get(pk=made.pk)
    grant = CustomerGrant.objects.get()
    assert (made.granted, made.used, grant.granted, grant.count) == (0, 0, 0, 0)
    assert points(card) == (0, 1000, 0, 1000)
    assert decided(CardFactory(), at=clock.now() - timedelta(hours=1)).points == 130


def test_a_second_purchase_of_the_same_sum_takes_nothing_more(card: Card) -> None:
    first = decided(card)
    add(sell(card))
    add(sell(card))
    assert points(card) == (0, 2000, 0, 2000)
    assert receipt(first.pk).status == "reversed"
    assert Operation.objects.filter(kind="return").count() == 1


def test_of_several_receipts_one_is_the_sale_the_nearest(card: Card) -> None:
    far, near = (decided(card, at=clock.now() - timedelta(minutes=minutes)) for minutes in (4, 1))
    add(sell(card))
    assert [receipt(each.pk).status for each in (far, near)] == ["credited", "reversed"]


@pytest.mark.parametrize(("drive", "store", "amount", "minutes", "taken"), SALES)
def test_the_same_store_sum_and_time(
    card: Card, drive: str, store: str, amount: str, minutes: int, taken: bool
) -> None:
    if drive:
        drive_at(drive)
    first = decided(card)
    add(sell(card, amount, store=store, at=clock.now() - timedelta(minutes=minutes)))
    assert receipt(first.pk).status == ("reversed" if taken else "credited")


@pytest.mark.parametrize(("policy", "taken", "left", "granted"), [
    ("allow_negative", 100, -60, 0), ("within_balance", 40, 0, 100), ("only_pending", 40, 0, 100),
])  # fmt: skip
def test_of_points_spent_meanwhile_as_much_is_taken_as_debts_allow(
    policy: str, taken: int, left: int, granted: int, story_clock: MovingClock
) -> None:
    Program.objects.update(return_policy=policy, earn_rate=0)
    made, card = campaign(budget=Decimal(1000)), CardFactory()
    first = decided(card)
    story_clock.forward(days=31)
    add(sell(card, "120.00", bonuses_to_pay=Decimal("60.00")))
    add(sell(card, at=first.purchased_at, offline=True))
    found = receipt(first.pk)
    assert (found.status, found.points, found.taken_back) == ("reversed", 100, taken)
    assert points(card) == (left, 0, 0, 0)
    assert Promotion.objects.get(pk=made.pk).granted == granted


def test_a_purchase_that_meets_no_receipt_costs_no_statement_more(card: Card, story_clock: MovingClock) -> None:
    def statements(number: int) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            add(sell(card, purchase_id=f"S-{number}"))
        return [each["sql"] for each in captured.captured_queries if "SAVEPOINT" not in each["sql"]]

    add(sell(card, "1.00"))
    before = statements(1)
    story_clock.forward(minutes=6)
    decided(card, "2000.00")
    decided(card, "1000.00", at=clock.now() - timedelta(hours=3))
    assert len(statements(2)) == len(before) <= 8
    story_clock.forward(minutes=6)
    decided(card)
    assert len(before) < len(statements(3)) <= len(before) + 18


def test_a_quote_changes_nothing(card: Card) -> None:
    first = decided(card)
    assert purchases.quote_purchase(sell(card)).accrue == 1000
    assert receipt(first.pk).status == "credited"


def test_a_receipt_that_waits_sees_the_purchase_that_came_meanwhile(card: Card) -> None:
    sent = scan(card)
    add(sell(card))
    fiscal_receipts.decide_waiting(WORKER)
    assert outcome(receipt(sent.pk)) == KNOWN
    assert Purchase.objects.count() == 1
