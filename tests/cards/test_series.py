"""Series and stores as marketers keep them: what may change, what never does, and the flag that moves."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from cards.models import CardCategory, CardSeries
from loyalty.core import actors
from loyalty.core.errors import InvalidParameter
from loyalty.models import JournalEntry, Store
from loyalty.services import card_series, cards, stores
from tests.cards.files import issuing

pytestmark = pytest.mark.django_db
VERA = actors.staff("vera", "marketer")
TERMS: dict[str, Any] = {
    "name": "Spring cards",
    "prefix": "2995",
    "length": 13,
    "check_digit": "ean",
    "barcode": "EAN_13",
    "card_type": 0,
    "issuing": False,
}


def add(**changed: Any) -> CardSeries:
    return card_series.add_series(VERA, TERMS | changed, "a new print run")


def test_a_new_series_issues_only_when_it_is_told_to() -> None:
    before = issuing()
    add()
    assert issuing() == before
    made = add(name="Summer cards", prefix="2996", issuing=True)
    assert issuing() == made
    assert cards.create_card_pool(VERA, count=1, category=CardCategory.VIRTUAL)[0].startswith("2996")
    entry = JournalEntry.objects.filter(action="card_series.add").latest("pk")
    assert (entry.actor, entry.target, entry.reason) == ("staff:vera", "Summer cards", "a new print run")


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"name": "Main series"}, "name"),
        ({"name": ""}, "name"),
        ({"prefix": "2990"}, "prefix"),
        ({"prefix": "299"}, "prefix"),
        ({"prefix": "29901"}, "prefix"),
        ({"prefix": "12a"}, "prefix"),
        ({"prefix": ""}, "prefix"),
        ({"prefix": "123456789012"}, "length"),
        ({"length": 7}, ""),
        ({"length": 20}, ""),
        ({"length": 16}, "barcode"),
        ({"check_digit": "luhn"}, "barcode"),
        ({"barcode": "EAN_8"}, "barcode"),
        ({"barcode": "PDF_417"}, "barcode"),
        ({"card_type": 9}, "card_type"),
    ],
)
def test_a_series_that_cannot_be_is_refused(changed: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        add(**changed, **({"barcode": "QR_CODE"} if changed.keys() == {"length"} and name == "" else {}))
    assert refused.value.data["name"] == name
    assert CardSeries.objects.count() == 1


def test_numbers_of_the_same_beginning_and_another_length_are_another_series() -> None:
    assert add(prefix="29900", length=16, barcode="CODE_128").pk


def test_the_flag_moves_and_name_and_barcode_change() -> None:
    before, made = issuing(), add()
    card_series.change_series(VERA, made.pk, {"name": "Winter cards", "barcode": "QR_CODE", "issuing": True}, "winter")
    assert issuing() == made
    entry = JournalEntry.objects.get(action="card_series.change")
    assert entry.details["changes"] == {
        "name": ["Spring cards", "Winter cards"],
        "barcode": ["EAN_13", "QR_CODE"],
        "issuing": ["False", "True"],
    }
    card_series.change_series(VERA, before.pk, {"issuing": True}, "back")
    assert issuing() == before
    card_series.change_series(VERA, before.pk, {"issuing": False}, "none")
    assert not CardSeries.objects.filter(issuing=True).exists()


def test_nothing_changed_leaves_no_line_in_the_journal() -> None:
    card_series.change_series(VERA, issuing().pk, {"issuing": True}, "nothing")
    assert not JournalEntry.objects.filter(action="card_series.change").exists()


@pytest.mark.parametrize(("name", "value"), [("prefix", "2999"), ("length", 14), ("check_digit", "luhn")])
def test_what_numbers_look_like_never_changes(name: str, value: Any) -> None:
    with pytest.raises(InvalidParameter):
        card_series.change_series(VERA, issuing().pk, {name: value}, "no")
    with pytest.raises(IntegrityError), transaction.atomic():
        CardSeries.objects.update(**{name: value})


def test_stores_are_added_and_renamed() -> None:
    store = stores.add_store(VERA, code="0042", name="Arbat", region="Moscow", reason="opened")
    stores.change_store(VERA, store.pk, {"name": "Old Arbat"}, "renamed")
    store.refresh_from_db()
    assert (store.code, store.name, store.region) == ("0042", "Old Arbat", "Moscow")
    assert JournalEntry.objects.get(action="store.change").details["changes"] == {"name": ["Arbat", "Old Arbat"]}
    with pytest.raises(InvalidParameter) as refused:
        stores.add_store(VERA, code="0042", name="", region="", reason="again")
    assert refused.value.data["name"] == "code"
    with pytest.raises(InvalidParameter):
        stores.change_store(VERA, store.pk, {"code": "0043"}, "no")
    assert Store.objects.get(code="0042").name == "Old Arbat"
