"""Addresses and forms as a hostile browser writes them: an answer in words, never a fault of ours."""

import pytest
from django.urls import reverse

from customers.models import Contact
from loyalty.models import Program
from promos.models import Promotion
from tests.admin.conftest import Browser
from tests.admin.pages import opened
from tests.admin.test_rights import address, pages

pytestmark = pytest.mark.django_db


def test_nul_in_any_filter_or_search_is_left_out(retailer: Contact, browser: Browser) -> None:
    client = browser("administrator")
    wrong = []
    for page in pages():
        if page.label == "loyalty.program":
            continue
        texts = [field.name for field in page.opts.concrete_fields if field.choices or field.name in ("action", "key")]
        for name in ("q", "p", "id__exact", *texts, *(f"{each}__exact" for each in texts)):
            answer = client.get(address(page, "changelist"), {name: "a\x00b"}, follow=True)
            if answer.status_code not in (200, 403):
                wrong.append((page.label, name, answer.status_code))
    assert wrong == []


def test_nul_in_a_list_of_lines_is_refused_beside_the_field(retailer: Contact, browser: Browser) -> None:
    client = browser("administrator")
    for path in (reverse("admin:loyalty_program_change", args=[1]), reverse("admin:promos_promotion_add")):
        form = opened(client, path) | {"name": "Tea", "value": "5", "kind": "percent", "reason": "because"}
        for name in ("excluded_categories", "categories", "skus", "stores"):
            if name in form:
                answer = client.post(path, form | {name: "Tea\r\na\x00b"})
                assert answer.status_code == 422, (path, name)
                assert "Null characters" in answer.content.decode()
    assert Program.objects.get().excluded_categories == []


def test_a_promotion_opens_by_an_escaped_number_too(retailer: Contact, browser: Browser) -> None:
    promotion = Promotion.objects.all()[0]
    # Django reads _0A as a line break, and a number with one as the number.
    path = reverse("admin:promos_promotion_change", args=[f"{promotion.pk}_0A"])
    assert promotion.name in browser("marketer").get(path).content.decode()
