"""What fails before any view is reached still answers in the surface's own words."""

import json

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [("/v1/card/1", "code", "1009"), ("/api/card/balance/by/1", "Key", "InvalidRequest")],
)
def test_an_unknown_host_name_is_refused_in_json(path: str, name: str, value: str) -> None:
    response = Client().get(path, HTTP_HOST="evil.example.com")
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(response.content)[name] == value


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/api/card", "/api/purchase", "/api/card/nothing"])
def test_an_unknown_address_is_refused_in_json_without_a_redirect(path: str) -> None:
    response = Client().get(path)
    assert response.status_code in (401, 404)
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    json.loads(response.content)
