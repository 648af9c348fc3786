"""The OpenAPI page tells the truth of loyalty data: schemathesis sends what it allows and what it forbids."""

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

from customers.models import Contact
from loyalty.api.loyalty_data import errors, parameters
from tests.api import described
from tests.api.database import contents
from tests.api.koshelek.conftest import basic
from tests.api.loyalty_data.conftest import Partner

OPERATIONS = described.operations("/priv/")
SEARCH = "GET /priv/v1/apps/{api_key}/users/search"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
REFUSALS = {(row.status, row.code) for row in errors.TABLE if row.status < 500}


def test_the_page_lists_the_calls_and_is_valid() -> None:
    document = described.document("/priv/")
    validate_schema(document)
    assert set(OPERATIONS) == {
        SEARCH,
        "GET /priv/v1/apps/{api_key}/users/{user_id}",
        "GET /priv/v1/apps/{api_key}/external/users/{external_id}",
    }
    assert all(call["security"] for calls in document["paths"].values() for call in calls.values())


def test_the_page_names_every_parameter_that_is_read() -> None:
    flags = {parameters.PROFILE, parameters.INCENTIVES, parameters.IDENTIFIERS}
    for label in OPERATIONS:
        named = {
            field.name
            for field in described.fields("/priv/")
            if f"GET {field.path}" == label and field.where == "query"
        }
        assert named == flags | (set(parameters.KEYS) if label == SEARCH else set())


@pytest.mark.parametrize(("label", "mode"), described.every_mode("/priv/"))
def test_whatever_is_sent_the_contract_holds(
    partner: Partner, sample: Contact, connection_of_the_test: None, label: str, mode: GenerationMode
) -> None:
    headers = {"Authorization": basic(partner.login, partner.secret)}
    real = {"api_key": partner.login, "user_id": str(sample.public_id), "external_id": sample.external_id}
    before = contents()

    @described.bounded(40)
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        # Behind a wrong api_key or the id of nobody there are no rules to meet.
        for name, value in case.path_parameters.items():
            if len(str(value)) % 4:
                case.path_parameters[name] = real[name]
        if "email" in (case.query or {}) and len(case.query) % 2:
            case.query["email"] = sample.email
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        assert response.headers["content-type"] == ["application/json; charset=utf-8"]
        assert response.headers["cache-control"] == ["no-store"]
        if response.status_code != 200:
            assert (response.status_code, response.json()["errors"]["code"]) in REFUSALS
        assert contents() == before

    send()


@pytest.mark.parametrize("incentives", ["true", "false"])
@pytest.mark.parametrize("profile", ["true", "false"])
def test_a_real_answer_fits_the_page(partner: Partner, sample: Contact, incentives: str, profile: str) -> None:
    import jsonschema

    document = described.document("/priv/")
    answer = document["paths"]["/priv/v1/apps/{api_key}/users/search"]["get"]["responses"]["200"]
    shape = answer["content"]["application/json"]["schema"] | {"components": document["components"]}
    query = f"expand_incentives={incentives}&user[user_profile]={profile}&show_identifiers=true"
    reply = partner.search(f"external_id={sample.external_id}&{query}")
    # OpenAPI 3.0 says `nullable` where JSON Schema says that the type may be null.
    jsonschema.validate(_without_nulls(reply.body), shape)
    listed = set(document["components"]["schemas"]["LoyaltyUser"]["properties"])
    assert set(reply.user) <= listed
    if incentives == profile == "true":
        assert set(reply.user) == listed


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "2026-01-01" if each is None else _without_nulls(each) for name, each in value.items()}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("path", "code"),
    [("/priv/v1/apps/crm/users/search?" + "&".join(f"p{number}=1" for number in range(2000)), "argument_error")],
)
def test_too_many_parameters_are_refused_in_json(partner: Partner, path: str, code: str) -> None:
    reply = partner.get(path)
    assert (reply.status, reply.code, reply.headers["Content-Type"]) == (400, code, "application/json; charset=utf-8")


def test_a_fault_of_ours_is_json_too_and_tells_nothing(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.test import Client

    from loyalty.selectors import loyalty_data

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(loyalty_data, "find", broken)
    headers = {"Authorization": basic(partner.login, partner.secret)}
    client = Client(raise_request_exception=False)
    response = client.get(f"/priv/v1/apps/{partner.login}/users/search?external_id=1", headers=headers)
    assert (response.status_code, response.headers["Content-Type"]) == (500, "application/json; charset=utf-8")
    assert response.json()["errors"]["code"] == "internal_error"
    assert b"secret" not in response.content


def test_attributes_of_another_kind_do_not_change_the_shape(partner: Partner, sample: Contact) -> None:
    sample.attributes = {"zip": 2210, "state": ["MA"], "dma": True, "country": {"a": 1}, "current_zip": 2211}
    sample.save()
    user = partner.search("external_id=ZTEST002").user
    assert (user["zip"], user["state"], user["dma"], user["country"]) == ("2210", None, None, None)
    assert user["current_zip"] == "2211"
