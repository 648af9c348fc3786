"""Pages ask the database as often for sixty rows as for three, and never count a table."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.admin.site import site
from tests.admin.conftest import Browser, buy, shopper
from tests.admin.test_rights import address, pages, pk_of

pytestmark = pytest.mark.django_db
LIST_BUDGET = 8
PAGE_BUDGET = 16


def statements(client: object, path: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(path, follow=True)  # type: ignore[attr-defined]
    assert response.status_code == 200, path
    return [each["sql"] for each in captured.captured_queries]


def sell(first: int, last: int) -> None:
    for serial in range(first, last):
        card = shopper(serial)
        buy(card, f"R-{serial}")


def test_lists_ask_as_often_for_sixty_rows_as_for_three(
    story_clock: object, browser: Browser, retailer: object
) -> None:
    client = browser("administrator")
    sell(2, 4)
    few = {page.label: len(statements(client, address(page, "changelist"))) for page in pages()}
    sell(4, 61)
    many = {page.label: len(statements(client, address(page, "changelist"))) for page in pages()}
    assert many == few
    # The settings' list is its form, with a way there.
    settings = many.pop("loyalty.program")
    assert max(many.values()) <= LIST_BUDGET, many
    assert settings <= PAGE_BUDGET


def test_pages_ask_as_often_whatever_the_history(story_clock: object, browser: Browser, retailer: object) -> None:
    client = browser("administrator")
    card = shopper(1)
    paths = {page.label: address(page, "change", pk_of(page)) for page in pages()}
    few = {label: len(statements(client, path)) for label, path in paths.items()}
    for serial in range(40):
        buy(card, f"M-{serial}")
    many = {label: len(statements(client, path)) for label, path in paths.items()}
    assert many == few
    assert max(many.values()) <= PAGE_BUDGET, many


def test_no_page_counts_a_table(browser: Browser, retailer: object) -> None:
    client = browser("administrator")
    for path in [reverse("admin:index"), *(address(page, "changelist") for page in pages())]:
        for text in ("", "?q=8+900+123+00+01"):
            assert [sql for sql in statements(client, path + text) if "COUNT(" in sql] == [], path


def test_the_overview_asks_little(browser: Browser, retailer: object) -> None:
    assert len(statements(browser("administrator"), reverse("admin:index"))) <= LIST_BUDGET


def test_pages_far_back_send_people_to_the_search(browser: Browser, retailer: object) -> None:
    response = browser("administrator").get(reverse("admin:customers_contact_changelist"), {"p": "5000000"})
    assert response.status_code == 302


def test_no_name_of_a_record_asks_the_database(
    retailer: object, person: object, django_assert_num_queries: object
) -> None:
    records = [model.objects.order_by("pk")[0] for model in site._registry]
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert all(str(record) for record in records)
