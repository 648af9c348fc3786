"""specs/cash_desk.md, Methods: every error of block and unblock, and the order of the checks."""

import pytest

from tests.api.cash_desk.desk import rows
from tests.api.cash_desk.test_card_errors import MALFORMED, STRANGER, UNKNOWN
from tests.factories import CardFactory, ContactFactory

pytestmark = pytest.mark.django_db

PREFIX = {"block": "Block", "unblock": "UnBlock"}
ACTIONS = pytest.mark.parametrize("action", ["block", "unblock"])


def send(desk, action, reason=..., **body):
    code = {} if reason is ... else {f"{PREFIX[action]}ReasonCode": reason}
    counted = rows()
    answer = desk.post(f"card/{action}", body | code)
    assert answer.http == 200
    assert answer.key == "OK" or rows() == counted
    return answer


@pytest.fixture
def root(desk):
    return desk("administrator")


@ACTIONS
@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({}, ["Number", "ReasonCode"]),
        ({"Number": " ", "ContactMobileNumber": None, "reason": ""}, ["Number", "ReasonCode"]),
        ({"Number": "rubbish"}, ["ReasonCode"]),
        ({"ContactMobileNumber": "rubbish"}, ["ReasonCode"]),
        ({"reason": 0}, ["Number"]),
    ],
)
def test_all_missing_parameters_are_named(root, action, body, missing):
    names = ", ".join(name.replace("ReasonCode", f"{PREFIX[action]}ReasonCode") for name in missing)
    answer = send(root, action, **body)
    assert (answer.key, answer.value) == ("RequiredParameterNotSpecified", names)


@ACTIONS
@pytest.mark.parametrize(
    ("phone", "number", "key"),
    [
        ("rubbish", "rubbish", "InvalidMobileNumber"),
        (True, "known", "InvalidMobileNumber"),
        (STRANGER, "rubbish", "CannotFindMobile"),
        (STRANGER, None, "CannotFindMobile"),
        ("known", "rubbish", "InvalidCardNumber"),
        (None, MALFORMED, "InvalidCardNumber"),
        (None, ["1"], "InvalidCardNumber"),
        (None, UNKNOWN, "CannotFindCardNumber"),
        ("known", UNKNOWN, "CannotFindCardNumber"),
        ("another", "known", "CannotFindCardNumber"),
    ],
)
def test_the_phone_comes_before_the_card_and_both_before_a_wrong_reason(root, action, phone, number, key):
    card = CardFactory()
    phones = {"known": card.contact.phone, "another": ContactFactory().phone}
    body = {
        "Number": card.number if number == "known" else number,
        "ContactMobileNumber": phones.get(phone, phone) if isinstance(phone, str) else phone,
    }
    assert send(root, action, "nonsense", **body).key == key


@ACTIONS
@pytest.mark.parametrize("state", [{"new": True}, {"issued": True}, {}, {"blocked": True}])
def test_a_reason_that_the_role_may_not_use_comes_before_a_wrong_status(desk, action, state):
    number = CardFactory(**state).number
    assert send(desk("till"), action, 0, Number=number).key == f"{PREFIX[action]}ReasonError"


@ACTIONS
def test_the_reason_comes_before_a_contact_without_a_card(desk, action):
    phone = ContactFactory().phone
    assert send(desk("marketer"), action, 1, ContactMobileNumber=phone).key == f"{PREFIX[action]}ReasonError"
    assert send(desk("marketer"), action, 0, ContactMobileNumber=phone).key == "StatusError"


@ACTIONS
@pytest.mark.parametrize(
    "reason", [5, -1, "5", "x", "-0", "00", "0.0", 0.0, 1.5, True, False, [], {}, [0], "٠", 10**30, "9" * 400]
)
def test_a_code_that_is_in_no_table_is_a_reason_error(root, action, reason):
    card = CardFactory(blocked=action == "unblock")
    assert send(root, action, reason, Number=card.number).key == f"{PREFIX[action]}ReasonError"


def test_four_is_no_unblock_reason(root):
    assert send(root, "unblock", 4, Number=CardFactory(blocked=True).number).key == "UnBlockReasonError"


@ACTIONS
@pytest.mark.parametrize("name", [7, True, [], {}, "x" * 301, "a\x00b", "a\nb", "\ud800"])
def test_words_of_a_reason_that_are_no_text_are_a_reason_error(root, action, name):
    card = CardFactory(blocked=action == "unblock")
    body = {"Number": card.number, f"{PREFIX[action]}ReasonName": name}
    assert send(root, action, 0, **body).key == f"{PREFIX[action]}ReasonError"


@ACTIONS
@pytest.mark.parametrize("name", [None, "", "  ", "x" * 300, "Потеря 😀 <b>"])
def test_words_of_a_reason_are_free(root, action, name):
    card = CardFactory(blocked=action == "unblock")
    assert send(root, action, 0, Number=card.number, **{f"{PREFIX[action]}ReasonName": name}).key == "OK"


@ACTIONS
def test_a_phone_given_with_a_card_of_nobody_leaves_a_wrong_status(root, action):
    card, contact = CardFactory(issued=True), ContactFactory()
    answer = send(root, action, 0, Number=card.number, ContactMobileNumber=contact.phone)
    assert answer.key == "StatusError"


def test_the_role_never_comes_from_the_body(desk):
    body = {"Number": CardFactory().number, "Role": "administrator", "role": "administrator"}
    assert desk("till").post("card/block", body | {"BlockReasonCode": 0}).http == 400
    del body["role"]
    assert desk("till").post("card/block", body | {"BlockReasonCode": 0}).key == "BlockReasonError"
