"""specs/cash_desk.md, GET /purchase/{PurchaseId}: the purchase as stored, its accruals and redemptions."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest

from tests.factories import CardFactory

pytestmark = pytest.mark.django_db


def show(desk, purchase_id):
    return desk.get(f"purchase/{quote(purchase_id, safe='')}")


def test_a_purchase_is_shown_as_it_was_sent_with_what_it_earned(till, receipt, story_clock):
    card = CardFactory()
    lines = [
        {"Sku": "1", "Name": "Coffee", "Category": "Drinks", "Quantity": 1.5, "Price": "40.00", "Amount": "60.00"},
        {"Sku": "2", "Amount": "40.00"},
    ]
    till.post("purchase/add", receipt(card.number, Till="3", Cashier="Vera", Lines=lines))
    story_clock.forward(hours=1)
    answer = show(till, "R-1").body
    accrual = {"Amount": 100, "InEscrow": True, "MaturesAt": "2026-04-01T12:00:00+03:00"}
    assert answer == {
        "Status": True,
        "Key": "OK",
        "Value": "",
        "PurchaseId": "R-1",
        "PurchaseStatus": "Completed",
        "Number": card.number,
        "MobileNumber": card.contact.phone,
        "Date": "2026-03-02T12:00:00+03:00",
        "RecordedAt": "2026-03-02T12:00:00+03:00",
        "Store": "0001",
        "Till": "3",
        "Cashier": "Vera",
        "Offline": False,
        "Amount": 100,
        "Accrued": 100,
        "Paid": 0,
        "Lines": [
            lines[0] | {"Price": 40, "Amount": 60, "Paid": 0, "Accrued": 60},
            {"Sku": "2", "Name": "", "Category": "", "Quantity": 1, "Price": 0, "Amount": 40, "Paid": 0, "Accrued": 40},
        ],
        "Accruals": [
            accrual | {"TypeCode": "0", "TypeName": "cash", "ExpireDate": "2027-04-30"},
            accrual | {"TypeCode": "1", "TypeName": "status"},
        ],
        "Redemptions": [],
        "Returns": [],
    }


def test_points_leave_escrow_at_the_instant_they_mature(till, receipt, story_clock):
    till.post("purchase/add", receipt(CardFactory().number))
    story_clock.forward(days=30)
    assert [each["InEscrow"] for each in show(till, "R-1")["Accruals"]] == [False, False]


def test_bonuses_that_paid_are_shown_by_the_date_they_would_have_expired(till, receipt, story_clock):
    card = CardFactory()
    for purchase_id, days in (("R-1", 80), ("R-2", 40)):
        till.post("purchase/add", receipt(card.number, purchase_id, at=story_clock.moment - timedelta(days=days)))
    till.post("purchase/add", receipt(card.number, "R-3", Amount=300, BonusesToPay=150))
    answer = show(till, "R-3").body
    assert answer["Redemptions"] == [
        {"Amount": 100, "ExpireDate": "2027-01-31"},
        {"Amount": 50, "ExpireDate": "2027-02-28"},
    ]
    assert (answer["Paid"], answer["Lines"][0]["Paid"], answer["Accrued"]) == (150, 150, Decimal(150))


def test_points_that_never_expire_have_no_date(till, receipt, settings_of_retailer, story_clock):
    settings_of_retailer(points_expiry="never")
    till.post("purchase/add", receipt(CardFactory().number))
    assert all("ExpireDate" not in each for each in show(till, "R-1")["Accruals"])


@pytest.mark.parametrize("purchase_id", ["shop/7/R-1", "№ 1?&#%+", "R-1/", "quotes", "a" * 80, "..%2F", "//", "R 1"])
def test_an_id_may_be_any_text(till, receipt, purchase_id):
    till.post("purchase/add", receipt(CardFactory().number, purchase_id))
    assert show(till, purchase_id)["PurchaseId"] == purchase_id


@pytest.mark.parametrize("purchase_id", ["nothing", "quotes", "\x00", "a\x00b", "x" * 500, "\u202e", "ADD/1"])
def test_an_id_that_nobody_used_cannot_be_found(till, purchase_id):
    answer = show(till, purchase_id)
    assert (answer.http, answer.key) == (200, "CannotFindPurchase")


def test_ids_are_told_apart_by_case(till, receipt):
    till.post("purchase/add", receipt(CardFactory().number, "r-1"))
    assert show(till, "R-1").key == "CannotFindPurchase"


def test_a_purchase_is_read_in_five_statements_however_long_it_is(
    till, receipt, story_clock, warm_credential, django_assert_max_num_queries
):
    card = CardFactory()
    till.post("purchase/add", receipt(card.number, "R-0", at=story_clock.moment - timedelta(days=40)))
    lines = [{"Sku": str(index), "Amount": "1.00"} for index in range(200)]
    till.post("purchase/add", receipt(card.number, "R-1", Amount=200, Lines=lines, BonusesToPay=50))
    warm_credential(till)
    with django_assert_max_num_queries(5):
        assert len(show(till, "R-1")["Lines"]) == 200
