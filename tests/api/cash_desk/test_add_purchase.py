"""specs/cash_desk.md, POST /purchase/add: earning, spending, repeats, late and offline tills."""

from decimal import Decimal

import pytest

from customers.models import Contact
from tests.api.cash_desk.desk import rows
from tests.factories import CardFactory, ContactFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("laws_hold")]


def test_a_purchase_earns_points_in_escrow(till, receipt, story_clock):
    card = CardFactory()
    answer = till.post("purchase/add", receipt(card.number))
    assert answer.content == b'{"Status":true,"Key":"OK","Value":"","Accrued":100.00,"Paid":0.00,"Balance":0.00}'
    assert till.cash(card.number)["1"] == "100.00"


def test_points_are_rounded_down_for_each_line(till, receipt, settings_of_retailer):
    settings_of_retailer(earn_rate=Decimal("0.0333"))
    lines = [{"Sku": "A", "Amount": 10.99}, {"Sku": "A", "Amount": "0.30"}, {"Sku": "B", "Amount": 5}]
    answer = till.post("purchase/add", receipt(CardFactory().number, Amount="16.29", Lines=lines))
    assert answer["Accrued"] == Decimal("0.36") + Decimal("0.00") + Decimal("0.16")


def test_bonuses_pay_a_part_and_what_they_paid_earns_nothing(till, receipt, rich_card):
    answer = till.post("purchase/add", receipt(rich_card.number, BonusesToPay=30))
    assert answer.content.endswith(b'"Accrued":70.00,"Paid":30.00,"Balance":70.00}')
    assert till.cash(rich_card.number) == {"0": "70.00", "1": "70.00", "2": "0.00", "3": "0.00", "4": "70.00"}


def test_a_purchase_is_found_by_phone_in_any_form(till, receipt):
    card = CardFactory(contact=ContactFactory(phone="+79001234567"))
    assert till.post("purchase/add", receipt(..., MobileNumber="8 900 123-45-67")).key == "OK"
    assert till.cash(card.number)["1"] == "100.00"


def test_a_repeat_answers_the_first_answer_byte_for_byte_and_does_nothing(till, desk, receipt, rich_card, story_clock):
    body = receipt(rich_card.number, BonusesToPay="25.5", Lines=[{"Sku": "1", "Quantity": "1.250", "Amount": 100}])
    first = till.post("purchase/add", body)
    till.post("purchase/add", receipt(rich_card.number, "R-2", BonusesToPay=10))
    story_clock.forward(days=400)
    another = desk("administrator")
    counted = rows()
    assert till.post("purchase/add", body).content == first.content
    assert another.post("purchase/add", body).content == first.content
    same = body | {"BonusesToPay": 25.50, "Amount": 100, "Lines": [{"SKU": "1", "quantity": 1.25, "Amount": "100.00"}]}
    assert till.post("purchase/add", same).content == first.content
    assert rows() == counted


def test_a_repeat_answers_the_first_answer_though_the_card_or_the_phone_has_changed(till, receipt, rich_card):
    by_number = receipt(rich_card.number, "R-1", BonusesToPay=10)
    by_phone = receipt(..., "R-2", MobileNumber=rich_card.contact.phone)
    answers = [till.post("purchase/add", body).content for body in (by_number, by_phone)]
    rich_card.block()
    rich_card.save()
    assert [till.post("purchase/add", body).content for body in (by_number, by_phone)] == answers
    Contact.objects.filter(pk=rich_card.contact_id).update(phone="+79990000001")
    assert till.post("purchase/add", by_phone).content == answers[1]


@pytest.mark.parametrize(
    "other",
    [
        {"Amount": "100.01"},
        {"Store": "0002"},
        {"Till": "9"},
        {"Cashier": "Ann"},
        {"BonusesToPay": "1.00"},
        {"Offline": True},
        {"Lines": [{"Sku": "1", "Amount": "100.00"}]},
        {"Date": "2026-03-02T11:59:59+03:00"},
        {"Number": "another"},
        {"Number": "2990999999998"},
        {"MobileNumber": "+79990001122", "Number": None},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(till, receipt, rich_card, other):
    body = receipt(rich_card.number)
    till.post("purchase/add", body)
    if other.get("Number") == "another":
        other = {"Number": CardFactory().number}
    counted = rows()
    assert till.post("purchase/add", body | other).key == "OperationConflict"
    assert rows() == counted


@pytest.mark.parametrize(
    ("traits", "spends", "earns"),
    [
        ({"new": True}, "StatusError", "StatusError"),
        ({"issued": True}, "StatusError", "StatusError"),
        ({"issued_bound": True}, "StatusError", "OK"),
        ({}, "InsufficientBonuses", "OK"),
        ({"blocked": True}, "StatusError", "StatusError"),
        ({"for_good": True}, "StatusError", "StatusError"),
    ],
)
def test_the_state_of_the_card_decides_what_a_purchase_may_do(till, receipt, traits, spends, earns):
    card = CardFactory(**traits)
    counted = rows()
    assert till.post("purchase/add", receipt(card.number, BonusesToPay=1)).key == spends
    assert rows() == counted
    assert till.post("purchase/add", receipt(card.number)).key == earns


def test_a_blocked_contact_earns_but_does_not_spend(till, receipt, rich_card):
    Contact.objects.filter(pk=rich_card.contact_id).update(status="blocked")
    assert till.post("purchase/add", receipt(rich_card.number, BonusesToPay=1)).key == "StatusError"
    assert till.post("purchase/add", receipt(rich_card.number)).key == "OK"


@pytest.mark.parametrize(
    ("amount", "bonuses", "key"),
    [
        ("100.00", "50.00", "OK"),
        ("100.00", "50.01", "InsufficientBonuses"),
        ("100.00", "100.01", "InsufficientBonuses"),
        ("100.00", "9999999999.99", "InsufficientBonuses"),
        ("0.00", "0.01", "InsufficientBonuses"),
        ("0.01", "0.01", "InsufficientBonuses"),
        ("200.00", "100.00", "OK"),
        ("1000.00", "100.01", "InsufficientBonuses"),
    ],
)
def test_bonuses_pay_at_most_the_share_and_what_there_is(till, receipt, rich_card, amount, bonuses, key):
    counted = rows()
    answer = till.post("purchase/add", receipt(rich_card.number, Amount=amount, BonusesToPay=bonuses))
    assert answer.key == key
    assert (rows() == counted) == (key != "OK")


def test_number_and_phone_together_must_name_one_holder(till, receipt):
    card, other = CardFactory(), CardFactory()
    counted = rows()
    for phone, key in (
        (other.contact.phone, "CannotFindCardNumber"),
        ("+79990001122", "CannotFindMobile"),
        ("rubbish", "InvalidParameter"),
    ):
        assert till.post("purchase/add", receipt(card.number, MobileNumber=phone)).key == key
    assert (
        till.post("purchase/add", receipt(CardFactory(new=True).number, MobileNumber=card.contact.phone)).key
        == "StatusError"
    )
    counted = rows()
    assert (
        till.post("purchase/add", receipt(other.number, MobileNumber=card.contact.phone)).key == "CannotFindCardNumber"
    )
    assert rows() == counted
    assert till.post("purchase/add", receipt(card.number, MobileNumber=card.contact.phone)).key == "OK"


def test_a_purchase_that_would_earn_more_than_the_books_hold_is_refused(till, receipt, settings_of_retailer):
    settings_of_retailer(earn_rate=1000)
    counted = rows()
    answer = till.post("purchase/add", receipt(CardFactory().number, Amount="9999999999.99"))
    assert (answer.key, answer.value.split(":")[0]) == ("InvalidParameter", "Amount")
    assert {name for name, count in rows().items() if count != counted[name]} <= {
        "cards.Card", "customers.Contact", "tiers.Standing"
    }  # fmt: skip


def test_the_largest_purchase_and_an_empty_one_are_recorded(till, receipt):
    card = CardFactory()
    assert till.post("purchase/add", receipt(card.number, "R-1", Amount="9999999999.99"))["Accrued"] == Decimal(
        "9999999999.99"
    )
    assert till.post("purchase/add", receipt(card.number, "R-2", Amount=0))["Accrued"] == 0


def test_a_purchase_of_a_known_customer_is_at_most_nine_statements(
    till, receipt, rich_card, warm_credential, django_assert_max_num_queries
):
    warm_credential(till)
    lines = [{"Sku": str(index), "Amount": "1.00"} for index in range(100)]
    with django_assert_max_num_queries(9):
        assert till.post("purchase/add", receipt(rich_card.number, Lines=lines)).key == "OK"
