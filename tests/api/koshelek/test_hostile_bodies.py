"""Bodies that no wallet should send: each is refused by name or read, never a fault of ours, and writes nothing."""

import json
from typing import Any

import pytest
from django.apps import apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.koshelek.conftest import Wallet

KEYS = (
    "phone", "email", "firstname", "firstName", "surname", "patronymic", "sex", "birthDate", "birthdate",
    "countryCode", "locality",
)  # fmt: skip
WRONG_TYPES: tuple[Any, ...] = (1.5, True, False, [], ["a"], {}, {"a": 1}, [[]], -1e400)
HOSTILE = ("a\x00b", "\ud800", "a\nb", "\u202egnp", "\u2028x", "x" * 100_000, "\x7f\x01")
BAD: tuple[tuple[str, Any], ...] = (
    ("phone", "not a phone"), ("phone", "123"), ("phone", "7" * 30), ("phone", -79001234567), ("phone", 10**400),
    ("phone", "٧٩٠٠١٢٣٤٥٦٧"), ("email", "anna"), ("email", "a@b"), ("email", "a@b.ru, c@d.ru"),
    ("email", "\u212aolya@example.com"), ("sex", "x"), ("sex", "male"), ("sex", "mf"),
    ("birthDate", "2026-02-30"), ("birthDate", "1899-12-31"), ("birthDate", "2999-01-01"), ("birthDate", "17.05.1990"),
    ("birthDate", "0000-00-00"), ("birthDate", "1990-5-7"), ("birthDate", "19900517"), ("birthdate", "x"),
    ("countryCode", "RUSS"), ("surname", "x" * 81), ("patronymic", "x" * 81), ("locality", "x" * 121),
    ("email", "a" * 250 + "@example.com"),
)  # fmt: skip


def rows() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models() if model._meta.managed}


def person() -> dict[str, Any]:
    return {"phone": "79005550000", "firstname": "Vera"}


@pytest.mark.parametrize("key", KEYS)
def test_wrong_types_and_hostile_texts_are_refused_by_name_and_write_nothing(
    wallet: Wallet, anna: str, pool: list[str], key: str
) -> None:
    reserved = wallet.reserve()
    before = rows()
    for value in (*WRONG_TYPES, *HOSTILE):
        for path in (f"/v1/card/{anna}", "/v1/card/anonymous", f"/v1/card/anonymous/{reserved}"):
            text = json.dumps(person() | {key: value})
            reply = wallet.send(path, text)
            assert reply.status == 422, (key, value)
            assert reply.code in ("1010", "2002", "2003")
            assert reply.code == "1010" or reply.said.startswith(f"{key}: ")
    assert rows() == before


@pytest.mark.parametrize(("key", "value"), BAD)
def test_bad_values_are_refused_by_name_and_write_nothing(
    wallet: Wallet, anna: str, pool: list[str], key: str, value: Any
) -> None:
    reserved = wallet.reserve()
    before = rows()
    for path in (f"/v1/card/{anna}", "/v1/card/anonymous", f"/v1/card/anonymous/{reserved}"):
        reply = wallet.send(path, person() | {key: value})
        assert (reply.status, reply.code[0]) == (422, "2"), reply.body
        assert reply.said.startswith(f"{key}: ")
    assert rows() == before


@pytest.mark.parametrize("body", [{}, {"phone": ""}, {"phone": None}, {"firstname": "Vera"}, {"phone": "  "}])
def test_a_new_holder_needs_a_phone(wallet: Wallet, pool: list[str], body: dict[str, Any]) -> None:
    reserved = wallet.reserve()
    before = rows()
    assert wallet.issue(**body).code == "2001"
    assert wallet.register(reserved, **body).code == "2001"
    assert rows() == before


def test_a_person_born_today_is_no_mistake_and_tomorrow_is(wallet: Wallet, anna: str, story_clock) -> None:
    assert wallet.update(anna, birthDate="2026-03-02").status == 200
    assert wallet.update(anna, birthDate="2026-03-03").code == "2002"
    assert wallet.update(anna, birthDate="1900-01-01").status == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(body=st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), JSON, max_size=4))
def test_no_body_is_a_fault_of_ours(wallet: Wallet, anna: str, body: dict[str, Any]) -> None:
    from django.db import transaction

    for path in (f"/v1/card/{anna}", "/v1/card/anonymous"):
        # What is accepted is rolled back, so that each body meets the same books.
        point = transaction.savepoint()
        assert wallet.send(path, body).status in (200, 422)
        transaction.savepoint_rollback(point)
