"""specs/cash_desk.md, Methods: every error of issue, bindto and active, and the order of the checks."""

import pytest

from cards import numbers
from cards.models import Card
from tests.api.cash_desk.desk import rows
from tests.factories import CardFactory, ContactFactory

pytestmark = pytest.mark.django_db

UNKNOWN = numbers.make_number("2990", 13, "ean", 99_999_999)
MALFORMED = UNKNOWN[:-1] + str((int(UNKNOWN[-1]) + 1) % 10)
STRANGER = "+79990001122"


@pytest.mark.parametrize(
    ("path", "number", "key"),
    [
        ("card/issue", UNKNOWN, "CardNumberCannotFind"),
        ("card/issue", MALFORMED, "InvalidCardNumber"),
        ("card/issue", "abc", "InvalidCardNumber"),
        ("card/active", UNKNOWN, "CannotFindCardNumber"),
        ("card/active", MALFORMED, "InvalidCardNumber"),
        ("card/active", "C0000000014", "InvalidCardNumber"),
    ],
)
def test_issue_and_active_have_their_own_errors(till, path, number, key):
    counted = rows()
    answer = till.get(path, Number=number)
    assert (answer.http, answer.key, list(answer.body)) == (200, key, ["Status", "Key", "Value"])
    assert rows() == counted


@pytest.mark.parametrize("path", ["card/issue", "card/active"])
@pytest.mark.parametrize("query", [{}, {"Number": ""}, {"Number": "  "}, {"Other": "1"}])
def test_a_missing_number_is_named(till, path, query):
    answer = till.get(path, **query)
    assert (answer.http, answer.key, answer.value) == (200, "RequiredParameterNotSpecified", "Number")


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({}, "Number, MobileNumber"),
        ({"Number": None, "MobileNumber": ""}, "Number, MobileNumber"),
        ({"Number": UNKNOWN}, "MobileNumber"),
        ({"MobileNumber": STRANGER, "Number": "   "}, "Number"),
    ],
)
def test_bindto_names_all_missing_parameters(till, body, missing):
    answer = till.post("card/bindto", body)
    assert (answer.key, answer.value) == ("RequiredParameterNotSpecified", missing)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"Number": "", "MobileNumber": "rubbish"}, "RequiredParameterNotSpecified"),
        ({"Number": "rubbish", "MobileNumber": "rubbish"}, "InvalidMobileNumber"),
        ({"Number": "rubbish", "MobileNumber": STRANGER}, "CannotFindMobile"),
        ({"Number": "rubbish", "MobileNumber": "known"}, "InvalidCardNumber"),
        ({"Number": MALFORMED, "MobileNumber": "known"}, "InvalidCardNumber"),
        ({"Number": UNKNOWN, "MobileNumber": "known"}, "CannotFindCardNumber"),
        ({"Number": ["1"], "MobileNumber": "known"}, "InvalidCardNumber"),
        ({"Number": {}, "MobileNumber": True}, "InvalidMobileNumber"),
        ({"Number": 1.5, "MobileNumber": "known"}, "InvalidCardNumber"),
    ],
)
def test_bindto_checks_what_is_missing_then_the_phone_then_the_card(till, body, key):
    contact = ContactFactory()
    counted = rows()
    if body["MobileNumber"] == "known":
        body = body | {"MobileNumber": contact.phone}
    assert till.post("card/bindto", body).key == key
    assert rows() == counted


def test_bindto_reads_names_in_any_case_numbers_as_json_numbers_and_phones_in_any_form(till):
    card, contact = CardFactory(issued=True), ContactFactory(phone="+79001234567")
    answer = till.post("card/bindto", {"NUMBER": int(card.number), "mobilenumber": "8 (900) 123-45-67"})
    assert answer.content == b'{"Status":true,"Key":"OK","Value":""}'
    assert Card.objects.get(pk=card.pk).contact_id == contact.pk


@pytest.mark.parametrize(
    "path", ["card/bindto", "card/binto", "card/BindTo", "card/BINTO", "card/bindto/", "Card/BindTo/"]
)
def test_bindto_answers_by_each_of_its_names(till, path):
    card, contact = CardFactory(issued=True), ContactFactory()
    assert till.post(path, {"Number": card.number, "MobileNumber": contact.phone}).key == "OK"


@pytest.mark.parametrize("path", ["card/issue", "card/Issue", "card/ISSUE", "card/issue/"])
@pytest.mark.parametrize("name", ["Number", "number", "NUMBER"])
def test_issue_is_read_in_any_case(till, path, name):
    assert till.get(path, **{name: CardFactory(new=True).number}).key == "OK"


@pytest.mark.parametrize("path", ["card/Active", "card/active/"])
def test_active_is_read_in_any_case(till, path):
    assert till.get(path, number=CardFactory().number).key == "OK"


def test_the_words_of_a_balance_address_are_read_in_any_case(till):
    card = CardFactory()
    for path in (f"card/Balance/By/{card.number}", f"card/balance/by/{card.number}/"):
        assert till.get(path)["Number"] == card.number
    for path in (f"card/balance/By/Phone/{card.contact.phone}", f"card/balance/by/phone/{card.contact.phone}/"):
        assert till.get(path)["Number"] == card.number
