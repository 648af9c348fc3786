"""Call 5, GET /v1/card/{cardNumber}/purchases: one element a line of a receipt."""

from datetime import datetime
from decimal import Decimal

import pytest

from loyalty.core import actors
from loyalty.models import Purchase, Store
from loyalty.selectors import wallet as reads
from loyalty.services import refunds
from loyalty.services.refunds import RefundRequest
from loyalty.services.returned_goods import Goods
from promos.basket import Line
from tests.api.koshelek.conftest import Wallet, buy
from tests.conftest import MOSCOW, MovingClock
from tests.factories import CardFactory, ContactFactory

COFFEE = Line(Decimal("60.00"), sku="460", name="Coffee", quantity=Decimal("0.500"), price=Decimal("120.00"))
BAG = Line(Decimal("40.10"), sku="461", quantity=Decimal(2), price=Decimal("20.05"))


def test_each_line_of_a_receipt_is_one_element_of_texts(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    buy(anna, "100.10", lines=(COFFEE, BAG))
    assert wallet.purchases(anna, startDate="2026-03-01").body == [
        {
            "date": "2026-03-02",
            "item": "Coffee",
            "amount": "6000",
            "quantity": "0.5",
            "location": "Store 0001",
            "bonuses": "60.00",
        },
        {
            "date": "2026-03-02",
            "item": "461",
            "amount": "4010",
            "quantity": "2",
            "location": "Store 0001",
            "bonuses": "40.10",
        },
    ]


def test_a_purchase_without_lines_is_one_element_without_an_item(
    wallet: Wallet, anna: str, story_clock: MovingClock
) -> None:
    Store.objects.update(name="")
    buy(anna, "1234.56")
    assert wallet.purchases(anna, startDate="2026-03-02").body == [
        {"date": "2026-03-02", "amount": "123456", "quantity": "1", "location": "0001", "bonuses": "1234.56"}
    ]


def test_the_amount_is_what_it_was_before_bonuses_paid(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    buy(anna, "100.00")
    story_clock.forward(days=30)
    buy(anna, "100.00", bonuses_to_pay=Decimal("50.00"))
    newest = wallet.purchases(anna, startDate="2026-04-01").body[0]
    assert (newest["amount"], newest["bonuses"]) == ("10000", "50.00")


@pytest.mark.parametrize("quantity", ["1", "100", "0.001", "12345678901.5"])
def test_a_quantity_is_written_plainly(wallet: Wallet, anna: str, story_clock: MovingClock, quantity: str) -> None:
    buy(anna, "10.00", lines=(Line(Decimal("10.00"), quantity=Decimal(quantity)),))
    assert wallet.purchases(anna, startDate="2026-03-02").body[0]["quantity"] == quantity


def test_both_days_are_included_in_the_retailers_zone(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    for moment in (
        datetime(2026, 2, 9, 23, 59, 59, 999999, tzinfo=MOSCOW),
        datetime(2026, 2, 10, 0, 0, tzinfo=MOSCOW),
        datetime(2026, 2, 11, 23, 59, 59, 999999, tzinfo=MOSCOW),
        datetime(2026, 2, 12, 0, 0, tzinfo=MOSCOW),
    ):
        buy(anna, at=moment)
    days = [line["date"] for line in wallet.purchases(anna, startDate="2026-02-10", endDate="2026-02-11").body]
    assert days == ["2026-02-11", "2026-02-10"]
    assert len(wallet.purchases(anna, startDate="2026-02-09", endDate="2026-02-12").body) == 4


def test_without_an_end_the_history_reaches_to_today_newest_first(
    wallet: Wallet, anna: str, story_clock: MovingClock
) -> None:
    for _ in range(3):
        buy(anna)
        story_clock.forward(days=1)
    buy(anna)
    days = [line["date"] for line in wallet.purchases(anna, startDate="2026-03-03").body]
    assert days == ["2026-03-05", "2026-03-04", "2026-03-03"]


def test_nothing_bought_is_an_empty_list(wallet: Wallet, anna: str) -> None:
    reply = wallet.purchases(anna, startDate="2026-01-01")
    assert (reply.status, reply.text) == (200, "[]")
    assert wallet.purchases(anna, startDate="2999-01-01").text == "[]"


@pytest.mark.parametrize(
    ("period", "code", "name"),
    [
        ({}, "2001", "startDate"),
        ({"endDate": "2026-01-01"}, "2001", "startDate"),
        ({"startDate": ""}, "2001", "startDate"),
        ({"startDate": "2026-02-30"}, "2002", "startDate"),
        ({"startDate": "01.02.2026"}, "2002", "startDate"),
        ({"startDate": "2026-01-01T00:00:00"}, "2002", "startDate"),
        ({"startDate": "0000-01-01"}, "2002", "startDate"),
        ({"startDate": "٢٠٢٦-٠١-٠١"}, "2002", "startDate"),
        ({"startDate": "2026-01-01", "endDate": "tomorrow"}, "2002", "endDate"),
        ({"startDate": "2026-01-02", "endDate": "2026-01-01"}, "2002", "endDate"),
        ({"startDate": ["2026-01-01", "2026-01-02"]}, "2002", "startDate"),
    ],
)
def test_a_bad_period_is_named(wallet: Wallet, anna: str, period, code: str, name: str) -> None:
    reply = wallet.get(f"/v1/card/{anna}/purchases", period)
    assert (reply.status, reply.code) == (422, code)
    assert reply.said.startswith(f"{name}: ")


@pytest.mark.parametrize("zone", ["Europe/Moscow", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_widest_period_is_no_trouble(wallet: Wallet, anna: str, zone: str) -> None:
    from loyalty.models import Program

    Program.objects.update(zone=zone)
    buy(anna)
    assert len(wallet.purchases(anna, startDate="0001-01-01", endDate="9999-12-31").body) == 1


def test_nobody_sees_anothers_purchases_and_a_replaced_cards_stay(wallet: Wallet, story_clock: MovingClock) -> None:
    contact = ContactFactory()
    old = CardFactory(contact=contact)
    buy(old.number, "10.00")
    type(old).objects.filter(pk=old.pk).update(status=3, blocked_for_good=True)
    new, stranger = CardFactory(contact=contact), CardFactory()
    buy(stranger.number, "20.00")
    assert [line["amount"] for line in wallet.purchases(new.number, startDate="2026-03-01").body] == ["1000"]


def test_a_cancelled_purchase_is_not_shown(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    buy(anna)
    Purchase.objects.update(status="cancelled")
    assert wallet.purchases(anna, startDate="2026-03-01").text == "[]"


def come_back(purchase_id: str, refund_id: str, amount: str | None = None, *goods: Goods) -> None:
    request = RefundRequest(purchase_id, refund_id, goods, Decimal(amount) if amount else None)
    refunds.refund(actors.client("till", "till", "cash_desk"), request)


def test_what_came_back_is_a_line_with_a_negative_quantity_on_the_day_of_the_return(
    wallet: Wallet, anna: str, story_clock: MovingClock
) -> None:
    buy(anna, "100.10", lines=(COFFEE, BAG))
    story_clock.forward(days=3)
    come_back(Purchase.objects.get().purchase_id, "F-1", None, Goods("461", Decimal(1), None))
    whole = wallet.purchases(anna, startDate="2026-03-01").body
    assert [line["quantity"] for line in whole] == ["-1", "0.5", "2"]
    assert wallet.purchases(anna, startDate="2026-03-05").body == [
        {
            "date": "2026-03-05",
            "item": "461",
            "amount": "-2005",
            "quantity": "-1",
            "location": "Store 0001",
            "bonuses": "-20.05",
        }
    ]
    assert sum(Decimal(line["bonuses"]) for line in whole) == Decimal(wallet.bonus(anna)["total"]) == Decimal("80.05")


def test_money_that_came_back_is_a_part_of_each_line(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    buy(anna, "100.10", lines=(COFFEE, BAG))
    story_clock.forward(days=1)
    come_back(Purchase.objects.get().purchase_id, "F-1", "50.05")
    story_clock.forward(days=1)
    come_back(Purchase.objects.get().purchase_id, "F-2", "50.05")
    returned = wallet.purchases(anna, startDate="2026-03-03").body
    assert [(line["amount"], line["quantity"]) for line in returned[:2]] == [("-3000", "-0.25"), ("-2005", "-1")]
    assert sum(Decimal(line["amount"]) for line in wallet.purchases(anna, startDate="2026-03-01").body) == 0
    assert sum(Decimal(line["bonuses"]) for line in wallet.purchases(anna, startDate="2026-03-01").body) == 0


def test_what_came_back_of_a_cancelled_purchase_is_not_shown_either(
    wallet: Wallet, anna: str, story_clock: MovingClock
) -> None:
    buy(anna, "100.10", lines=(COFFEE, BAG))
    name = Purchase.objects.get().purchase_id
    come_back(name, "F-1", None, Goods("461", Decimal(1), None))
    refunds.cancel(actors.client("till", "till", "cash_desk"), name)
    assert wallet.purchases(anna, startDate="2026-03-01").text == "[]"


def test_the_newest_lines_are_kept_when_there_are_too_many(
    wallet: Wallet, anna: str, story_clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "HISTORY_LINES", 2)
    for amount in ("1.00", "2.00", "3.00"):
        buy(anna, amount)
        story_clock.forward(minutes=1)
    assert [line["amount"] for line in wallet.purchases(anna, startDate="2026-03-01").body] == ["300", "200"]


def test_a_history_takes_six_statements_whatever_its_length(
    wallet: Wallet, anna: str, story_clock: MovingClock, django_assert_max_num_queries
) -> None:
    for _ in range(5):
        buy(anna, "100.10", lines=(COFFEE, BAG))
    for number, bought in enumerate(Purchase.objects.all()):
        come_back(bought.purchase_id, f"F-{number}", "10.00")
    with django_assert_max_num_queries(6):  # credential, card, zone, lines, returns, scanned receipts
        assert len(wallet.purchases(anna, startDate="2026-03-01").body) == 20
