"""specs/cash_desk.md, Settled points: HTTP codes outside business answers, all in the envelope; roles."""

import json

import psycopg
import pytest
from django.db import OperationalError
from django.test import Client

from loyalty.models import ApiClient, CashDeskRole
from loyalty.services import purchases
from tests.api.cash_desk.desk import Desk, rows
from tests.factories import SECRET, ApiClientFactory, CardFactory, ContactFactory

pytestmark = pytest.mark.django_db

ACTS = ["quote", "add", "cancel", "refund", "hold", "capture", "void", "batch"]
CALLS = [
    ("GET", "card/balance/by/1"),
    ("GET", "card/balance/by/phone/1"),
    ("GET", "card/issue"),
    ("POST", "card/bindto"),
    ("GET", "card/active"),
    ("POST", "card/block"),
    ("POST", "card/unblock"),
    *(("POST", f"purchase/{act}") for act in ACTS),
    ("GET", "purchase/1"),
]
UNKNOWN = [
    "card",
    "card/",
    "card/nothing",
    "card/balance",
    "card/balance/by",
    "card/issue/2990",
    "card/%0A",
    "card/a%0Ab",
    "purchase",
    "purchase/",
    "purchase/%0A",
]
NO_ACTS = ["purchase/release", "purchase/delete", "purchase/refunds", "purchase/batch/1"]


@pytest.mark.parametrize(("method", "path"), [*CALLS, ("GET", "card/nothing")])
def test_every_call_needs_a_credential(method, path):
    for desk in (Desk("nobody", "wrong"), Desk("", "")):
        answer = desk.call(method, path)
        assert (answer.http, answer.key) == (401, "Unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    bare = Client().generic(method, f"/api/{path}")
    assert (bare.status_code, json.loads(bare.content)["Key"]) == (401, "Unauthorized")


@pytest.mark.parametrize("header", ["Bearer x", "Basic", "Basic ===", "Basic 0JHQ", "Basic \xff", "basic"])
def test_an_authorization_header_that_cannot_be_read_is_refused(header):
    response = Client().get("/api/card/issue", headers={"Authorization": header})
    assert (response.status_code, json.loads(response.content)["Key"]) == (401, "Unauthorized")


@pytest.mark.parametrize("surface", ["koshelek", "bonus_commands", "loyalty_data"])
def test_a_credential_of_another_surface_is_refused(surface):
    client = ApiClientFactory(surface=surface)
    assert Desk(client.login, SECRET).get("card/issue").http == 401


def test_a_credential_that_was_switched_off_is_refused():
    client = ApiClientFactory()
    assert Desk(client.login, SECRET).get("card/issue").http == 200
    ApiClient.objects.filter(pk=client.pk).update(active=False)
    assert Desk(client.login, SECRET).get("card/issue").http == 401


def test_wrong_secrets_are_throttled_by_login_and_address_and_the_right_one_always_passes(settings):
    settings.API_FAILURE_LIMIT = 3
    right = ApiClientFactory()
    wrong = Desk(right.login, "wrong")
    assert [wrong.get("card/issue").http for _ in range(4)] == [401, 401, 401, 429]
    throttled = wrong.get("card/issue")
    assert (throttled.key, throttled.headers["Retry-After"]) == ("TooManyRequests", "60")
    assert Desk("another", "wrong").get("card/issue").http == 401
    elsewhere = Client(REMOTE_ADDR="10.0.0.7").get("/api/card/issue", headers=wrong.headers)
    assert elsewhere.status_code == 401
    assert Desk(right.login, SECRET).get("card/issue").http == 200


@pytest.mark.parametrize("role", CashDeskRole.values)
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_each_role_calls_what_the_specification_gives_it(desk, role, method, path):
    allowed = {
        "balance": True,
        "block": True,
        "purchase": role in {"till", "senior_employee", "director", "administrator"},
    }.get(next((word for word in ("balance", "block") if word in path), path.split("/")[0]), role != "client")
    answer = desk(role).call(method, path, b"{}")
    assert (answer.http, answer.key == "Forbidden") == ((200, False) if allowed else (403, True))


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_address_is_not_found_in_the_envelope(till, method, path):
    answer = till.call(method, path)
    assert (answer.http, answer.key) == (404, "NotFound")


@pytest.mark.parametrize("path", NO_ACTS)
def test_an_act_that_does_not_exist_is_not_found(till, path):
    answer = till.post(path, {"PurchaseId": "R-1", "Number": "1"})
    assert (answer.http, answer.key) == (404, "NotFound")


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("wrong", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_refused_and_the_right_one_is_named(till, method, path, wrong):
    if wrong == method or (wrong == "POST" and path == "purchase/1"):
        return
    answer = till.call(wrong, path, b"{}")
    assert (answer.http, answer.key, answer.headers["Allow"]) == (405, "MethodNotAllowed", method)


def test_head_changes_nothing(till):
    card = CardFactory(new=True)
    response = Client().head("/api/card/issue", {"Number": card.number}, headers=till.headers)
    assert response.status_code == 405
    assert type(card).objects.get(pk=card.pk).status == card.status


@pytest.mark.parametrize("path", ["card/bindto", "card/block", "card/unblock", *(f"purchase/{act}" for act in ACTS)])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b"7",
        b'{"Number": }',
        b'{"Number": "1"',
        b'{"Number": NaN}',
        b'{"Number": Infinity}',
        b'{"Number": "1", "Number": "1"}',
        b'{"Number": "1", "number": "1"}',
        b'{"Lines": [{"Sku": "1", "SKU": "2"}]}',
        b'{"Number": "\xff"}',
        b'{"a":' * 30 + b"1" + b"}" * 30,
        b"[" * 100_000,
        b'{"Number": ' + b"9" * 5000 + b"}",
        b"Number=1&MobileNumber=2",
    ],
)
def test_a_body_that_is_no_json_object_is_an_invalid_request(till, path, content):
    if b"Lines" in content and path not in ("purchase/quote", "purchase/add", "purchase/refund"):
        return
    counted = rows()
    answer = till.call("POST", path, content)
    assert (answer.http, answer.key) == (400, "InvalidRequest")
    assert rows() == counted


@pytest.mark.parametrize("query", ["Number=1&Number=1", "Number=1&number=1", "&".join(f"n{i}=1" for i in range(1100))])
def test_a_parameter_given_twice_in_the_address_is_an_invalid_request(till, query):
    for path in ("issue", "active"):
        response = Client().get(f"/api/card/{path}?{query}", headers=till.headers)
        assert (response.status_code, json.loads(response.content)["Key"]) == (400, "InvalidRequest")


def test_a_body_over_the_limit_is_too_large(till, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    settings.BATCH_MAX_MEMORY_SIZE = 4000
    for act in ACTS:
        answer = till.post(f"purchase/{act}", {"PurchaseId": "x" * (5000 if act == "batch" else 3000)})
        assert (answer.http, answer.key) == (413, "TooLarge")
    assert till.post("purchase/batch", {"PurchaseId": "x" * 3000}).key == "RequiredParameterNotSpecified"


def test_a_row_that_stays_locked_is_busy_and_may_be_repeated(till, receipt, monkeypatch):
    def stay_locked(*_args):
        raise OperationalError("canceling statement due to lock timeout") from psycopg.errors.LockNotAvailable()

    monkeypatch.setattr(purchases.holders, "lock_holder", stay_locked)
    answer = till.post("purchase/add", receipt(CardFactory().number))
    assert (answer.http, answer.key, answer.headers["Retry-After"]) == (503, "Busy", "1")


def test_json_is_answered_whatever_the_caller_accepts(till):
    response = Client().get("/api/card/issue", headers=till.headers | {"Accept": "text/html"})
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


def test_the_role_never_comes_from_the_body(desk):
    body = {"Number": CardFactory(issued=True).number, "MobileNumber": ContactFactory().phone, "Role": "administrator"}
    assert desk("client").post("card/bindto", body).http == 403
