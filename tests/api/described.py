"""The OpenAPI document of a surface, as a partner gets it: its calls, and their fields."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode

from config.wsgi import application


@cache
def _whole() -> dict[str, Any]:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))


def document(prefix: str) -> dict[str, Any]:
    """Return the part of the document under a path."""
    whole = copy.deepcopy(_whole())
    return whole | {"paths": {path: calls for path, calls in whole["paths"].items() if path.startswith(prefix)}}


def operations(prefix: str) -> dict[str, Any]:
    """Return schemathesis's operations by their labels, such as `GET /v1/card`.

    Without the credential, else half of what is forbidden would be spent on leaving it out; that has its own tests.
    """
    described = document(prefix)
    for calls in described["paths"].values():
        for call in calls.values():
            del call["security"]
    schema = schemathesis.openapi.from_dict(described)
    schema.app = application
    return {result.ok().label: result.ok() for result in schema.get_all_operations()}


def every_mode(prefix: str) -> list[tuple[str, GenerationMode]]:
    """Return each call with what the document allows, and with what it forbids: nothing in an address that is text."""
    taking = {f"{field.method.upper()} {field.path}" for field in fields(prefix) if field.where != "path"}
    return [
        (label, mode)
        for label in operations(prefix)
        for mode in GenerationMode
        if mode == GenerationMode.POSITIVE or label in taking
    ]


def bounded(examples: int) -> settings:
    """Return settings under which every run sends the same, and is over soon."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Field:
    """One place of a call into which a caller can write something. `where`: path, query or body."""

    method: str
    path: str
    where: str
    name: str

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path} {self.where} {self.name}"


def fields(prefix: str) -> list[Field]:
    """Return every field of every call, as the document declares them."""
    return [
        Field(method, path, where, name)
        for path, calls in document(prefix)["paths"].items()
        for method, call in calls.items()
        for where, name in _of(call)
    ]


def _of(call: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for parameter in call.get("parameters", ()):
        yield parameter["in"], parameter["name"]
    if "requestBody" in call:
        form = call["requestBody"]["content"]["application/json"]["schema"]
        form = _whole()["components"]["schemas"][form["$ref"].rpartition("/")[2]] if "$ref" in form else form
        for name in form["properties"]:
            yield "body", name
