"""Trying to learn who is a customer: by birth date, by the case of an e-mail, by wildcards, by pairs, by the time.

Calls 1, 4, 7, 8, 12 and 13 and the search of loyalty data tell by contract whether a phone or an e-mail is known
(docs/decisions/what-answers-tell.md). These tests hold them to that and to nothing more. Time is not measured: what
takes time is compared, statement by statement and digest by digest.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import get_hasher
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loyalty.core import actors, clock
from loyalty.models import ApiClient
from loyalty.services import api_clients
from tests.api import hostile
from tests.api.koshelek.conftest import Wallet, basic, buy
from tests.api.loyalty_data.conftest import LOG_IN, Partner
from tests.factories import CardFactory, ContactFactory
from tests.promos import marketing

BORN = date(1984, 6, 9)
KNOWN, UNKNOWN, OTHER = "79161110001", "79161110002", "79161110003"
ADDRESS = "family@example.com"
SEARCH = f"/priv/v1/apps/{LOG_IN}/users/search"
WILDCARDS = ("%", "%25", "_", "*", ".*", "?", "%_%", "\\%", "[0-9]")


@pytest.fixture
def wallet(db: None) -> Wallet:
    return Wallet()


@pytest.fixture
def partner(db: None) -> Partner:
    return Partner()


@pytest.fixture
def vera(db: None) -> Any:
    """A customer with a card, and one with another phone."""
    CardFactory(contact__phone=f"+{OTHER}")
    contact = ContactFactory(phone=f"+{KNOWN}", email="vera@example.com", birth_date=BORN, external_id="EXT-1")
    return CardFactory(contact=contact)


def seen(response: Any) -> tuple[Any, ...]:
    """Return all that a caller sees of an answer, except the name of the call in the log."""
    headers = {name: value for name, value in response.headers.items() if name != "X-Request-Id"}
    return response.status_code, response.content, headers


def work(ask: Callable[[], Any]) -> tuple[tuple[Any, ...], list[str]]:
    """Return what a caller sees, and the statements that the answer took, without their values."""
    with CaptureQueriesContext(connection) as captured:
        response = ask()
    shapes = [re.sub(r"'[^']*'|\bs\d+_x\d+\b|\b\d+\b", "?", query["sql"]) for query in captured.captured_queries]
    return seen(response), shapes


def asking(wallet: Wallet, path: str, **query: str) -> Callable[[], Any]:
    return lambda: wallet.http.get(path, query, headers=wallet.headers)


def posting(wallet: Wallet, path: str, **body: str) -> Callable[[], Any]:
    return lambda: wallet.http.post(path, body, "application/json", headers=wallet.headers)


# By birth date.


def test_no_birth_date_finds_anybody(wallet: Wallet, vera: Any) -> None:
    days = [BORN + timedelta(days=each) for each in range(-20, 21)]
    answers = {repr(work(asking(wallet, "/v1/card", birthDate=day.isoformat()))) for day in days}
    assert len(answers) == 1
    assert "2001" in answers.pop()


@pytest.mark.parametrize(
    "key", [{"msisdn": KNOWN}, {"msisdn": UNKNOWN}, {"email": "vera@example.com"}, {"email": "nobody@example.com"}]
)
def test_no_birth_date_can_be_confirmed(wallet: Wallet, vera: Any, key: dict[str, str]) -> None:
    right, wrong, none = (
        work(asking(wallet, "/v1/card", **key, **birth))
        for birth in ({"birthDate": BORN.isoformat()}, {"birthDate": "1990-01-01"}, {})
    )
    assert right == wrong == none


def test_a_birth_date_chooses_among_owners_of_one_address_and_tells_no_more_than_the_card(wallet: Wallet) -> None:
    for year in (1970, 2001):
        contact = ContactFactory(email=ADDRESS, birth_date=date(year, 1, 1), first_name="Mark", surname="Mark")
        card = CardFactory(contact=contact)
    reply = wallet.find(email=ADDRESS, birthDate="2001-01-01")
    barcode = {"barcodeNumber": card.number, "barcodeType": "EAN_13"}
    assert reply.body == {"card": {"cardNumber": card.number, "cardState": "active", "barcode": barcode}}
    assert wallet.find(email=ADDRESS).code == "3001"
    assert wallet.find(email=ADDRESS, birthDate="1980-01-01").code == "3002"


# By the case of an e-mail, and by letters that look alike.


@pytest.mark.parametrize("address", ["vera@example.com", "VERA@example.com", "Vera@EXAMPLE.COM"])
def test_the_case_of_an_address_makes_no_difference_to_anything_seen(wallet: Wallet, vera: Any, address: str) -> None:
    assert work(asking(wallet, "/v1/card", email=address)) == work(asking(wallet, "/v1/card", email="vera@example.com"))


@pytest.mark.parametrize(
    "address",
    ["v\u0435ra@example.com", "ver\uff41@example.com", "vera@ex\u0430mple.com", "vera+1@example.com",
     "ve.ra@example.com", "vera@example.com.", "vera@example.org", "vera", "@example.com"],
)  # fmt: skip
def test_an_address_that_looks_alike_finds_nobody(wallet: Wallet, partner: Partner, vera: Any, address: str) -> None:
    reply = wallet.find(email=address)
    assert (reply.status, reply.text) == (200, "") or reply.code == "2004"
    headers = {"Authorization": basic(partner.login, partner.secret)}
    assert partner.http.get(SEARCH, {"email": address}, headers=headers).status_code == 404


# By wildcards, in every text by which somebody or something is looked up.


@pytest.mark.parametrize("wildcard", WILDCARDS)
def test_a_wildcard_is_nobodys_phone_address_or_number(wallet: Wallet, vera: Any, wildcard: str) -> None:
    marketing.shared_code("SPRING2026")
    around = [wildcard, f"{KNOWN[:6]}{wildcard}", f"{wildcard}@example.com", f"ver{wildcard}@example.com"]
    around += [f"vera@example.co{wildcard}", f"{vera.number[:-1]}{wildcard}"]
    for text in around:
        for ask in (
            asking(wallet, "/v1/card", msisdn=text),
            asking(wallet, "/v1/card", email=text),
            posting(wallet, "/v1/promo/code", msisdn=text, code="SPRING2026"),
            posting(wallet, "/v1/promo/code", cardNumber=text, code="SPRING2026"),
            posting(wallet, "/v1/promo/code", cardNumber=vera.number, code=f"SPRING{wildcard}"),
        ):
            status, content, _headers = seen(ask())
            assert (status, content) == (200, b"") or status == 422
            assert vera.number.encode() not in content
        if "/" not in text:
            assert wallet.http.get(f"/v1/card/{text}", headers=wallet.headers).status_code != 200


@pytest.mark.parametrize("wildcard", WILDCARDS)
@pytest.mark.parametrize(
    ("key", "beginning"),
    [("email", ""), ("email", "vera@"), ("external_id", ""), ("external_id", "EXT-"), ("mobile_number", KNOWN[:8])],
)
def test_a_wildcard_finds_no_loyalty_data(partner: Partner, vera: Any, key: str, beginning: str, wildcard: str) -> None:
    headers = {"Authorization": basic(partner.login, partner.secret)}
    found = partner.http.get(SEARCH, {key: beginning + wildcard}, headers=headers)
    assert seen(found) == seen(partner.http.get(SEARCH, {key: "nobody@example.com"}, headers=headers))


# By pairs of a card that is known to the caller and a phone that is tried.


@pytest.mark.parametrize(
    ("path", "more"),
    [("/v1/promo/code", {"code": "SPRING2026"}), ("/v1/promo/qrCode", {"qrCode": ""})],
)
def test_a_pair_does_not_tell_a_strangers_phone_from_nobodys(
    wallet: Wallet, vera: Any, path: str, more: dict[str, str]
) -> None:
    if "qrCode" in more:
        more = {"qrCode": f"t={clock.now():%Y%m%dT%H%M}&s=943.26&fn=9282000100072197&i=64318&fp=2918241905&n=1"}
    tried = [work(posting(wallet, path, cardNumber=vera.number, msisdn=phone, **more)) for phone in (OTHER, UNKNOWN)]
    assert tried[0] == tried[1]
    assert b'"3004"' in tried[0][0][1]


# By the words, the length and the headers of a refusal, and by the work it takes.


def test_a_contact_without_a_card_is_like_nobody_in_answer_and_in_work(wallet: Wallet) -> None:
    ContactFactory(phone=f"+{KNOWN}", email="vera@example.com")
    for known, unknown in (
        ({"msisdn": KNOWN}, {"msisdn": UNKNOWN}),
        ({"email": "vera@example.com"}, {"email": "nobody@example.com"}),
        ({"msisdn": KNOWN, "email": "vera@example.com"}, {"msisdn": UNKNOWN, "email": "nobody@example.com"}),
        ({"msisdn": KNOWN, "birthDate": "1990-05-17"}, {"msisdn": UNKNOWN, "birthDate": "1990-05-17"}),
    ):
        assert work(asking(wallet, "/v1/card", **known)) == work(asking(wallet, "/v1/card", **unknown))


def test_a_refusal_is_the_same_for_whomever_it_is_about(wallet: Wallet, vera: Any) -> None:
    first, second = (CardFactory(contact__phone=phone, blocked=True) for phone in ("+79161110004", "+79161110005"))
    refusals = {seen(asking(wallet, "/v1/card", msisdn=each.contact.phone[1:])())[1] for each in (first, second)}
    assert len(refusals) == 1
    taken = {seen(posting(wallet, f"/v1/card/{first.number}", phone=phone)())[1] for phone in (KNOWN, OTHER)}
    assert len(taken) == 1
    assert b'"3003"' in taken.pop()


def test_a_receipt_that_was_sent_before_does_not_say_by_whom(wallet: Wallet, vera: Any) -> None:
    other = CardFactory()
    code = f"t={clock.now():%Y%m%dT%H%M}&s=943.26&fn=9282000100072197&i=64318&fp=2918241905&n=1"
    assert posting(wallet, "/v1/promo/qrCode", cardNumber=vera.number, qrCode=code)().status_code == 200
    own, strange = (
        work(posting(wallet, "/v1/promo/qrCode", cardNumber=card.number, qrCode=code)) for card in (vera, other)
    )
    assert own == strange


def test_the_calls_for_a_card_tell_nothing_of_its_holder(wallet: Wallet) -> None:
    marks = hostile.bystander()
    number = next(mark for mark in marks if mark.startswith("299"))
    buy(number)
    personal = [mark for mark in marks if mark != number]
    paths = ("", "/purchases?startDate=2020-01-01", "/promotions")
    for path in (f"/v1/card/{number}{each}" for each in paths):
        response = wallet.http.get(path, headers=wallet.headers)
        assert response.status_code == 200
        assert hostile.betrayed(personal, response) == []
    assert (
        hostile.betrayed(
            personal, wallet.http.get(f"/v1/card?msisdn={hostile.MARKS['phone'][1:]}", headers=wallet.headers)
        )
        == []
    )


# By credentials: nobody learns which log-ins there are.


@pytest.mark.parametrize("remembered", [True, False])
@pytest.mark.parametrize(
    ("surface", "path"), [("koshelek", "/v1/card"), ("loyalty_data", SEARCH), ("cash_desk", "/api/card/issue")]
)
def test_a_log_in_that_exists_costs_the_same_work_as_one_that_does_not(
    db: None, monkeypatch: pytest.MonkeyPatch, settings: Any, surface: str, path: str, remembered: bool
) -> None:
    settings.API_CREDENTIAL_CACHE_SECONDS = 30 if remembered else 0
    role = "till" if surface == "cash_desk" else ""
    for login in (LOG_IN, "retired"):
        made, secret = api_clients.create(actors.system("test"), surface=surface, login=login, role=role)
        answer = Client().get(path.replace(LOG_IN, login), headers={"Authorization": basic(login, secret)})
        assert answer.status_code != 401
    ApiClient.objects.filter(pk=made.pk).update(active=False)
    digests: list[str] = []
    digest = api_clients.digest
    monkeypatch.setattr(api_clients, "digest", lambda secret: digests.append(secret) or digest(secret))

    def refused(login: str) -> tuple[Any, ...]:
        digests.clear()
        answer, statements = work(lambda: Client().get(path, headers={"Authorization": basic(login, "wrong")}))
        assert answer[0] == 401
        return answer, statements, len(digests)

    assert refused(LOG_IN) == refused("nobody") == refused("retired")


def test_staff_log_ins_cannot_be_told_apart(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.create_user("olga", password="a long password of a test", is_staff=True)
    User.objects.create_user("former", password="a long password of a test", is_staff=True, is_active=False)
    User.objects.create_user("customer", password="a long password of a test", is_staff=False)
    hashed: list[str] = []
    hasher = type(get_hasher())
    encode = hasher.encode

    def counted(self: Any, password: str, *more: Any) -> str:
        hashed.append(password)
        return str(encode(self, password, *more))

    monkeypatch.setattr(hasher, "encode", counted)

    def refused(login: str) -> tuple[Any, ...]:
        hashed.clear()
        form = {"username": login, "password": "wrong"}
        answer, statements = work(lambda: Client().post("/admin/login/", form))
        page = re.sub(rb'value="[^"]*"|nonce="[^"]*"', b"", answer[1])
        return answer[0], page, statements, len(hashed)

    unknown = refused("nobody")
    assert unknown[3] == 1
    assert refused("olga") == unknown
    assert refused("former") == unknown
    assert refused("customer") == unknown
