"""specs/cash_desk.md: what a till may send wrong. The envelope names it, nothing is written, nothing breaks."""

import pytest

from tests.api.cash_desk.desk import rows
from tests.factories import CardFactory

pytestmark = pytest.mark.django_db

LINE = {"Sku": "1", "Amount": "100.00"}


def missing(names):
    return "RequiredParameterNotSpecified", names


def wrong(name):
    return "InvalidParameter", name


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"PurchaseId": None}, missing("PurchaseId")),
        ({"PurchaseId": "  "}, missing("PurchaseId")),
        ({"Number": ""}, missing("Number")),
        ({"Date": None, "Store": "", "Amount": None}, missing("Date, Store, Amount")),
        ({"Lines": [LINE, {"Sku": "2"}, {"Amount": None}]}, missing("Lines[1].Amount, Lines[2].Amount")),
        ({"Amount": None, "Lines": [{}]}, missing("Amount, Lines[0].Amount")),
        ({"PurchaseId": 17}, wrong("PurchaseId")),
        ({"PurchaseId": ["R"]}, wrong("PurchaseId")),
        ({"PurchaseId": "x" * 81}, wrong("PurchaseId")),
        ({"PurchaseId": "a\x00b"}, wrong("PurchaseId")),
        ({"PurchaseId": "a\nb"}, wrong("PurchaseId")),
        ({"PurchaseId": "\ud800"}, wrong("PurchaseId")),
        ({"Number": "rubbish"}, wrong("Number")),
        ({"Number": "2990000000001"}, wrong("Number")),
        ({"Number": {"a": 1}}, wrong("Number")),
        ({"Number": "1\x00"}, wrong("Number")),
        ({"Number": None, "MobileNumber": "rubbish"}, wrong("MobileNumber")),
        ({"Number": None, "MobileNumber": []}, wrong("MobileNumber")),
        ({"Number": "2990999999998"}, ("CannotFindCardNumber", "")),
        ({"Number": None, "MobileNumber": "+79990001122"}, ("CannotFindMobile", "")),
        *(
            ({"Date": date}, wrong("Date"))
            for date in (
                "yesterday", "02.03.2026 12:00", "2026-03-02", "2026-13-02T12:00:00", "2026-02-30T12:00:00",
                "2026-03-02T25:00:00", "2026-03-02T12:60", "2026-03-02T12:00:00+99:00", "0001-01-01T00:00:00+03:00",
                "9999-12-31T23:59:59-03:00", "0000-01-01T00:00:00", "2026-W10-1T12:00", "20260302T120000",
                "2026-03-02T12:00:00 Europe/Moscow", "２026-03-02T12:00:00", "2026-03-02T12:00:00\x00", 1772442000,
                1.5, True, {}, [], "9" * 41,
            )
        ),
        *(
            ({"Amount": amount}, wrong("Amount"))
            for amount in (
                -1, "-0.01", "1.001", 1.001, "abc", "1e5", "NaN", "Infinity", 1e308, "1e308", 10**10, "10000000000",
                10**400, 1e-9, True, [], {}, ["1"], "1,00", "1.", ".5", "٣", "0x10", "1_0", "1 0",
            )
        ),
        ({"BonusesToPay": -1}, wrong("BonusesToPay")),
        ({"BonusesToPay": "0.001"}, wrong("BonusesToPay")),
        ({"BonusesToPay": "all"}, wrong("BonusesToPay")),
        ({"BonusesToPay": False}, wrong("BonusesToPay")),
        ({"Offline": "true"}, wrong("Offline")),
        ({"Offline": 1}, wrong("Offline")),
        ({"Store": 1}, wrong("Store")),
        ({"Store": "s" * 41}, wrong("Store")),
        ({"Store": "\x7f"}, wrong("Store")),
        ({"Till": {}}, wrong("Till")),
        ({"Till": "t" * 41}, wrong("Till")),
        ({"Cashier": "c" * 81}, wrong("Cashier")),
        ({"Lines": {}}, wrong("Lines")),
        ({"Lines": "[]"}, wrong("Lines")),
        ({"Lines": [LINE, "x"]}, wrong("Lines")),
        ({"Lines": [None]}, wrong("Lines")),
        ({"Lines": [{"Amount": "0.01"}] * 1001, "Amount": "10.01"}, wrong("Lines")),
        ({"Lines": [{"Amount": "99.99"}]}, wrong("Amount")),
        ({"Lines": [{"Amount": "-1.00"}, {"Amount": "101.00"}]}, wrong("Lines[0].Amount")),
        ({"Lines": [LINE | {"Quantity": 0}]}, wrong("Lines[0].Quantity")),
        ({"Lines": [LINE | {"Quantity": -1}]}, wrong("Lines[0].Quantity")),
        ({"Lines": [LINE | {"Quantity": "0.0001"}]}, wrong("Lines[0].Quantity")),
        ({"Lines": [LINE | {"Quantity": 1e300}]}, wrong("Lines[0].Quantity")),
        ({"Lines": [LINE | {"Price": "free"}]}, wrong("Lines[0].Price")),
        ({"Lines": [LINE | {"Sku": 4600001}]}, wrong("Lines[0].Sku")),
        ({"Lines": [LINE | {"Name": "n" * 201}]}, wrong("Lines[0].Name")),
        ({"Lines": [LINE | {"Category": "\x1b"}]}, wrong("Lines[0].Category")),
    ],
    ids=lambda value: repr(value)[:70] if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_wrong_purchase_is_named_and_nothing_is_written(till, receipt, story_clock, fields, expected):
    body = receipt(CardFactory().number) | fields
    counted = rows()
    answer = till.post("purchase/add", body)
    key, name = expected
    assert (answer.http, answer.key) == (200, key)
    assert answer.value == name if key.startswith("Required") else answer.value.startswith(f"{name}: " if name else "")
    assert list(answer.body) == ["Status", "Key", "Value"]
    assert rows() == counted


def test_what_is_odd_but_right_is_recorded(till, receipt, story_clock):
    odd = {
        "purchaseid": "магазин/7 №1?&#%",
        "STORE": "Москва, Тверская",
        "till": "🧾",
        "cashier": None,
        "Lines": [
            {"sku": "1", "NAME": "Кофе «Zero»", "quantity": "0.125", "price": 0, "amount": 99.99, "Discount": 5},
            {"amount": "0.01"},
        ],
        "Bonusestopay": "0",
        "Unknown": {"a": [1]},
    }
    body = receipt(CardFactory().number, purchase_id=..., Store=...) | odd
    assert till.post("purchase/add", body).key == "OK"


def test_a_thousand_lines_are_one_purchase(till, receipt, story_clock):
    body = receipt(CardFactory().number, Amount="10.00", Lines=[{"Sku": "1", "Amount": "0.01"}] * 1000)
    assert till.post("purchase/add", body).key == "OK"


def test_an_empty_list_of_lines_is_none(till, receipt, story_clock):
    assert till.post("purchase/add", receipt(CardFactory().number, Lines=[])).key == "OK"
