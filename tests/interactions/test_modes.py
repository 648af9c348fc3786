"""Errors always; whole calls only where they are switched on for the client (specs/cash_desk.md, Logging)."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cards.models import CheckDigit
from cards.numbers import make_number
from loyalty.core import actors, clock
from loyalty.core.errors import InvalidParameter
from loyalty.models import ApiClient, JournalEntry, Purchase
from loyalty.services import api_clients
from tests.factories import CardFactory

pytestmark = pytest.mark.django_db


def test_a_success_leaves_nothing(till, logged):
    assert till.balance(CardFactory().number).key == "OK"
    assert logged() == []


def test_a_refusal_is_logged_with_its_identifiers_and_without_bodies(till, logged, receipt):
    card = CardFactory()
    till.post("purchase/add", receipt(card.number, Store=None))
    entry = logged()[0]
    assert (entry.surface, entry.login, entry.role, entry.address) == ("cash_desk", till.login, "till", "127.0.0.1")
    assert (entry.method, entry.path, entry.status, entry.failed) == ("POST", "/api/purchase/add", 200, True)
    assert (entry.key, entry.text) == ("RequiredParameterNotSpecified", "Store")
    assert (entry.card_number, entry.till, entry.purchase_id) == (card.number, "7", "R-1")
    assert (entry.request_body, entry.response_body) == ("", "")
    assert entry.duration_ms > 0


@pytest.mark.parametrize(("path", "key", "status"), [
    ("card/nothing", "NotFound", 404), ("card/balance/by/123", "InvalidCardNumber", 200),
])  # fmt: skip
def test_refusals_of_every_kind_are_logged(path, key, status, till, logged):
    till.get(path)
    assert [(entry.key, entry.status) for entry in logged()] == [(key, status)]


def test_malformed_json_is_logged_by_its_shape_only(till, logged, in_full):
    in_full(till)
    till.call("POST", "card/bindto", b'{"Name": "Anna", "MobileNumber": +79001234567')
    entry = logged()[0]
    assert (entry.status, entry.key) == (400, "InvalidRequest")
    assert entry.request_body == '{"xxxx": "xxxx", "xxxxxxXxxxxx": +00000000000'.replace("X", "x")


def test_the_wallets_422_is_logged(wallet, logged):
    number = make_number("2990", 13, CheckDigit.EAN, 77_777)
    wallet.get(f"/v1/card/{number}")
    entry = logged()[0]
    assert (entry.surface, entry.status, entry.key) == ("koshelek", 422, "4002")
    assert entry.card_number == number


def test_a_call_is_logged_whole_where_it_is_switched_on(till, logged, in_full, receipt):
    card = CardFactory()
    in_full(till)
    answer = till.post("purchase/add", receipt(card.number))
    entry = logged()[0]
    assert (entry.failed, entry.key) == (False, "OK")
    assert json.loads(entry.request_body)["Amount"] == "100.00"
    assert json.loads(entry.request_body)["Cashier"] == "***"
    assert json.loads(entry.response_body)["Accrued"] == float(answer["Accrued"])


def test_only_the_client_that_was_switched_on_is_logged_in_full(till, wallet, logged, in_full):
    in_full(wallet)
    till.balance(CardFactory().number)
    wallet.find(msisdn="79001234567")
    assert [entry.surface for entry in logged()] == ["koshelek"]


def test_full_logging_ends_by_itself(till, logged, in_full, story_clock):
    in_full(till, hours=2)
    card = CardFactory()
    till.balance(card.number)
    story_clock.forward(hours=2)
    till.balance(card.number)
    assert len(logged()) == 1


def test_a_card_is_found_in_the_answer_when_the_call_did_not_name_it(wallet, logged, in_full):
    number = wallet.issue(phone="79001234567", firstname="Anna").body["card"]["cardNumber"]
    in_full(wallet)
    wallet.find(msisdn="79001234567")
    assert logged()[0].card_number == number


def test_switching_is_in_the_journal(till):
    client = ApiClient.objects.get(login=till.login)
    api_clients.log_in_full(actors.system("x"), client.pk, hours=3)
    client.refresh_from_db()
    assert client.log_full_until == pytest.approx(clock.now() + timedelta(hours=3), abs=timedelta(minutes=1))
    assert JournalEntry.objects.get(action="api_client.log_in_full").details == {"hours": 3}
    with pytest.raises(InvalidParameter):
        api_clients.log_in_full(actors.system("x"), client.pk, hours=721)
    api_clients.log_in_full(actors.system("x"), client.pk, hours=0)
    client.refresh_from_db()
    assert not client.log_in_full


def test_a_call_that_was_rolled_back_is_logged_and_wrote_nothing(till, logged, receipt):
    card = CardFactory()
    assert till.post("purchase/add", receipt(card.number, BonusesToPay="50.00")).key == "InsufficientBonuses"
    assert logged()[0].purchase_id == "R-1"
    assert not Purchase.objects.exists()


def test_a_fault_of_ours_is_logged_and_still_raised(till, logged, monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr("loyalty.selectors.card_balances.by_number", broken)
    with pytest.raises(ZeroDivisionError):
        till.balance(CardFactory().number)
    assert [(entry.status, entry.key, entry.text) for entry in logged()] == [
        (500, "InternalError", "ZeroDivisionError")
    ]


def test_a_wrong_credential_is_logged_without_what_is_no_login(logged, till):
    for login in (till.login, "a-secret-in-the-wrong-place"):
        Client().get("/api/card/balance/by/1", headers={"Authorization": _basic(login, "wrong")})
    assert [(entry.status, entry.key, entry.login) for entry in logged()] == [
        (401, "Unauthorized", till.login),
        (401, "Unauthorized", ""),
    ]


def test_the_answer_names_the_entry_and_the_caller_may_name_the_call(till, logged):
    answer = till.balance("1")
    Client().get("/api/card/balance/by/1", headers={**till.headers, "X-Request-Id": "call-of-till-7"})
    Client().get("/api/card/balance/by/1", headers={**till.headers, "X-Request-Id": "call-79001234567"})
    entries = logged()
    assert answer.headers["X-Request-Id"] == entries[0].correlation_id
    assert entries[1].correlation_id == "call-of-till-7"
    assert "79001234567" not in entries[2].correlation_id


def test_a_call_sends_no_statement_for_the_log(till, in_full):
    card = CardFactory()
    till.balance(card.number)
    with CaptureQueriesContext(connection) as quiet:
        till.balance(card.number)
    in_full(till)
    with CaptureQueriesContext(connection) as full:
        till.balance(card.number)
    assert len(full) == len(quiet)


def _basic(login: str, secret: str) -> str:
    from tests.api.koshelek.conftest import basic

    return basic(login, secret)


def test_refused_items_of_a_batch_are_found_by_their_receipt(till, logged, receipt):
    card = CardFactory()
    good, wrong = receipt(card.number, "good"), receipt(card.number, "wrong", Store=None, Till="9")
    assert till.post("purchase/batch", {"Purchases": [good, wrong]}).key == "OK"
    whole, item = logged()
    assert (whole.failed, whole.key, whole.request_body) == (False, "OK", "")
    assert (item.purchase_id, item.till, item.card_number) == ("wrong", "9", card.number)
    assert (item.failed, item.key) == (True, "RequiredParameterNotSpecified")
