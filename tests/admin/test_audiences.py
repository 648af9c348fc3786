"""A marketer chooses customers by conditions, counts them before anything is saved or live, and gives them away."""

from typing import Any

import psycopg
import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from customers.models import Contact
from loyalty.models import JournalEntry, Program, StaffRole
from loyalty.selectors import audiences as reads
from loyalty.services import audiences, segments
from promos.models import Audience, Segment
from tests.admin.conftest import SYSTEM, Browser, buy, shopper
from tests.admin.test_commands import press
from tests.conftest import MovingClock
from tests.factories.shops import StoreFactory
from tests.promos.marketing import draft, live

pytestmark = pytest.mark.django_db
ADD = "admin:promos_audience_add"
MODEL = "promos_audience"


@pytest.fixture
def marketer(story_clock: MovingClock, browser: Browser) -> Client:
    return browser("marketer", "olga")


@pytest.fixture
def shoppers(story_clock: MovingClock) -> None:
    """Three customers of whom one has bought."""
    for serial in range(1, 4):
        card = shopper(serial)
        if serial == 1:
            buy(card, "R-1")


def audience(name: str = "Buyers", **conditions: Any) -> Audience:
    return audiences.create_audience(SYSTEM, name, conditions, "spring")


def page(client: Client, record: Audience) -> str:
    return str(client.get(reverse("admin:promos_audience_change", args=[record.pk])).content.decode())


def test_the_conditions_are_counted_before_anything_is_saved(shoppers: None, marketer: Client) -> None:
    answer = marketer.post(reverse(ADD), {"look": "1", "purchased_within": "30"})
    assert answer.status_code == 200
    assert answer.context["seen"] == "Now this reaches 1 customer."
    everybody = marketer.post(reverse(ADD), {"look": "1"})
    assert everybody.context["seen"] == "Now this reaches 3 customers."
    assert 'value="30"' in answer.content.decode(), "what was typed stays"
    assert not Audience.objects.exists()
    assert not JournalEntry.objects.filter(action="audience.create").exists()


def test_impossible_conditions_are_refused_when_counted_as_when_saved(marketer: Client) -> None:
    wrong = {"name": "Nobody", "purchased_within": "10", "not_purchased_within": "30", "reason": "spring"}
    for pressed in ({"look": "1"}, {}):
        answer = marketer.post(reverse(ADD), wrong | pressed)
        assert answer.status_code == 422
        assert "These two leave nobody" in str(answer.context["form"].errors["not_purchased_within"])
        assert answer.context["seen"] == ""
    assert not Audience.objects.exists()


def test_saving_leads_to_a_page_with_the_conditions_in_words_and_the_count(shoppers: None, marketer: Client) -> None:
    form = {"name": "Buyers", "purchased_within": "30", "points_to": "5", "cards": ["active", "issued"]}
    answer = marketer.post(reverse(ADD), form | {"reason": "spring"})
    made = Audience.objects.get()
    assert answer["Location"] == reverse("admin:promos_audience_change", args=[made.pk])
    assert made.conditions == {"purchased_within": 30, "points_to": "5.00", "cards": ["active", "issued"]}
    html = page(marketer, made)
    for part in ("Bought within, days", "Active, Issued", "Reaches now", "customers who take part", "With a phone"):
        assert part in html, part
    tiles = marketer.get(reverse("admin:promos_audience_change", args=[made.pk])).context["page"].tiles
    assert [str(tile.value) for tile in tiles] == ["1", "1"]
    entry = JournalEntry.objects.get(action="audience.create")
    assert (entry.actor, entry.reason) == ("staff:olga", "spring")


@pytest.mark.parametrize(("changed", "field", "words"), [
    ({"name": ""}, "name", "This field is required"),
    ({"name": "Everybody"}, "name", "Another audience has this name"),
    ({"reason": " "}, "reason", "Write down why"),
    ({"points_from": "10", "points_to": "9"}, "points_to", "The most is not less than the least"),
    ({"points_from": "0.001"}, "points_from", "no more than 2 decimal places"),
    ({"birthday_before": "61"}, "birthday_before", "less than or equal to 60"),
    ({"purchased_within": "-1"}, "purchased_within", "greater than or equal to 0"),
    ({"never_purchased": "on", "purchased_within": "3"}, "never_purchased", "Leave one out"),
    ({"regions": ["Moscow"]}, "region_days", "Say both"),
    ({"region_days": "3"}, "regions", "Say both"),
    ({"regions": ["Atlantis"], "region_days": "3"}, "regions", "Select a valid choice"),
    ({"cards": ["gold"]}, "cards", "Select a valid choice"),
    ({"tiers": ["7f6ab0a8-0000-4000-8000-000000000000"]}, "tiers", "Select a valid choice"),
    ({"segments": ["{0}"], "not_segments": ["{0}"]}, "not_segments", "wanted and unwanted"),
])  # fmt: skip
def test_a_wrong_condition_is_said_beside_its_field(
    changed: dict[str, Any], field: str, words: str, marketer: Client
) -> None:
    audience("Everybody")
    StoreFactory(region="Moscow")
    segment = segments.create_segment(SYSTEM, "Guests", "", "spring")
    sent = {name: [each.format(segment.pk) for each in value] if isinstance(value, list) else value
            for name, value in changed.items()}  # fmt: skip
    answer = marketer.post(reverse(ADD), {"name": "New", "reason": "spring"} | sent)
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert Audience.objects.count() == 1


def test_regions_and_segments_are_asked_only_where_there_are_any(marketer: Client) -> None:
    absent = set(marketer.get(reverse(ADD)).context["form"].fields)
    assert not {"regions", "region_days", "segments", "not_segments"} & absent
    StoreFactory(region="Moscow")
    segments.create_segment(SYSTEM, "Guests", "", "spring")
    present = set(marketer.get(reverse(ADD)).context["form"].fields)
    assert {"regions", "region_days", "segments", "not_segments"} <= present


def test_an_audience_that_was_live_keeps_its_conditions_and_a_copy_may_differ(marketer: Client) -> None:
    made = audience(purchased_within=30)
    assert "has been live" not in page(marketer, made)
    draft(audience=made)
    assert press(marketer, MODEL, "edit", made.pk, name="Buyers", purchased_within="60", reason="b").status_code == 302
    promotion = live(audience=made)
    html = page(marketer, made)
    assert f"{promotion.name} has been live for this audience: its conditions stay." in html
    refused = press(marketer, MODEL, "edit", made.pk, name="Buyers", purchased_within="90", reason="better")
    assert refused.status_code == 422
    assert "Make a copy" in refused.content.decode()
    renamed = press(marketer, MODEL, "edit", made.pk, name="Of spring", purchased_within="60", reason="better")
    assert renamed.status_code == 302
    copied = press(marketer, MODEL, "copy", made.pk, name="Of summer", purchased_within="90", reason="better")
    copy = Audience.objects.get(name="Of summer")
    assert copied["Location"] == reverse("admin:promos_audience_change", args=[copy.pk])
    made.refresh_from_db()
    assert (made.name, made.conditions, copy.conditions) == (
        "Of spring", {"purchased_within": 60}, {"purchased_within": 90}
    )  # fmt: skip


def test_the_wallet_gets_one_audience_and_loses_it(shoppers: None, marketer: Client) -> None:
    first, second = audience("First"), audience("Second", never_purchased=True)

    def buttons(record: Audience) -> set[str]:
        response = marketer.get(reverse("admin:promos_audience_change", args=[record.pk]))
        return {str(each["title"]) for each in response.context["buttons"]} & {
            "Give to the wallet", "Take from the wallet"
        }  # fmt: skip

    asked = marketer.get(reverse("admin:promos_audience_for-wallet", args=[second.pk])).content.decode()
    assert "Now this reaches 2 customers." in asked, "before it happens"
    assert buttons(first) == buttons(second) == {"Give to the wallet"}
    for record in (first, second):
        assert press(marketer, MODEL, "for-wallet", record.pk, reason="campaign").status_code == 302
    assert Program.objects.get().wallet_audience == second
    assert (buttons(first), buttons(second)) == ({"Give to the wallet"}, {"Take from the wallet"})
    assert press(marketer, MODEL, "not-for-wallet", second.pk, reason="over").status_code == 302
    assert Program.objects.get().wallet_audience is None


def test_an_audience_is_frozen_into_a_segment(shoppers: None, marketer: Client) -> None:
    made = audience(never_purchased=True)
    answer = press(marketer, MODEL, "freeze", made.pk, name="Of March", note="", reason="campaign")
    segment = Segment.objects.get()
    assert answer["Location"] == reverse("admin:promos_segment_change", args=[segment.pk])
    change = segment.changes.get()
    waiting = marketer.get(reverse("admin:promos_segmentchange_change", args=[change.pk])).content.decode()
    assert "A worker is at it" in waiting
    assert '<meta http-equiv="refresh"' in waiting
    segments.work_off()
    done = marketer.get(reverse("admin:promos_segmentchange_change", args=[change.pk])).content.decode()
    assert "Done" in done
    assert '<meta http-equiv="refresh"' not in done
    assert segment.changes.get().added == 2
    buy(shopper(2), "R-2")
    assert audiences.reach({"segments": [segment.pk]}).contacts == 2, "the list stays as it was frozen"


def test_a_count_that_takes_too_long_leaves_the_page_standing(
    marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = audience()

    def cancelled(*_: object) -> None:
        raise OperationalError("canceling statement") from psycopg.errors.QueryCanceled()

    monkeypatch.setattr(reads, "count", cancelled)
    assert "Counting takes too long at this hour." in page(marketer, made)
    asked = marketer.get(reverse("admin:promos_audience_for-wallet", args=[made.pk])).content.decode()
    assert "could not be counted in time" in asked


@pytest.mark.parametrize("role", [*StaffRole.values, None])
def test_administrators_and_marketers_change_audiences_and_nobody_else(
    role: str | None, story_clock: MovingClock, browser: Browser
) -> None:
    made, client = audience("Old"), browser(role)
    client.post(reverse(ADD), {"name": "New", "reason": "spring"})
    press(client, MODEL, "edit", made.pk, name="Changed", reason="spring")
    press(client, MODEL, "copy", made.pk, name="Copied", reason="spring")
    press(client, MODEL, "freeze", made.pk, name="Frozen", reason="spring")
    press(client, MODEL, "for-wallet", made.pk, reason="spring")
    may = role in ("administrator", "marketer")
    names = {"Changed", "New", "Copied"} if may else {"Old"}
    assert set(Audience.objects.values_list("name", flat=True)) == names
    assert Segment.objects.exists() == may
    assert (Program.objects.get().wallet_audience_id is not None) == may


def test_an_empty_list_says_what_an_audience_is_and_a_search_without_a_hit_says_so(marketer: Client) -> None:
    path = reverse("admin:promos_audience_changelist")
    empty = marketer.get(path).content.decode()
    assert "An audience is a few conditions" in empty
    assert "New audience" in empty
    audience()
    assert "Nothing was found" in marketer.get(path, {"q": "nowhere"}).content.decode()
    assert Contact.objects.count() == 0
