"""Rules for every call of specs/koshelek.md: header, body, status, credentials."""

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from loyalty.api.koshelek import choices, errors
from loyalty.core.errors import Busy, LoyaltyError
from loyalty.services import fiscal_receipts, promo_codes
from loyalty.services import wallet as use_cases
from tests.api.koshelek.conftest import CONTENT_TYPE, Reply, Wallet
from tests.factories import CardFactory

NUMBER = "2990000000017"
CALLS = {
    "/v1/card": {"GET", "HEAD"},
    f"/v1/card/{NUMBER}": {"GET", "HEAD", "POST"},
    f"/v1/card/{NUMBER}/communication": {"PUT"},
    f"/v1/card/{NUMBER}/purchases": {"GET", "HEAD"},
    f"/v1/card/{NUMBER}/promotions": {"GET", "HEAD"},
    "/v1/card/getAllUsers": {"GET", "HEAD"},
    "/v1/card/getAllUsersExtended": {"GET", "HEAD"},
    "/v1/card/anonymous": {"GET", "POST"},
    f"/v1/card/anonymous/{NUMBER}": {"POST"},
    "/v1/promo/qrCode": {"POST"},
    "/v1/promo/code": {"POST"},
}
NOWHERE = (
    "/v1/",
    "/v1/card/",
    "/v1/cards",
    "/v1/card/anonymous/",
    "/v1/card/getAllUsers/",
    "/v1/card/getAllUsers/communication",
    "/v1/card/getAllUsersExtended/promotions",
    f"/v1/card/{NUMBER}/promotions/",
    f"/v1/card/{NUMBER}/purchases/",
    f"/v1/card/anonymous/{NUMBER}/more",
    "/v1/promo/qrcode",
    "/v1/promo/code/",
    "/v1/promo/",
    "/v1/../v1/x",
    "/v1/%00",
    "/v1/карта",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
BODIES = ("", "{}", "[]", "{", "null", '{"phone":', "\udcff", '{"a":1,"a":2}', "[" * 5000, '{"a":NaN}', "1" * 5000)


def ask(wallet: Wallet, method: str, path: str, body: Any = b"") -> Any:
    return wallet.http.generic(method, path, body, content_type="application/json", headers=wallet.headers)


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_an_address_does_not_take_answers_405_in_the_error_body(
    wallet: Wallet, path: str, method: str
) -> None:
    response = ask(wallet, method, path)
    assert response.headers["Content-Type"] == CONTENT_TYPE
    if method in CALLS[path]:
        assert response.status_code in (200, 422)
    else:
        assert response.status_code == 405
        assert set(response.headers["Allow"].split(", ")) == CALLS[path]
        if method != "HEAD":
            assert Reply(response).code == "1004"


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_address_answers_404_whatever_the_method(wallet: Wallet, path: str, method: str) -> None:
    response = ask(wallet, method, path)
    assert (response.status_code, response.headers["Content-Type"]) == (404, CONTENT_TYPE)
    if method != "HEAD":
        assert Reply(response).code == "1003"


@pytest.mark.parametrize("path", [*CALLS, *NOWHERE])
@pytest.mark.parametrize("method", METHODS)
def test_without_credentials_every_address_answers_401(db: None, path: str, method: str) -> None:
    response = Client().generic(method, path, b"{}", content_type="application/json")
    assert (response.status_code, response.headers["Content-Type"]) == (401, CONTENT_TYPE)
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    if method != "HEAD":
        assert Reply(response).code == "1001"


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for path, taken in CALLS.items() for method in taken & {"POST", "PUT"}]
)
def test_a_body_that_is_no_json_object_is_422(wallet: Wallet, method: str, path: str, body: str) -> None:
    reply = Reply(ask(wallet, method, path, body.encode("utf-8", "surrogateescape")))
    assert reply.status == 422
    if body != "{}":
        assert reply.code == "1010"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_the_content_type_of_a_request_is_not_looked_at(wallet: Wallet, content_type: str) -> None:
    body = json.dumps({"phone": "79001234567"}).encode()
    response = wallet.http.generic(
        "POST", "/v1/card/anonymous", body, content_type=content_type, headers=wallet.headers
    )
    assert Reply(response).status == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense"])
def test_the_answer_is_json_whatever_the_caller_accepts(wallet: Wallet, accept: str) -> None:
    response = wallet.http.get("/v1/nowhere", headers=wallet.headers | {"Accept": accept})
    assert Reply(response).code == "1003"


def test_a_body_beyond_the_limit_is_413(wallet: Wallet, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    reply = wallet.issue(phone="79001234567", locality="x" * 3000)
    assert (reply.status, reply.code) == (413, "1005")


def test_too_many_query_parameters_are_422_and_not_html(wallet: Wallet) -> None:
    reply = wallet.get("/v1/card?" + "&".join(f"p{number}=1" for number in range(2000)))
    assert (reply.status, reply.code) == (422, "1009")


def test_a_busy_record_is_503_with_retry_after(wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any) -> None:
        raise Busy()

    monkeypatch.setattr(use_cases, "reserve_number", busy)
    reply = wallet.get("/v1/card/anonymous")
    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "1007", "1")


def test_a_lost_database_is_503(wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(use_cases, "reserve_number", lost)
    assert wallet.get("/v1/card/anonymous").code == "1007"


def test_a_fault_of_ours_is_json_too_and_tells_nothing(wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(use_cases, "reserve_number", broken)
    wallet.http.raise_request_exception = False
    reply = wallet.get("/v1/card/anonymous")
    assert (reply.status, reply.code) == (500, "1008")
    assert "secret" not in reply.text


def test_a_refusal_without_words_of_its_own_gets_the_last_code(wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unheard(LoyaltyError):
        code = "Unheard"

    def refuse(*_: Any) -> None:
        raise Unheard()

    monkeypatch.setattr(use_cases, "reserve_number", refuse)
    assert wallet.get("/v1/card/anonymous").code == "4099"


def test_head_answers_like_get_without_a_body(wallet: Wallet) -> None:
    card = CardFactory()
    for path in (f"/v1/card/{card.number}", f"/v1/card?msisdn={card.contact.phone[1:]}"):
        head = wallet.http.head(path, headers=wallet.headers)
        assert (head.status_code, head.content, head.headers["Content-Type"]) == (200, b"", CONTENT_TYPE)


def test_nothing_may_be_kept_by_a_cache(wallet: Wallet) -> None:
    for path in ("/v1/card/anonymous", "/v1/card?msisdn=79001234567", "/v1/nowhere"):
        assert wallet.get(path).headers["Cache-Control"] == "no-store"


def test_every_code_is_one_number_for_one_cause() -> None:
    assert len({row.code for row in errors.TABLE}) == len({row.error for row in errors.TABLE}) == len(errors.TABLE)
    assert all(row.code.isdecimal() and row.description.endswith(".") for row in errors.TABLE)


def test_every_error_that_the_use_cases_name_has_its_own_code() -> None:
    from loyalty.selectors import wallet as reads

    named = {
        word.strip(" ,.\n:()")
        for module in (use_cases, reads, fiscal_receipts, promo_codes)
        for text in (getattr(each, "__doc__", "") or "" for each in vars(module).values())
        if "Raises" in text
        for word in text.partition("Raises")[2].split()
    }
    ours = {each.code for each in _all_errors() if each.code in named}
    assert len(ours) >= 15
    assert ours <= {row.error for row in errors.TABLE}


def _all_errors() -> list[type[LoyaltyError]]:
    found, todo = [], [LoyaltyError]
    while todo:
        found.append(todo.pop())
        todo.extend(found[-1].__subclasses__())
    return found


def test_the_published_codes_never_change() -> None:
    assert {row.error: row.code for row in errors.TABLE} == {
        "Unauthorized": "1001", "Forbidden": "1002", "NotFound": "1003", "MethodNotAllowed": "1004",
        "TooLarge": "1005", "TooManyRequests": "1006", "Busy": "1007", "InternalError": "1008",
        "InvalidRequest": "1009", "MalformedJson": "1010",
        "RequiredParameterMissing": "2001", "InvalidParameter": "2002", "PhoneInvalid": "2003", "EmailInvalid": "2004",
        "SeveralContacts": "3001", "BirthDateFitsNone": "3002", "PhoneBelongsToAnother": "3003",
        "ContactNotFound": "3004", "ContactBlocked": "3005",
        "CardNumberInvalid": "4001", "CardNotFound": "4002", "CardUnbound": "4003", "OnlyBlockedCard": "4004",
        "ContactCardBlocked": "4005", "ContactHasAnotherCard": "4006", "CardNotReserved": "4007",
        "CardTaken": "4008", "PoolEmpty": "4009", "ContactWithoutCard": "4010", "LoyaltyError": "4099",
        "PromoCodeMisspelled": "5001", "PromoCodeUnknown": "5002", "PromoCodeNotValidNow": "5003",
        "PromoCodeExpired": "5004", "PromoCodeExhausted": "5005", "PromoCodeAlreadyUsed": "5006",
        "PromoCodeNotForCustomer": "5007", "TooManyWrongCodes": "5008",
        "ReceiptQrInvalid": "6001", "ReceiptKindRefused": "6002", "ReceiptFromFuture": "6003", "ReceiptTooOld": "6004",
        "ReceiptSentBefore": "6005",
    }  # fmt: skip


def test_every_own_choice_is_one_line_of_a_table() -> None:
    assert all("|" not in call + text and text.endswith(".") for call, text in choices.CHOICES)
