"""The OpenAPI page tells the truth of the wallet: schemathesis sends what it allows and what it forbids.

No fault of ours, no status but 200 and 422, the header to the letter, the body as declared, nothing written when
refused.
"""

from typing import Any

import pytest
from drf_spectacular.validation import validate_schema
from hypothesis import given
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from loyalty.api.koshelek import serializers
from tests.api import described
from tests.api.database import contents, taken_back
from tests.api.koshelek.conftest import CONTENT_TYPE, Wallet, buy

OPERATIONS = described.operations("/v1/")
FORMS = {
    "GET /v1/card": serializers.SearchQuery,
    "PUT /v1/card/{card_number}/communication": serializers.Channels,
    "POST /v1/card/{card_number}": serializers.Person,
    "GET /v1/card/{card_number}/purchases": serializers.HistoryQuery,
    "POST /v1/card/anonymous/{card_number}": serializers.NewHolder,
    "POST /v1/card/anonymous": serializers.NewHolder,
    "POST /v1/promo/qrCode": serializers.ScannedReceipt,
    "POST /v1/promo/code": serializers.PromoCode,
}


def test_the_page_lists_the_thirteen_calls_and_is_valid() -> None:
    document = described.document("/v1/")
    validate_schema(document)
    assert len(OPERATIONS) == 13
    assert all(call["security"] for calls in document["paths"].values() for call in calls.values())


@pytest.mark.parametrize("label", OPERATIONS)
def test_the_page_names_every_field_that_is_read(label: str) -> None:
    method, _, path = label.partition(" ")
    named = {
        field.name
        for field in described.fields("/v1/")
        if (field.method, field.path) == (method.lower(), path) and field.where != "path"
    }
    assert named == set(FORMS[label]().fields if label in FORMS else ())


@pytest.mark.parametrize(("label", "mode"), described.every_mode("/v1/"))
def test_whatever_is_sent_the_contract_holds(
    wallet: Wallet, anna: str, pool: list[str], connection_of_the_test: None, label: str, mode: GenerationMode
) -> None:
    buy(anna)
    operation = OPERATIONS[label]
    before = contents()

    @described.bounded(25)
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        # A number that nobody has reaches no rule behind it: every other call is for Anna's card.
        given_number = str((case.path_parameters or {}).get("card_number", ""))
        if len(given_number) % 2:
            case.path_parameters["card_number"] = anna
        with taken_back():
            response = case.call(headers=wallet.headers)
            assert response.status_code == 200 or contents() == before
        checks = [not_a_server_error, status_code_conformance]
        if response.content:
            checks += [content_type_conformance, response_schema_conformance]
        case.validate_response(response, checks=checks)
        assert response.status_code in (200, 422)
        assert response.headers["content-type"] == [CONTENT_TYPE]

    send()
