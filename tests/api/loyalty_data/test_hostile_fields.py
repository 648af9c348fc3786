"""Every field of every call of loyalty data, and every hostile value in it. The fields are those of the API page."""

import json
from typing import Any

import pytest

from customers.models import Contact
from loyalty.api import interaction_backlog
from loyalty.api.loyalty_data import errors
from loyalty.models import Interaction
from tests.api import described, hostile
from tests.api.database import contents
from tests.api.described import Field
from tests.api.koshelek.conftest import basic
from tests.api.loyalty_data.conftest import Partner

FIELDS = described.fields("/priv/")
REFUSALS = {(row.status, row.code) for row in errors.TABLE if row.status < 500}
ENOUGH = {"expand_incentives": "true", "user[user_profile]": "true", "show_identifiers": "true"}


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_every_field(partner: Partner, sample: Contact, field: Field, settings: Any) -> None:
    settings.API_CREDENTIAL_CACHE_SECONDS = 30
    marks, refused = hostile.bystander(), 0
    headers = {"Authorization": basic(partner.login, partner.secret)}
    before = contents()
    for address in addresses(field, partner.login, sample):
        response = partner.http.get(address, headers=headers)
        assert hostile.betrayed(marks, response) == [], address[:200]
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        assert contents() == before
        body = json.loads(response.content)
        if response.status_code == 200:
            assert body["user"]["external_id"] == sample.external_id
            continue
        refused += 1
        assert (response.status_code, body["errors"]["code"]) in REFUSALS, address[:200]
    assert refused > len(hostile.in_address()) / 2
    interaction_backlog.flush()
    assert Interaction.objects.count() == refused


def addresses(field: Field, api_key: str, sample: Contact) -> list[str]:
    """Return addresses that are right but for one field."""
    values = hostile.in_address()
    right = {"api_key": api_key, "user_id": str(sample.public_id), "external_id": str(sample.external_id)}
    if field.where == "path":
        values += ["..", ".", "%2e%2e", "%2F", "search", "%2A"]
        return [path_of(field, right | {field.name: value}) + "?external_id=ZTEST002" for value in values]
    path, beside = path_of(field, right), dict(ENOUGH)
    if field.name in ENOUGH and path.endswith("/search"):
        beside["external_id"] = str(sample.external_id)
    beside.pop(field.name, None)
    rest = "&".join(f"{name}={value}" for name, value in beside.items())
    return [f"{path}?{field.name}={value}&{rest}" for value in [*values, f"a&{field.name}=b"]]


def path_of(field: Field, values: dict[str, str]) -> str:
    """Return the path of a field's call with values in it."""
    path = field.path
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    return path
