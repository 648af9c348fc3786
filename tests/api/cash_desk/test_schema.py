"""The OpenAPI page tells the truth of the cash desk: schemathesis sends what it allows and what it forbids."""

import json

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from tests.api.cash_desk.desk import Desk
from tests.factories import CardFactory, ContactFactory

BOUNDED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def documented() -> dict:
    whole = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    paths = {path: each for path, each in whole["paths"].items() if path.startswith(("/api/card/", "/api/purchase/"))}
    return whole | {"paths": paths}


def operations():
    schema = schemathesis.openapi.from_dict(documented())
    schema.app = application
    return {result.ok().label: result.ok() for result in schema.get_all_operations()}


OPERATIONS = operations()


def test_the_page_lists_the_calls_of_the_specification_and_is_valid():
    schema = documented()
    validate_schema(schema)
    assert set(OPERATIONS) == {
        "GET /api/card/balance/by/{number}",
        "GET /api/card/balance/by/phone/{phone}",
        "GET /api/card/issue",
        "POST /api/card/bindto",
        "GET /api/card/active",
        "POST /api/card/block",
        "POST /api/card/unblock",
        "POST /api/purchase/quote",
        "POST /api/purchase/add",
        "POST /api/purchase/cancel",
        "POST /api/purchase/refund",
        "POST /api/purchase/hold",
        "POST /api/purchase/capture",
        "POST /api/purchase/void",
        "POST /api/purchase/batch",
        "GET /api/purchase/{purchase_id}",
    }
    assert all(call["security"] for methods in schema["paths"].values() for call in methods.values())


@pytest.mark.django_db
@pytest.mark.usefixtures("connection_of_the_test")
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("label", OPERATIONS)
def test_whatever_is_sent_the_contract_holds(label, mode):
    till = Desk.with_role("administrator")
    CardFactory(number="2990000000015", contact=ContactFactory(phone="+79001234567"))

    @given(OPERATIONS[label].as_strategy(generation_mode=mode))
    @BOUNDED
    def send(case):
        case.call_and_validate(headers=till.headers, checks=CHECKS)

    send()
