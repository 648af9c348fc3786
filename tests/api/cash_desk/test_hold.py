"""specs/cash_desk.md, two-phase payment: hold, capture, void, and a purchase with a HoldId."""

import uuid

import pytest

from customers.models import Contact
from loyalty.ledger.models import Hold
from tests.api.cash_desk.desk import rows
from tests.api.cash_desk.test_show_purchase import show
from tests.factories import CardFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("laws_hold")]


def hold(till, card, bonuses=60, purchase_id="R-1", **fields):
    body = {"Number": card.number, "PurchaseId": purchase_id, "BonusesToPay": bonuses, "Amount": 200}
    return till.post("purchase/hold", {name: value for name, value in (body | fields).items() if value is not ...})


def capture(till, hold_id, **fields):
    return till.post("purchase/capture", {"HoldId": hold_id, **fields})


def void(till, hold_id):
    return till.post("purchase/void", {"HoldId": hold_id})


def test_a_hold_counts_at_once_and_is_free_again_by_the_clock_alone(till, receipt, rich_card, story_clock):
    answer = hold(till, rich_card)
    assert (answer["Held"], answer["Balance"], answer["ExpiresAt"]) == (60, 40, "2026-03-02T12:15:00+03:00")
    assert till.post("purchase/add", receipt(rich_card.number, "R-2", BonusesToPay=41)).key == "InsufficientBonuses"
    assert hold(till, rich_card, 41, "R-2").key == "InsufficientBonuses"
    story_clock.forward(minutes=15)
    assert capture(till, answer["HoldId"]).key == "StatusError"
    assert void(till, answer["HoldId"]).key == "StatusError"
    assert till.post("purchase/add", receipt(rich_card.number, HoldId=answer["HoldId"])).key == "StatusError"
    assert till.post("purchase/add", receipt(rich_card.number, "R-2", BonusesToPay=50)).key == "OK"
    assert Hold.objects.get().resolved_at is None


def test_a_capture_in_part_frees_the_rest(till, rich_card):
    hold_id = hold(till, rich_card)["HoldId"]
    first = capture(till, hold_id, Amount="20.00")
    assert (first["Captured"], first["Balance"]) == (20, 80)
    assert capture(till, hold_id, Amount=20).content == first.content
    assert capture(till, hold_id).key == "OperationConflict"
    assert capture(till, hold_id, Amount=21).key == "OperationConflict"
    assert void(till, hold_id).key == "StatusError"


def test_a_void_frees_all_and_a_hold_resolves_once(till, receipt, rich_card, story_clock):
    first = hold(till, rich_card)
    voided = void(till, first["HoldId"])
    assert voided["Balance"] == 100
    assert capture(till, first["HoldId"]).key == "StatusError"
    assert till.post("purchase/add", receipt(rich_card.number, HoldId=first["HoldId"])).key == "StatusError"
    story_clock.forward(days=3)
    assert void(till, first["HoldId"]).content == voided.content
    assert hold(till, rich_card).content == first.content


def test_a_repeated_hold_answers_the_first_answer_whatever_became_of_the_card(till, receipt, rich_card):
    by_phone = {"Number": ..., "MobileNumber": rich_card.contact.phone}
    first = hold(till, rich_card, **by_phone)
    rich_card.block()
    rich_card.save()
    Contact.objects.filter(pk=rich_card.contact_id).update(phone="+79990000001")
    counted = rows()
    assert hold(till, rich_card, **by_phone).content == first.content
    assert hold(till, rich_card, 59, **by_phone).key == "OperationConflict"
    assert hold(till, rich_card).key == "OperationConflict"
    assert rows() == counted


def test_a_purchase_captures_its_hold(till, receipt, rich_card):
    """200.00 of which the 60 held pay: 140 are earned."""
    hold_id = hold(till, rich_card)["HoldId"]
    body = receipt(rich_card.number, Amount=200, HoldId=hold_id.upper())
    first = till.post("purchase/add", body)
    assert (first["Accrued"], first["Paid"], first["Balance"]) == (140, 60, 40)
    assert till.post("purchase/add", body).content == first.content
    assert till.post("purchase/add", body | {"HoldId": None}).key == "OperationConflict"
    assert capture(till, hold_id).key == void(till, hold_id).key == "StatusError"
    cancelled = till.post("purchase/cancel", {"PurchaseId": "R-1"})
    assert (cancelled["TakenBack"], cancelled["Restored"], cancelled["Balance"]) == (140, 60, 100)


def test_a_purchase_may_take_a_part_of_its_hold(till, receipt, rich_card):
    hold_id = hold(till, rich_card)["HoldId"]
    body = receipt(rich_card.number, Amount=200, HoldId=hold_id)
    refused = till.post("purchase/add", body | {"BonusesToPay": 61})
    assert (refused.key, refused.value.split(":")[0]) == ("InvalidParameter", "BonusesToPay")
    answer = till.post("purchase/add", body | {"BonusesToPay": 10})
    assert (answer["Accrued"], answer["Paid"], answer["Balance"]) == (190, 10, 90)


def test_what_was_captured_before_the_purchase_came_has_paid_for_it(till, receipt, rich_card):
    capture(till, hold(till, rich_card)["HoldId"])
    refused = till.post("purchase/add", receipt(rich_card.number, Amount=200, BonusesToPay=1))
    assert (refused.key, refused.value.split(":")[0]) == ("InvalidParameter", "BonusesToPay")
    answer = till.post("purchase/add", receipt(rich_card.number, Amount=200))
    assert (answer["Accrued"], answer["Paid"], answer["Balance"]) == (140, 60, 40)
    assert show(till, "R-1")["Redemptions"][0]["Amount"] == 60
    cancelled = till.post("purchase/cancel", {"PurchaseId": "R-1"})
    assert (cancelled["Restored"], cancelled["Balance"]) == (60, 100)


@pytest.mark.parametrize("fields", [{}, {"BonusesToPay": 60}])
def test_a_receipt_of_captured_bonuses_comes_through_though_the_till_went_offline(
    till, receipt, rich_card, story_clock, fields
):
    """Nothing is spent by it: refused, the customer would have paid 60 for goods that no book knows."""
    bought_at = story_clock.moment
    capture(till, hold(till, rich_card)["HoldId"])
    story_clock.forward(days=2)
    late = receipt(rich_card.number, Amount=200, at=bought_at, Offline=True, **fields)
    assert till.post("purchase/add", late | {"BonusesToPay": 59}).key == "InvalidParameter"
    answer = till.post("purchase/add", late)
    assert (answer.key, answer["Accrued"], answer["Paid"], answer["Balance"]) == ("OK", 140, 60, 40)


def test_captured_bonuses_pay_their_receipt_though_the_share_was_lowered_since(
    till, receipt, rich_card, settings_of_retailer
):
    capture(till, hold(till, rich_card)["HoldId"])
    settings_of_retailer(spending_share=10)
    assert till.post("purchase/add", receipt(rich_card.number, Amount="59.99")).key == "InsufficientBonuses"
    answer = till.post("purchase/add", receipt(rich_card.number, Amount=200))
    assert (answer.key, answer["Paid"], answer["Balance"]) == ("OK", 60, 40)
    assert till.post("purchase/cancel", {"PurchaseId": "R-1"})["Restored"] == 60


def test_a_hold_belongs_to_its_card_and_its_purchase(till, receipt, rich_card):
    hold_id = hold(till, rich_card)["HoldId"]
    counted = rows()
    for body in (receipt(CardFactory().number, HoldId=hold_id), receipt(rich_card.number, "R-2", HoldId=hold_id)):
        counted = rows()
        answer = till.post("purchase/add", body | {"Amount": 200})
        assert (answer.key, answer.value.split(":")[0]) == ("InvalidParameter", "HoldId")
        assert rows() == counted


def test_a_purchase_that_is_recorded_takes_no_hold(till, receipt, rich_card):
    hold_id = hold(till, rich_card)["HoldId"]
    till.post("purchase/add", receipt(rich_card.number))
    till.post("purchase/add", receipt(rich_card.number, "R-2"))
    assert capture(till, hold_id).key == "StatusError"
    assert hold(till, rich_card, 10, "R-2").key == "OperationConflict"
    assert void(till, hold_id).key == "OK"


def test_a_card_blocked_meanwhile_pays_nothing(till, receipt, rich_card):
    hold_id = hold(till, rich_card)["HoldId"]
    rich_card.block()
    rich_card.save()
    assert capture(till, hold_id).key == "StatusError"
    assert till.post("purchase/add", receipt(rich_card.number, HoldId=hold_id)).key == "StatusError"
    assert void(till, hold_id).key == "OK"


@pytest.mark.parametrize("traits", [{"new": True}, {"issued": True}, {"issued_bound": True}, {"blocked": True}])
def test_only_an_active_card_holds(till, traits):
    assert hold(till, CardFactory(**traits)).key == "StatusError"


REQUIRED, INVALID = "RequiredParameterNotSpecified", "InvalidParameter"


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ({"Number": None, "PurchaseId": "", "BonusesToPay": None, "Amount": None}, REQUIRED,
         "PurchaseId, Number, BonusesToPay, Amount"),
        ({"PurchaseId": {}}, INVALID, "PurchaseId: "),
        ({"PurchaseId": "a\tb"}, INVALID, "PurchaseId: "),
        ({"Number": "rubbish"}, INVALID, "Number: "),
        ({"Number": None, "MobileNumber": "12"}, INVALID, "MobileNumber: "),
        ({"Number": "2990999999998"}, "CannotFindCardNumber", ""),
        ({"Number": None, "MobileNumber": "+79990001122"}, "CannotFindMobile", ""),
        *(({"BonusesToPay": each}, INVALID, "BonusesToPay: ") for each in (0, -1, 0.001, "NaN", 1e308, True, [])),
        *(({"Amount": each}, INVALID, "Amount: ") for each in (-1, 0.001, "NaN", 1e308, False, {})),
        ({"Amount": "119.98"}, "InsufficientBonuses", ""),
        ({"BonusesToPay": "100.01", "Amount": 1000}, "InsufficientBonuses", ""),
    ],
)  # fmt: skip
def test_a_wrong_hold_is_named_and_nothing_is_written(till, rich_card, fields, key, value):
    counted = rows()
    answer = hold(till, rich_card, **fields)
    assert (answer.http, answer.key) == (200, key)
    assert answer.value == value if key == REQUIRED else answer.value.startswith(value)
    assert rows() == counted


WRONG_IDS = ["x", 7, True, [], {}, "0" * 32, str(uuid.UUID(int=5)), f"{{{uuid.UUID(int=5)}}}", "\x00", "Ａ" * 36]


@pytest.mark.parametrize("act", ["capture", "void", "add"])
@pytest.mark.parametrize("wrong", WRONG_IDS)
def test_a_hold_id_that_is_none_is_named(till, receipt, rich_card, act, wrong):
    body = receipt(rich_card.number) if act == "add" else {}
    counted = rows()
    answer = till.post(f"purchase/{act}", body | {"HoldId": wrong})
    assert (answer.http, answer.key, answer.value.split(":")[0]) == (200, INVALID, "HoldId")
    assert rows() == counted


@pytest.mark.parametrize("amount", [0, "0.00", -1, "60.01", 1.001, 1e308, "NaN", True, []])
def test_a_wrong_amount_to_capture_is_named(till, rich_card, amount):
    hold_id = hold(till, rich_card)["HoldId"]
    counted = rows()
    answer = capture(till, hold_id, Amount=amount)
    assert (answer.http, answer.key, answer.value.split(":")[0]) == (200, INVALID, "Amount")
    assert rows() == counted


@pytest.mark.parametrize("act", ["capture", "void"])
def test_a_missing_hold_id_is_named(till, act):
    assert till.post(f"purchase/{act}", {"HoldId": " "}).value == "HoldId"
