"""specs/cash_desk.md: the three balance calls, code tables, and the clock."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from cards.models import CardType
from tests.factories import CardFactory, ContactFactory

pytestmark = pytest.mark.django_db

FIELDS = [
    "Status", "Key", "Value", "Number", "MobileNumber", "Code", "StatusCode", "StatusName", "Name", "CategoryCode",
    "CategoryName", "TypeCode", "TypeName", "Bonuses",
]  # fmt: skip


def test_a_balance_names_the_card_and_its_holder_in_the_words_of_the_specification(till):
    card = CardFactory(plastic=True, card_type=CardType.BONUS_DISCOUNT)
    answer = till.balance(card.number).body
    assert list(answer) == FIELDS
    assert answer == answer | {
        "Number": card.number,
        "MobileNumber": card.contact.phone,
        "Code": card.contact.code,
        "StatusCode": "2",
        "StatusName": "Active",
        "Name": "Petrova Anna",
        "CategoryCode": "0",
        "CategoryName": "Plastic",
        "TypeCode": "2",
        "TypeName": "Bonus/Discount",
    }


@pytest.mark.parametrize(
    ("traits", "code", "name"),
    [
        ({"new": True}, "0", "New"),
        ({"issued": True}, "1", "Issued"),
        ({}, "2", "Active"),
        ({"blocked": True}, "3", "Blocked"),
    ],
)
def test_the_status_of_a_card_is_a_code_and_a_name(till, traits, code, name):
    answer = till.balance(CardFactory(**traits).number)
    assert (answer["StatusCode"], answer["StatusName"]) == (code, name)


def test_a_card_of_nobody_has_empty_names_and_no_bonuses(till):
    answer = till.balance(CardFactory(new=True).number)
    assert (answer["MobileNumber"], answer["Code"], answer["Name"]) == ("", "", "")
    assert [f"{each['Amount']}" for each in answer["Bonuses"]] == ["0.00"] * 7


def test_every_pair_of_type_and_status_is_listed_in_order_and_amounts_have_two_places(till, receipt, story_clock):
    card = CardFactory()
    till.post("purchase/add", receipt(card.number, Amount="100.50"))
    answer = till.balance(card.number)
    listed = [
        (each["TypeCode"], each["TypeName"], each["StatusCode"], each["StatusName"]) for each in answer["Bonuses"]
    ]
    assert listed == [
        ("0", "cash", "0", "active"),
        ("0", "cash", "1", "inactive"),
        ("0", "cash", "2", "burned"),
        ("0", "cash", "3", "frozen"),
        ("1", "status", "0", "active"),
        ("1", "status", "1", "inactive"),
        ("1", "status", "2", "burned"),
    ]
    assert b'"Amount":100.50' in answer.content
    story_clock.forward(days=30)
    (nearest,) = [each for each in till.bonuses(card.number, "0") if each["StatusCode"] == "4"]
    assert list(nearest) == ["Amount", "StatusCode", "StatusName", "ExpireDate", "TypeCode", "TypeName"]
    assert all("ExpireDate" not in each for each in till.balance(card.number)["Bonuses"] if each["StatusCode"] != "4")


def test_points_are_active_thirty_days_after_the_purchase_to_the_microsecond_without_a_job(till, receipt, story_clock):
    card = CardFactory()
    bought = story_clock.moment
    till.post("purchase/add", receipt(card.number))
    assert till.cash(card.number) == {"0": "0.00", "1": "100.00", "2": "0.00", "3": "0.00"}
    story_clock.set(bought + timedelta(days=30) - timedelta(microseconds=1))
    assert till.cash(card.number) == {"0": "0.00", "1": "100.00", "2": "0.00", "3": "0.00"}
    story_clock.set(bought + timedelta(days=30))
    assert till.cash(card.number) == {"0": "100.00", "1": "0.00", "2": "0.00", "3": "0.00", "4": "100.00"}
    status = {each["StatusCode"]: f"{each['Amount']}" for each in till.bonuses(card.number, "1")}
    assert status == {"0": "100.00", "1": "0.00", "2": "0.00"}


def test_the_expire_date_is_the_last_valid_day_and_the_next_day_the_points_are_burned(till, receipt, story_clock):
    card = CardFactory()
    till.post("purchase/add", receipt(card.number))
    story_clock.forward(days=30)
    (nearest,) = [each for each in till.bonuses(card.number, "0") if each["StatusCode"] == "4"]
    assert nearest["ExpireDate"] == "2027-04-30"
    story_clock.set(story_clock.moment.replace(year=2027, month=4, day=30, hour=23, minute=59))
    assert till.cash(card.number)["0"] == "100.00"
    story_clock.forward(minutes=1)
    assert till.cash(card.number) == {"0": "0.00", "1": "0.00", "2": "100.00", "3": "0.00"}


def test_the_nearest_expiry_is_a_part_of_active(till, receipt, story_clock):
    card = CardFactory()
    till.post("purchase/add", receipt(card.number, "R-1", Amount="10.00"))
    story_clock.forward(days=31)
    till.post("purchase/add", receipt(card.number, "R-2", Amount="70.00"))
    story_clock.forward(days=31)
    assert till.cash(card.number) == {"0": "80.00", "1": "0.00", "2": "0.00", "3": "0.00", "4": "10.00"}


def test_a_blocked_card_has_its_points_frozen_and_its_escrow_running(till, receipt, story_clock):
    card = CardFactory()
    till.post("purchase/add", receipt(card.number, "R-1", at=story_clock.moment - timedelta(days=31)))
    till.post("purchase/add", receipt(card.number, "R-2", Amount="40.00"))
    card.block()
    card.save()
    assert till.cash(card.number) == {"0": "0.00", "1": "40.00", "2": "0.00", "3": "100.00"}
    story_clock.forward(days=30)
    assert till.cash(card.number) == {"0": "0.00", "1": "0.00", "2": "0.00", "3": "140.00"}


@pytest.mark.parametrize("form", ["{0}", "+{0}", "8{1}", "+7 ({2}) {3}-{4}-{5}", "7-{2}-{3}{4}{5}"])
def test_a_phone_is_read_with_plus_blanks_dashes_brackets_and_in_the_national_form(till, form):
    card = CardFactory(contact=ContactFactory(phone="+79001234567"))
    phone = form.format("79001234567", "9001234567", "900", "123", "45", "67")
    answer = till.get(f"card/balance/by/phone/{quote(phone, safe='')}")
    assert (answer["Number"], answer["MobileNumber"]) == (card.number, "+79001234567")
    assert till.get(f"card/balance/by/phone/{phone}")["Number"] == card.number


def test_a_contact_code_finds_the_card_in_any_case(till):
    card = CardFactory()
    assert till.balance(card.contact.code)["Number"] == card.number
    assert till.balance(card.contact.code.lower())["Number"] == card.number


def test_of_several_cards_the_one_not_blocked_answers_else_the_newest(till, story_clock):
    contact = ContactFactory()
    CardFactory(contact=contact, for_good=True)
    story_clock.forward(days=1)
    newer = CardFactory(contact=contact, for_good=True)
    assert till.balance(contact.code)["Number"] == newer.number
    usable = CardFactory(contact=contact, issued_bound=False, bound_at=story_clock.moment - timedelta(days=5))
    assert till.balance(contact.code)["Number"] == usable.number
    assert till.get(f"card/balance/by/phone/{contact.phone}")["Number"] == usable.number


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("by/2990000000001", "InvalidCardNumber"),
        ("by/299", "InvalidCardNumber"),
        ("by/hello", "InvalidCardNumber"),
        ("by/%00", "InvalidCardNumber"),
        ("by/２９９０００００００００８", "InvalidCardNumber"),
        ("by/2990999999998", "CannotFindCardNumber"),
        ("by/C0000000001", "InvalidContactCode"),
        ("by/C12", "InvalidContactCode"),
        ("by/Cat", "InvalidContactCode"),
        ("by/C9999999990", "CannotFindContactCode"),
        ("by/phone/12", "InvalidMobileNumber"),
        ("by/phone/hello", "InvalidMobileNumber"),
        ("by/phone/+7900000000000000", "InvalidMobileNumber"),
        ("by/phone/+79990001122", "CannotFindMobileNumber"),
    ],
)
def test_each_balance_call_has_its_own_errors(till, path, key):
    answer = till.get(f"card/balance/{path}")
    assert (answer.http, answer.key) == (200, key)
    assert list(answer.body) == ["Status", "Key", "Value"]


def test_a_contact_without_a_card_cannot_be_found(till):
    contact = ContactFactory()
    assert till.get(f"card/balance/by/phone/{contact.phone}").key == "CannotFindMobileNumber"
    assert till.balance(contact.code).key == "CannotFindContactCode"


def test_a_balance_is_two_statements_with_points_and_without(
    till, receipt, story_clock, django_assert_num_queries, warm_credential
):
    card = CardFactory()
    warm_credential(till)
    with django_assert_num_queries(2):
        till.balance(card.number)
    till.post("purchase/add", receipt(card.number, at=story_clock.moment - timedelta(days=31)))
    for value in (card.number, card.contact.code, f"phone/{card.contact.phone}"):
        with django_assert_num_queries(2):
            assert till.get(f"card/balance/by/{value}").key == "OK"
