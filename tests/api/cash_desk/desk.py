"""The cash desk as a till sees it: real HTTP, Basic credentials, answers with exact decimals."""

import base64
import json
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.test import Client

from loyalty.core import actors
from loyalty.services import api_clients

_serial = count(1)
# Django's test client loads all middleware at its first call: a new one for each call would take most of the time.
_client = Client(raise_request_exception=True)
ENVELOPE = ["Status", "Key", "Value"]


@dataclass(frozen=True)
class Answer:
    """One answer: the HTTP code, the headers, the raw body and what it says."""

    http: int
    headers: dict[str, str]
    content: bytes

    def __post_init__(self) -> None:
        assert self.headers["Content-Type"].startswith("application/json"), self.content[:200]
        assert list(self.body)[:3] == ENVELOPE
        assert self.headers["Cache-Control"] == "no-store"
        assert self.body["Status"] is (self.body["Key"] == "OK")
        assert self.body["Status"] is (self.body["Value"] == "")

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.content, parse_float=Decimal))

    @property
    def key(self) -> str:
        return str(self.body["Key"])

    @property
    def value(self) -> str:
        return str(self.body["Value"])

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class Desk:
    """One credential of the cash desk."""

    def __init__(self, login: str, secret: str) -> None:
        self.login, self.secret = login, secret
        self.headers = {"Authorization": "Basic " + base64.b64encode(f"{login}:{secret}".encode()).decode()}

    @classmethod
    def with_role(cls, role: str) -> "Desk":
        client, secret = api_clients.create(
            actors.system("test"), surface="cash_desk", login=f"desk-{next(_serial)}", role=role
        )
        return cls(client.login, secret)

    def get(self, path: str, **query: Any) -> Answer:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any) -> Answer:
        return self.call("POST", path, json.dumps(body, default=str).encode())

    def call(self, method: str, path: str, content: bytes = b"", *, query: Any = None) -> Answer:
        response = _client.generic(
            method, f"/api/{path}", content, "application/json", headers=self.headers, query_params=query or None
        )
        return Answer(response.status_code, dict(response.headers), response.content)

    def balance(self, number: str) -> Answer:
        return self.get(f"card/balance/by/{quote(number, safe='')}")

    def cash(self, number: str) -> dict[str, str]:
        """The cash bonuses of a card by status code, as they are written."""
        return {each["StatusCode"]: f"{each['Amount']}" for each in self.bonuses(number, "0")}

    def bonuses(self, number: str, type_code: str) -> list[dict[str, Any]]:
        return [each for each in self.balance(number)["Bonuses"] if each["TypeCode"] == type_code]


def rows() -> dict[str, int]:
    """How many rows each table of ours holds: to show that a refusal wrote nothing."""
    ours = ("loyalty", "ledger", "cards", "customers", "tiers")
    models = [model for label in ours for model in apps.get_app_config(label).get_models()]
    return {model._meta.label: model._default_manager.count() for model in models}
