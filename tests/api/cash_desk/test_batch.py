"""specs/cash_desk.md, POST /purchase/batch: a till that was offline sends its day, in any order, more than once."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty.models import Purchase
from loyalty.services import promotions
from tests.api.cash_desk.desk import rows
from tests.factories import CardFactory, StandingFactory, tier_named
from tests.promos.marketing import MARKETER, live
from tiers.models import Tier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("laws_hold")]


def batch(till, *purchases):
    return till.post("purchase/batch", {"Purchases": list(purchases)})


def results(answer):
    return [(each["PurchaseId"], each["Key"], each["Accrued"]) for each in answer["Results"]]


def test_a_day_in_any_order_with_duplicates_counts_under_the_terms_of_that_day(till, receipt, story_clock):
    """That day Silver doubled the points and a promotion gave 10 %: 100.00 earned 210. The day after: 100."""
    Tier.objects.filter(name="Silver").update(multiplier=2)
    card, day = CardFactory(enrolled=False), story_clock.moment
    StandingFactory(
        contact=card.contact, tier=tier_named("Silver"), entered_at=day - timedelta(days=9),
        left_at=day + timedelta(hours=12),
    )  # fmt: skip
    StandingFactory(contact=card.contact, entered_at=day + timedelta(hours=12))
    made = live(kind="percent", value=Decimal(10))
    story_clock.forward(hours=12)
    promotions.end(MARKETER, made.pk, "the day is over")
    story_clock.forward(days=2)
    sold = [
        receipt(card.number, "R-1", at=day + timedelta(hours=1), Offline=True),
        receipt(card.number, "R-2", at=day + timedelta(hours=2), Offline=True),
        receipt(card.number, "R-3", at=day + timedelta(hours=13), Offline=True),
    ]
    first = batch(till, sold[2], sold[0], sold[1], sold[0])
    assert results(first) == [("R-3", "OK", 100), ("R-1", "OK", 210), ("R-2", "OK", 210), ("R-1", "OK", 210)]
    counted = rows()
    assert batch(till, sold[2], sold[0], sold[1], sold[0]).content == first.content
    assert till.post("purchase/add", sold[0])["Accrued"] == 210
    assert rows() == counted
    assert till.cash(card.number)["1"] == "520.00"


def test_each_item_has_its_own_outcome_and_none_stops_the_others(till, receipt, rich_card, story_clock):
    good = receipt(rich_card.number, "good")
    wrong = {
        "R-0": ("OperationConflict", receipt(rich_card.number, "R-0")),
        "amount": ("InvalidParameter", receipt(rich_card.number, "amount", Amount=-1)),
        "nan": ("InvalidParameter", receipt(rich_card.number, "nan", Amount=1e308)),
        "date": ("InvalidParameter", receipt(rich_card.number, "date", Date="2036-01-01T00:00:00Z")),
        "store": ("RequiredParameterNotSpecified", receipt(rich_card.number, "store", Store=None)),
        "card": ("CannotFindCardNumber", receipt("2990999999998", "card")),
        "phone": ("CannotFindMobile", receipt(None, "phone", MobileNumber="+79990001122")),
        "blocked": ("StatusError", receipt(CardFactory(blocked=True).number, "blocked")),
        "much": ("InsufficientBonuses", receipt(rich_card.number, "much", BonusesToPay=51)),
        "spends": ("InvalidParameter", receipt(rich_card.number, "spends", Offline=True, BonusesToPay=1)),
    }
    answer = batch(till, *(body for _, body in wrong.values()), good)
    assert results(answer) == [(name, key, 0) for name, (key, _) in wrong.items()] + [("good", "OK", 100)]
    assert all(each["Status"] is (each["Key"] == "OK") and each["Status"] is (not each["Value"])
               for each in answer["Results"])  # fmt: skip
    assert set(Purchase.objects.values_list("purchase_id", flat=True)) == {"R-0", "good"}


def test_items_that_cannot_be_read_are_answered_in_their_place(till, receipt, story_clock):
    card = CardFactory()
    items = [
        "x", None, 5, [], {}, receipt(card.number, None), receipt(card.number, 17), receipt(card.number, "a\x00b"),
        receipt(card.number, "twice") | {"purchaseid": "twice"}, receipt(card.number, "good"),
    ]  # fmt: skip
    answer = batch(till, *items)
    assert [each["Key"] for each in answer["Results"]] == [
        *["InvalidParameter"] * 4, "RequiredParameterNotSpecified", "RequiredParameterNotSpecified",
        "InvalidParameter", "InvalidParameter", "InvalidRequest", "OK",
    ]  # fmt: skip
    assert answer["Results"][5]["Value"] == "PurchaseId"
    assert Purchase.objects.count() == 1


@pytest.mark.parametrize(
    ("purchases", "key"),
    [
        (None, "RequiredParameterNotSpecified"),
        ("", "RequiredParameterNotSpecified"),
        ({}, "InvalidParameter"),
        ("[]", "InvalidParameter"),
        (5, "InvalidParameter"),
        ([{}] * 501, "InvalidParameter"),
    ],
)
def test_what_is_no_list_of_at_most_500_is_refused_whole(till, purchases, key):
    counted = rows()
    answer = till.post("purchase/batch", {"Purchases": purchases})
    assert (answer.http, answer.key, answer.value.split(":")[0]) == (200, key, "Purchases")
    assert rows() == counted


def test_an_empty_batch_is_answered_empty(till):
    assert till.post("purchase/batch", {"Purchases": []})["Results"] == []


def test_500_purchases_with_lines_fit_though_other_bodies_are_smaller(till, receipt, settings, story_clock):
    card = CardFactory()
    lines = [{"Sku": f"{index:013}", "Name": "Ж" * 40, "Category": "Groceries", "Quantity": "1.000", "Price": "2.00",
              "Amount": "2.00"} for index in range(30)]  # fmt: skip
    body = {"Purchases": [receipt(card.number, None, Amount="60.00", Lines=lines)] * 500}
    content = json.dumps(body, ensure_ascii=False).encode()
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE < len(content) < settings.BATCH_MAX_MEMORY_SIZE
    answer = till.call("POST", "purchase/batch", content)
    assert {each["Key"] for each in answer["Results"]} == {"RequiredParameterNotSpecified"}
    assert len(answer["Results"]) == 500
