"""A marketer writes a draft, tries it with a basket, lets it live; what is refused is said in words."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from loyalty.core import clock
from loyalty.models import JournalEntry, Program
from loyalty.services import promotions
from promos.models import Promotion
from tests.admin.conftest import SYSTEM, Browser
from tests.admin.test_commands import press, settings_form
from tests.conftest import MovingClock

pytestmark = pytest.mark.django_db
ADD = "admin:promos_promotion_add"


def promotion_form(**changed: Any) -> dict[str, Any]:
    form = {
        "name": "Tea week",
        "kind": "percent",
        "value": "10",
        "stacks": "on",
        "starts_at": "2026-03-02T12:00",
        "ends_at": "2026-03-09T00:00",
        "hour_from": "0",
        "hour_until": "24",
        "minimum_basket": "0",
        "categories": "Tea\n coffee \n\nTea",
        "weekdays": ["1", "7"],
        "budget": "5000",
        "reason": "spring",
    }
    return form | changed


@pytest.fixture
def marketer(story_clock: MovingClock, browser: Browser) -> Client:
    return browser("marketer", "olga")


@pytest.fixture
def tea(marketer: Client) -> Promotion:
    assert marketer.post(reverse(ADD), promotion_form()).status_code == 302
    return Promotion.objects.get(name="Tea week")


def page(client: Client, promotion: Promotion, **query: str) -> Any:
    return client.get(reverse("admin:promos_promotion_change", args=[promotion.pk]), query)


def tried(client: Client, promotion: Promotion, **query: str) -> tuple[list[str], list[str]]:
    example = page(client, promotion, **query).context["example"]
    return [str(tile.value) for tile in example.tiles], [str(note) for note in example.notes]


def test_a_draft_is_written_in_the_zone_of_the_retailer(tea: Promotion) -> None:
    assert tea.starts_at.isoformat() == "2026-03-02T09:00:00+00:00"
    assert (tea.categories, tea.weekdays, tea.status) == (["Tea", "coffee"], [1, 7], "draft")
    assert (tea.stacks, tea.qualifies, tea.budget, tea.customer_cap) == (True, False, 5000, None)
    entry = JournalEntry.objects.get(action="promotion.create")
    assert (entry.actor, entry.role, entry.reason) == ("staff:olga", "marketer", "spring")


@pytest.mark.parametrize(("field", "value", "words"), [
    ("name", "", "This field is required"),
    ("value", "0", "above zero"),
    ("ends_at", "2026-03-02T12:00", "must come after"),
    ("hour_until", "0", "Hours go from 0 to 24"),
    ("stores", "0001\n0999", "No store has the code 0999"),
    ("weekdays", ["8"], "Select a valid choice"),
    ("birthday_days", "400", "less than or equal to 60"),
    ("budget", "0", "Leave it empty"),
    ("customer_cap", "-1", "greater than or equal to 0"),
    ("starts_at", "soon", "Enter a valid date/time"),
    ("reason", " ", "Write down why."),
])  # fmt: skip
def test_a_wrong_term_is_said_beside_its_field(field: str, value: Any, words: str, marketer: Client) -> None:
    answer = marketer.post(reverse(ADD), promotion_form(**{field: value}))
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert not Promotion.objects.exists()


def test_a_multiplier_of_one_is_refused(marketer: Client) -> None:
    answer = marketer.post(reverse(ADD), promotion_form(kind="multiplier", value="1"))
    assert "A multiplier is above 1" in str(answer.context["form"].errors["value"])


def test_the_form_of_a_draft_shows_what_is_stored_and_sends_it_back_unchanged(tea: Promotion, marketer: Client) -> None:
    html = marketer.get(reverse("admin:promos_promotion_edit", args=[tea.pk])).content.decode()
    assert 'value="2026-03-02T12:00"' in html
    assert "Tea\ncoffee</textarea>" in html
    answer = press(marketer, "promos_promotion", "edit", tea.pk, **promotion_form(reason="looked only"))
    assert answer.status_code == 302
    assert not JournalEntry.objects.filter(action="promotion.change").exists()
    changed = promotion_form(value="12.5", reason="more")
    assert press(marketer, "promos_promotion", "edit", tea.pk, **changed).status_code == 302
    entry = JournalEntry.objects.get(action="promotion.change")
    assert entry.details == {"changes": {"value": ["10.00", "12.5"]}}


def test_a_life_by_buttons(tea: Promotion, marketer: Client) -> None:
    offered = {"draft": {"Go live", "Change the draft", "End for good"}, "live": {"Pause", "End for good"},
               "paused": {"Go live", "End for good"}, "ended": set()}  # fmt: skip
    for command, status in (("", "draft"), ("go-live", "live"), ("pause", "paused"), ("go-live", "live"),
                            ("end", "ended")):  # fmt: skip
        if command:
            assert press(marketer, "promos_promotion", command, tea.pk, reason="so").status_code == 302
        response = page(marketer, tea)
        assert Promotion.objects.get(pk=tea.pk).status == status
        always = {"Offer in the wallet", "Duplicate as a new draft"}
        assert {str(button["title"]) for button in response.context["buttons"]} == offered[status] | always
    for command in ("go-live", "pause", "end"):
        answer = press(marketer, "promos_promotion", command, tea.pk, reason="so")
        assert answer.status_code == 422
        assert "Somebody has changed" in answer.content.decode()
    answer = press(marketer, "promos_promotion", "edit", tea.pk, **promotion_form(value="99"))
    assert answer.status_code == 422


def test_a_basket_is_tried(tea: Promotion, marketer: Client) -> None:
    assert tried(marketer, tea) == (["1,000.00", "100.00", "1,100.00"], [])
    points, notes = tried(marketer, tea, basket="99.99", paid="50", moment="2026-03-02T12:00", category="TEA")
    assert (points, notes) == (["49.99", "4.99", "54.98"], [])
    points, notes = tried(marketer, tea, basket="100", moment="2026-03-03T12:00", category="Milk")
    assert points == ["100.00", "0.00", "100.00"]
    assert notes == [
        "It does not count on that weekday.",
        "It is about other goods: write a category or SKU that it names.",
    ]
    Program.objects.update(excluded_categories=["tea"])
    assert tried(marketer, tea, basket="100", moment="2026-03-02T12:00", category="Tea")[0] == ["0.00"] * 3


@pytest.mark.parametrize(("query", "field"), [
    ({"basket": "-1"}, "basket"), ({"basket": "1e9999"}, "basket"), ({"basket": "NaN"}, "basket"),
    ({"basket": "10", "paid": "11"}, "paid"), ({"basket": "10", "moment": "yesterday"}, "moment"),
])  # fmt: skip
def test_a_basket_that_is_none_is_refused(query: dict[str, str], field: str, tea: Promotion, marketer: Client) -> None:
    response = page(marketer, tea, **({"moment": "2026-03-02T12:00"} | query))
    assert response.status_code == 200
    assert response.context["example"] is None
    assert field in response.context["form"].errors


def test_the_trial_asks_for_what_the_promotion_looks_at(marketer: Client) -> None:
    terms = {"kind": "fixed", "value": Decimal(50), "starts_at": clock.now(), "name": "First"}
    terms |= {"stores": ["0001"], "first_purchase": True, "birthday_days": 3, "skus": ["A"]}
    made = promotions.create_promotion(SYSTEM, terms, "spring")
    form = page(marketer, made).context["form"]
    assert list(form.fields) == ["basket", "paid", "moment", "category", "sku", "store", "birth_date", "first_purchase"]
    query = {"basket": "100", "moment": "2026-03-02T12:00", "sku": "a", "store": "0001", "first_purchase": "on"}
    assert tried(marketer, made, **query, birth_date="1990-03-04")[0][1] == "50.00"
    assert tried(marketer, made, **query)[1] == ["It is too far from the customer's birthday."]


def test_the_list_says_what_a_promotion_gives_and_what_the_clock_makes_of_it(
    tea: Promotion, marketer: Client, story_clock: MovingClock
) -> None:
    def listed() -> str:
        return marketer.get(reverse("admin:promos_promotion_changelist"), {"q": "tea"}).content.decode()

    assert "10% of the money paid" in listed()
    assert "Draft" in listed()
    promotions.go_live(SYSTEM, tea.pk, "so")
    assert "0.00 / 5,000.00" in listed()
    story_clock.forward(days=7)
    assert "Over" in listed(), "no job has run"


@pytest.mark.parametrize("role", ["cc_operator", "director"])
def test_others_look_and_try_but_find_no_button(role: str, tea: Promotion, browser: Browser) -> None:
    response = page(browser(role), tea, basket="100", moment="2026-03-02T12:00", category="tea")
    assert response.status_code == 200
    assert response.context["buttons"] == []
    assert page(browser("senior_employee"), tea).status_code == 403


def test_excluded_categories_are_settings(browser: Browser) -> None:
    client = browser("administrator")
    address = reverse("admin:loyalty_program_change", args=[1])
    form = settings_form(client) | {"excluded_categories": "Tobacco\n\n lottery\nTobacco"}
    assert client.post(address, form).status_code == 302
    assert Program.objects.get().excluded_categories == ["Tobacco", "lottery"]
    assert settings_form(client)["excluded_categories"] == "Tobacco\nlottery"
    assert client.post(address, form).status_code == 302
    assert JournalEntry.objects.filter(action="settings.change", details__has_key="excluded_categories").count() == 1
    too_long = settings_form(client) | {"excluded_categories": "x" * 81}
    assert client.post(address, too_long).status_code == 422
