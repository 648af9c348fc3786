"""specs/cash_desk.md, POST /purchase/quote: what `add` will answer, and nothing written."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.api.cash_desk.desk import rows
from tests.factories import CardFactory
from tests.promos.marketing import live

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("laws_hold")]

BASKET = [
    {"Sku": "1", "Category": "Coffee", "Quantity": 2, "Price": 30, "Amount": "59.99"},
    {"Sku": "2", "Category": "Tea", "Amount": "40.01"},
]


def quote(till, body, **fields):
    asked = {name: value for name, value in body.items() if name != "PurchaseId"}
    return till.post("purchase/quote", asked | fields)


@pytest.mark.parametrize("bonuses", [0, "33.33", 50])
def test_a_quote_and_the_add_that_follows_give_the_same_number(till, receipt, rich_card, story_clock, bonuses):
    live(name="Coffee week", kind="percent", value=Decimal(10), categories=["coffee"])
    live(name="Big basket", kind="fixed", value=Decimal(7), minimum_basket=Decimal(100), budget=Decimal(5))
    live(name="Double tea", kind="multiplier", value=Decimal(2), categories=["tea"], customer_cap=Decimal("12.50"))
    live(name="Elsewhere", kind="fixed", value=Decimal(9), minimum_basket=Decimal(1000))
    body = receipt(rich_card.number, Lines=BASKET, BonusesToPay=bonuses)
    counted = rows()
    asked = quote(till, body)
    assert asked["CanPay"] == 50
    assert [each["Name"] for each in asked["Promotions"]] == ["Coffee week", "Big basket", "Double tea"]
    assert rows() == counted
    assert till.post("purchase/add", body)["Accrued"] == asked["Accrue"]


def test_the_figures_by_hand(till, receipt, rich_card, story_clock):
    """100.00 without bonuses: 100 by the base rule, 10 % of 59.99 for coffee."""
    made = live(name="Coffee week", kind="percent", value=Decimal(10), categories=["coffee"])
    answer = quote(till, receipt(rich_card.number, Amount=..., Lines=BASKET))
    assert answer.content == (
        b'{"Status":true,"Key":"OK","Value":"","Accrue":105.99,"CanPay":50.00,'
        b'"Promotions":[{"PromotionId":%d,"Name":"Coffee week","Points":5.99}]}' % made.pk
    )


def test_can_pay_is_the_share_of_the_basket_or_what_there_is(till, receipt, rich_card, story_clock):
    assert quote(till, receipt(rich_card.number, Amount=30))["CanPay"] == 15
    assert quote(till, receipt(rich_card.number, Amount=1000))["CanPay"] == 100
    late = story_clock.moment - timedelta(hours=25)
    assert quote(till, receipt(rich_card.number, at=late))["CanPay"] == 0
    assert quote(till, receipt(CardFactory(issued_bound=True).number))["CanPay"] == 0


def test_an_unknown_store_is_refused_as_add_refuses_it(till, receipt, rich_card, settings_of_retailer):
    settings_of_retailer(unknown_stores=False)
    answer = quote(till, receipt(rich_card.number, Store="0078"))
    assert (answer.key, answer.value.split(":")[0]) == ("InvalidParameter", "Store")


REQUIRED, INVALID = "RequiredParameterNotSpecified", "InvalidParameter"


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ({"Number": None, "Date": "", "Store": None, "Amount": None}, REQUIRED, "Number, Date, Store, Lines"),
        ({"Amount": None, "Lines": []}, REQUIRED, "Lines"),
        ({"Lines": [{"Sku": "1"}]}, REQUIRED, "Lines[0].Amount"),
        ({"Lines": [{"Amount": "99.99"}]}, INVALID, "Amount: "),
        ({"Lines": {}}, INVALID, "Lines: "),
        ({"Lines": [[]]}, INVALID, "Lines: "),
        ({"Amount": None, "Lines": [{"Amount": "9999999999.99"}] * 2}, INVALID, "Lines: "),
        *(({"Amount": each}, INVALID, "Amount: ") for each in (-1, 0.001, 1e308, "NaN", True, {})),
        *(({"Date": each}, INVALID, "Date: ") for each in ("now", "2026-02-30T12:00:00", "2036-01-01T00:00:00Z", 5)),
        ({"Store": "\x1b"}, INVALID, "Store: "),
        ({"BonusesToPay": -1}, INVALID, "BonusesToPay: "),
        ({"BonusesToPay": "50.01"}, "InsufficientBonuses", ""),
        ({"Amount": 1000, "BonusesToPay": "100.01"}, "InsufficientBonuses", ""),
        ({"Number": "rubbish"}, INVALID, "Number: "),
        ({"Number": "2990999999998"}, "CannotFindCardNumber", ""),
        ({"Number": None, "MobileNumber": "+79990001122"}, "CannotFindMobile", ""),
    ],
)  # fmt: skip
def test_a_wrong_basket_is_named(till, receipt, rich_card, fields, key, value):
    counted = rows()
    answer = quote(till, receipt(rich_card.number), **fields)
    assert (answer.http, answer.key) == (200, key)
    assert answer.value == value if key == REQUIRED else answer.value.startswith(value)
    assert rows() == counted


@pytest.mark.parametrize(
    ("traits", "bonuses", "key"),
    [({"new": True}, 0, "StatusError"), ({"issued": True}, 0, "StatusError"), ({"blocked": True}, 0, "StatusError"),
     ({"issued_bound": True}, 1, "StatusError"), ({"issued_bound": True}, 0, "OK"), ({}, 1, "InsufficientBonuses")],
)  # fmt: skip
def test_the_state_of_the_card_decides(till, receipt, traits, bonuses, key):
    assert quote(till, receipt(CardFactory(**traits).number, BonusesToPay=bonuses)).key == key
