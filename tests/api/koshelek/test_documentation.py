"""The page of the API is readable and true: what it says is what the calls do."""

import copy
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from loyalty.api.koshelek import choices, errors
from tests.api.koshelek.conftest import ANNA, Wallet, buy

CALLS = {
    ("get", "/v1/card"),
    ("get", "/v1/card/{card_number}"),
    ("post", "/v1/card/{card_number}"),
    ("put", "/v1/card/{card_number}/communication"),
    ("get", "/v1/card/{card_number}/purchases"),
    ("get", "/v1/card/{card_number}/promotions"),
    ("get", "/v1/card/getAllUsers"),
    ("get", "/v1/card/getAllUsersExtended"),
    ("get", "/v1/card/anonymous"),
    ("post", "/v1/card/anonymous"),
    ("post", "/v1/card/anonymous/{card_number}"),
    ("post", "/v1/promo/qrCode"),
    ("post", "/v1/promo/code"),
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def wallet_part(document: dict[str, Any]) -> dict[str, Any]:
    part = copy.deepcopy(document)
    part["paths"] = {path: calls for path, calls in part["paths"].items() if path.startswith("/v1/")}
    return part


def test_exactly_the_calls_that_are_served_are_described(document: dict[str, Any]) -> None:
    paths = wallet_part(document)["paths"]
    assert {(method, path) for path, calls in paths.items() for method in calls} == CALLS


def test_every_call_names_its_credential_its_refusals_and_an_example(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["koshelekCredential"]["scheme"] == "basic"
    for calls in wallet_part(document)["paths"].values():
        for call in calls.values():
            assert call["security"] == [{"koshelekCredential": []}]
            assert {"200", "401", "422", "429", "503"} <= set(call["responses"])
            assert call["summary"]
            assert call["description"]


def test_the_page_shows_every_error_code_and_every_own_choice(document: dict[str, Any]) -> None:
    text = next(tag["description"] for tag in document["tags"] if tag["name"] == "Koshelek wallet")
    for row in errors.TABLE:
        assert f"| `{row.code}` | {row.status} | {row.error} | {row.description} |" in text
    for call, choice in choices.CHOICES:
        assert f"| {call} | {choice} |" in text


def test_the_document_has_no_warnings() -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())


def test_the_page_and_the_document_open_without_credentials(db: None) -> None:
    assert Client().get("/api/schema/").status_code == 200
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    assert b"://" not in page.content.replace(b"http://www.w3.org", b"")


@pytest.mark.parametrize("call", ["find", "balance", "history", "reserve", "issue", "refusal"])
def test_a_real_answer_fits_the_document(
    wallet: Wallet, anna: str, pool: list[str], document: dict[str, Any], call: str
) -> None:
    import jsonschema

    buy(anna)
    method, path, reply = {
        "find": lambda: ("get", "/v1/card", wallet.find(msisdn=ANNA["phone"])),
        "balance": lambda: ("get", "/v1/card/{card_number}", wallet.get(f"/v1/card/{anna}")),
        "history": lambda: (
            "get",
            "/v1/card/{card_number}/purchases",
            wallet.purchases(anna, startDate="2020-01-01"),
        ),
        "reserve": lambda: ("get", "/v1/card/anonymous", wallet.get("/v1/card/anonymous")),
        "issue": lambda: ("post", "/v1/card/anonymous", wallet.issue(**ANNA)),
        "refusal": lambda: ("get", "/v1/card", wallet.find()),
    }[call]()
    answer = document["paths"][path][method]["responses"][str(reply.status)]
    shape = answer["content"]["application/json"]["schema"]
    assert reply.body
    jsonschema.validate(reply.body, shape | {"components": document["components"]})
