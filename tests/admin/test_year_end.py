"""Marketers look ahead to the year end, and put a tier between two others."""

import re
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.admin.conftest import Browser
from tests.conftest import MovingClock
from tests.factories import StandingFactory, tier_named
from tests.ledger.books import MOSCOW, assert_laws_hold, earn
from tiers.models import Standing, Tier

PAGE = "admin:tiers_tier_year_end"
NEW_YEAR = datetime(2027, 1, 1, tzinfo=MOSCOW)


@pytest.fixture
def december(story_clock: MovingClock, db: None) -> None:
    """Two go down from Gold, one of them to Silver; one rises by points in escrow; one stays in Base."""
    story_clock.set(datetime(2026, 11, 20, tzinfo=MOSCOW))
    before = {"entered_at": NEW_YEAR.replace(year=2025), "ends_at": NEW_YEAR, "reason": "upgraded"}
    gold, _ = (StandingFactory(tier=tier_named("Gold"), **before) for _ in range(2))
    rising, _ = (StandingFactory(entered_at=NEW_YEAR.replace(year=2026)) for _ in range(2))
    earn(gold.contact_id, 1, qualifying=2500)
    earn(rising.contact_id, 1, qualifying=2000)
    story_clock.set(datetime(2026, 12, 10, tzinfo=MOSCOW))


def rows(text: str) -> list[tuple[str, ...]]:
    """The cells of the table of moves, without tags."""
    body = text[text.index("Who goes where") :]
    body = body[body.index("<tbody") : body.index("</tbody>")]
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in body.split("<tr")[1:]]
    return [tuple(re.sub(r"<[^>]*>", "", cell).strip() for cell in row) for row in cells]


@pytest.mark.usefixtures("december")
def test_a_marketer_sees_in_december_who_will_go_where_and_nothing_happens(browser: Browser) -> None:
    before = list(Standing.objects.order_by("id").values())
    answer = browser("marketer").get(reverse(PAGE))
    text = answer.content.decode()
    assert "The end of 2026" in text
    assert rows(text) == [
        ("Base", "Base", "stay", "1", "0.00"),
        ("Base", "Silver", "up", "1", "2,000.00"),
        ("Gold", "Base", "down", "1", "0.00"),
        ("Gold", "Silver", "down", "1", "2,500.00"),
    ]
    assert "4,500.00 of them still in escrow" in text
    assert list(Standing.objects.order_by("id").values()) == before
    assert_laws_hold()


@pytest.mark.usefixtures("story_clock")
def test_before_anybody_is_enrolled_the_page_says_so(browser: Browser) -> None:
    assert "Nobody is enrolled yet." in browser("marketer").get(reverse(PAGE)).content.decode()


@pytest.mark.usefixtures("story_clock")
@pytest.mark.parametrize("year", ["2027", "1990"])
def test_a_year_that_cannot_be_told_leads_back_to_the_running_one(browser: Browser, year: str) -> None:
    answer = browser("marketer").get(reverse(PAGE), {"year": year}, follow=True)
    assert answer.redirect_chain == [(reverse(PAGE), 302)]
    assert "Look at the running year, or one that is over." in answer.content.decode()


@pytest.mark.usefixtures("story_clock")
@pytest.mark.parametrize("role", ["cc_operator", "senior_employee"])
def test_who_may_not_see_tiers_sees_no_year_end(browser: Browser, role: str) -> None:
    client = browser(role)
    assert client.get(reverse(PAGE)).status_code == 403
    assert reverse(PAGE) not in client.get(reverse("admin:index")).content.decode()


@pytest.mark.usefixtures("december")
def test_the_page_takes_as_many_statements_for_many_customers_as_for_few(browser: Browser) -> None:
    client = browser("marketer")

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse(PAGE))
        return len(captured.captured_queries)

    few = statements()
    for _ in range(20):
        StandingFactory()
    assert statements() == few


NEW_TIER = {
    "name": "Rose", "target": "5000", "multiplier": "1.50", "expiry_policy": "next_year_end", "reason": "spring",
}  # fmt: skip


@pytest.mark.usefixtures("story_clock")
def test_a_marketer_puts_a_tier_between_two_others(browser: Browser) -> None:
    form = NEW_TIER | {"above": str(tier_named("Silver").pk)}
    assert browser("marketer").post(reverse("admin:tiers_tier_add"), form).status_code == 302
    assert list(Tier.objects.order_by("rank").values_list("rank", "name", "target")) == [
        (0, "Unenrolled", None), (1, "Base", None), (2, "Silver", 2000), (3, "Rose", 5000), (4, "Gold", 10_000),
    ]  # fmt: skip


@pytest.mark.usefixtures("story_clock")
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"target": "2000"}, "must rise"),
        ({"target": ""}, "needs a target"),
        ({"name": "Gold"}, "already exists"),
        ({"expiry_policy": "days"}, "how many days"),
        ({"reason": ""}, "required"),
        ({"above": "0"}, "Select a valid choice"),
    ],
)
def test_an_impossible_new_tier_is_refused_in_words(browser: Browser, changed: dict[str, str], words: str) -> None:
    form = NEW_TIER | {"above": str(tier_named("Silver").pk)} | changed
    answer = browser("marketer").post(reverse("admin:tiers_tier_add"), form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Tier.objects.count() == 4
