"""Every field of every call of the wallet, and every hostile value in it. The fields come from the page of the API.

A key that several calls read in the same way (calls 4, 7, 8; 12, 13) shares the values out among them.
No fault of ours, a published code, nothing written when refused, nobody else's data in an answer, and every refusal
stands in the interaction log.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from loyalty.api import interaction_backlog
from loyalty.api.koshelek import errors
from loyalty.core import clock
from loyalty.models import Interaction
from tests.api import described, hostile
from tests.api.database import contents, taken_back
from tests.api.described import Field
from tests.api.koshelek.conftest import ANNA, CONTENT_TYPE, Wallet, assert_texts_only, buy
from tests.promos import marketing

CODES = {(row.status, row.code) for row in errors.TABLE if row.status in (404, 405, 413, 422)}
FIELDS = described.fields("/v1/")
RIGHT: dict[str, Any] = ANNA | {
    "email": "anna@example.com", "firstName": "Anna", "patronymic": "Petrovna", "sex": "f", "birthdate": "1990-05-17",
    "countryCode": "RU", "locality": "Moscow", "msisdn": ANNA["phone"], "startDate": "2026-01-01",
    "endDate": "2026-12-31", "allow": ["sms"], "deny": ["call"], "code": "SPRING2026",
}  # fmt: skip


@dataclass
class Shop:
    """The wallet, a card with points, a number held, and what of a bystander must stay unseen."""

    wallet: Wallet
    card: str
    reserved: str
    marks: list[str]
    before: str = ""
    refused: int = 0

    def right_values(self, field: Field) -> dict[str, Any]:
        """Return right values for the fields that stand beside one."""
        names = [
            other.name
            for other in FIELDS
            if (other.method, other.path, other.where) == (field.method, field.path, field.where)
        ]
        receipt = f"t={clock.now():%Y%m%dT%H%M}&s=943.26&fn=9282000100072197&i=64318&fp=2918241905&n=1"
        whole = RIGHT | {"cardNumber": self.card, "qrCode": receipt}
        return {name: whole[name] for name in names if name != field.name}

    def address(self, field: Field) -> str:
        return field.path.replace("{card_number}", self.reserved if "/anonymous/" in field.path else self.card)

    def send(self, method: str, address: str, body: bytes = b"", content_type: str = "application/json") -> int:
        """Send; check the answer, and that a refusal left no trace. What was accepted is taken back."""
        # All that was accepted is taken back: the state before the first call is that before each.
        self.before = self.before or contents()
        with taken_back():
            response = self.wallet.http.generic(
                method.upper(), address, body, content_type, headers=self.wallet.headers
            )
            assert hostile.betrayed(self.marks, response) == []
            assert response.headers["Content-Type"] == CONTENT_TYPE
            refused = response.status_code != 200
            assert not refused or contents() == self.before
        if refused:
            answer = json.loads(response.content)
            assert set(answer) == {"code", "description"}
            assert_texts_only(answer)
            assert (response.status_code, answer["code"]) in CODES
            self.refused += 1
        return int(response.status_code)


@pytest.fixture
def shop(story_clock: Any, wallet: Wallet, anna: str, pool: list[str], settings: Any) -> Shop:
    settings.PROMO_CODE_FAILURE_LIMIT = 10**6
    settings.API_CREDENTIAL_CACHE_SECONDS = 30
    buy(anna)
    marketing.shared_code("SPRING2026")
    return Shop(wallet, anna, wallet.reserve(), hostile.bystander())


def logged(shop: Shop) -> int:
    """Write the interaction log and count it: a text that cannot be stored would hide its call."""
    with taken_back():
        interaction_backlog.flush()
        return Interaction.objects.count()


def shared_out(field: Field, values: list[str]) -> list[str]:
    """Return this call's part of the values for a key; those of the other calls that read it get the rest."""
    calls = [other for other in FIELDS if (other.where, other.name) == (field.where, field.name)]
    return values[calls.index(field) :: len(calls)]


def places(where: str) -> dict[str, list[Field]]:
    """Return the fields of the body, query or path of each call that has any."""
    found: dict[str, list[Field]] = {}
    for field in FIELDS:
        if field.where == where:
            found.setdefault(f"{field.method.upper()} {field.path}", []).append(field)
    return found


BODIES, QUERIES, PATHS = places("body"), places("query"), places("path")


@pytest.mark.parametrize("call", BODIES)
def test_every_field_of_a_body(shop: Shop, call: str) -> None:
    for field in BODIES[call]:
        sent, refused = in_body(shop, field), shop.refused
        for body in sent:
            assert shop.send(field.method, shop.address(field), body) in (200, 422), (field.name, body[:200])
        assert shop.refused - refused > len(sent) / 4, field
    assert logged(shop) == shop.refused


def in_body(shop: Shop, field: Field) -> list[bytes]:
    """Return bodies that are right but for one field, and some that are broken at it."""
    name, beside = json.dumps(field.name), json.dumps(shop.right_values(field))[1:-1]
    right = json.dumps(RIGHT.get(field.name, shop.card))
    whole = f"{{{beside}, {name}: {right}}}"
    texts = [f"{{{beside}, {name}: {value}}}" for value in shared_out(field, hostile.in_json())]
    texts += [broken.replace("NAME", name).replace("VALUE", right) for broken in hostile.BROKEN_BODIES]
    others = [
        b"\xef\xbb\xbf" + whole.encode(),
        whole.encode("utf-16"),
        whole.replace(right, '"\xff"').encode("latin-1"),
    ]
    return [text.encode() for text in texts] + others


@pytest.mark.parametrize("call", QUERIES)
def test_every_field_of_a_query(shop: Shop, call: str) -> None:
    for field in QUERIES[call]:
        beside = "&".join(f"{name}={value}" for name, value in shop.right_values(field).items())
        endings = [f"={value}" for value in hostile.in_address()]
        # What is written around a name makes it another, unknown one.
        endings += ["", "[]=a", "[$ne]=a", f"=a&{field.name}=b"]
        for ending in endings:
            query = f"{field.name}{ending}&{beside}"
            assert shop.send(field.method, f"{shop.address(field)}?{query}") in (200, 422), query[:200]
    assert shop.refused > len(endings) / 4
    assert logged(shop) == shop.refused


@pytest.mark.parametrize("call", PATHS)
def test_every_field_of_an_address(shop: Shop, call: str) -> None:
    (field,) = PATHS[call]
    values = [*shared_out(field, hostile.in_address()), *("..", ".", "%2e%2e", "%2F", "anonymous", "getAllUsers%00")]
    values += [f"{shop.card}{ending}" for ending in ("%20", "%0a", "%00", "%2Fpurchases", ";a=b")]
    body = json.dumps({name: RIGHT[name] for name in ("phone", "allow")}).encode() if field.method != "get" else b""
    for value in values:
        address = field.path.replace("{card_number}", value) + "?startDate=2026-01-01"
        assert shop.send(field.method, address, body) in (200, 404, 405, 422), value[:200]
    assert shop.refused > len(values) * 3 / 4
    assert logged(shop) == shop.refused


@pytest.mark.parametrize("call", BODIES)
def test_every_body_as_a_whole(shop: Shop, call: str, settings: Any) -> None:
    field = BODIES[call][0]
    for kind in (
        "text/html",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "a" * 2000,
        "\x00",
    ):
        assert shop.send(field.method, shop.address(field), b"a=b", kind) == 422
        assert shop.send(field.method, shop.address(field), b"", kind) == 422
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    assert shop.send(field.method, shop.address(field), b"[" * 2001) == 413
