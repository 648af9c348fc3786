"""Two people have the same form open: each stores what it changed, and nobody undoes the other's work."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.models import Contact
from loyalty.ledger.models import PointAccount
from loyalty.models import Limit, Program
from promos.models import Audience, Promotion, Segment
from tests.admin.conftest import Browser
from tests.admin.pages import opened, read
from tiers.models import Tier

pytestmark = pytest.mark.django_db


def send(client: Client, path: str, form: dict[str, Any], **changed: Any) -> Any:
    return client.post(path, form | {"reason": "because"} | changed)


def together(browser: Browser, role: str, path: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Both open the form; the first saves, then the second, who never saw what the first changed."""
    vera, olga = browser(role, "vera"), browser(role, "olga")
    shown = opened(vera, path), opened(olga, path)
    for client, form, changed in ((vera, shown[0], first), (olga, shown[1], second)):
        answer = send(client, path, form, **changed)
        assert answer.status_code == 302, answer.content.decode()


def test_two_change_different_settings_and_account_names(retailer: Contact, browser: Browser) -> None:
    path = reverse("admin:loyalty_program_change", args=[1])
    together(
        browser, "administrator", path,
        {"escrow_days": "14", "sufficiency": ["phone"], "name_1": "Bonuses", "excluded_categories": "Tobacco\r\nGifts"},
        {"retailer": "Another name", "label_1": "B"},
    )  # fmt: skip
    program, account = Program.objects.get(), PointAccount.objects.get(code=1)
    assert (program.escrow_days, program.sufficiency, program.retailer) == (14, ["phone"], "Another name")
    assert program.excluded_categories == ["Tobacco", "Gifts"]
    assert (account.name, account.label) == ("Bonuses", "B")


def test_two_operators_write_what_two_calls_told(retailer: Contact, browser: Browser) -> None:
    path = reverse("admin:customers_contact_edit", args=[retailer.pk])
    together(
        browser, "cc_operator", path,
        {"phone": "+79007654321", "birth_date": "1991-02-03", "sex": ""}, {"locality": "Казань", "email": ""},
    )  # fmt: skip
    contact = Contact.objects.get(pk=retailer.pk)
    assert (contact.phone, str(contact.birth_date)) == ("+79007654321", "1991-02-03")
    assert (contact.locality, contact.email) == ("Казань", "")


def test_two_marketers_change_a_draft(retailer: Contact, browser: Browser) -> None:
    marketer = browser("marketer", "root")
    path = reverse("admin:promos_promotion_add")
    made = {"name": "Tea", "kind": "percent", "value": "5"}
    assert send(marketer, path, opened(marketer, path), **made).status_code == 302
    draft = Promotion.objects.get(name="Tea")
    together(
        browser, "marketer", reverse("admin:promos_promotion_edit", args=[draft.pk]),
        {"weekdays": ["6", "7"], "value": "7", "categories": "Tea\r\nMugs", "ends_at": "2030-01-01T00:00"},
        {"budget": "1000", "stacks": []},
    )  # fmt: skip
    draft = Promotion.objects.get(pk=draft.pk)
    assert (draft.weekdays, draft.value, draft.categories) == ([6, 7], 7, ["Tea", "Mugs"])
    assert (draft.budget, draft.stacks, draft.ends_at is None) == (1000, False, False)


def test_two_change_an_audience_a_segment_a_limit_and_a_tier(retailer: Contact, browser: Browser) -> None:
    marketer = browser("marketer", "root")
    for model in ("audience", "segment"):
        path = reverse(f"admin:promos_{model}_add")
        assert send(marketer, path, opened(marketer, path), name="Mine", points_from="10").status_code == 302
    audience, segment, limit = (
        Audience.objects.get(name="Mine"),
        Segment.objects.get(name="Mine"),
        Limit.objects.all()[0],
    )
    tier = Tier.objects.get(name="Silver")
    for role, name, pk, first, second in (
        ("marketer", "promos_audience", audience.pk, {"points_from": "20"}, {"points_to": "900"}),
        ("marketer", "promos_segment", segment.pk, {"name": "Ours"}, {"note": "from the fair"}),
        ("marketer", "tiers_tier", tier.pk, {"target": "9000"}, {"multiplier": "1.7"}),
        ("administrator", "loyalty_limit", limit.pk, {"soft": "5"}, {"hard": "9"}),
    ):
        path = reverse(f"admin:{name}_edit", args=[pk])
        vera, olga = browser(role, f"vera-{pk}-{name[-3:]}"), browser(role, f"olga-{pk}-{name[-3:]}")
        forms = opened(vera, path), opened(olga, path)
        assert send(vera, path, forms[0], **first).status_code == 302
        assert send(olga, path, forms[1], **second).status_code == 302
    audience.refresh_from_db()
    assert {name: Decimal(str(audience.conditions[name])) for name in ("points_from", "points_to")} == {
        "points_from": 20, "points_to": 900,
    }  # fmt: skip
    segment, limit, tier = (
        Segment.objects.get(pk=segment.pk),
        Limit.objects.get(pk=limit.pk),
        Tier.objects.get(pk=tier.pk),
    )
    assert (segment.name, segment.note) == ("Ours", "from the fair")
    assert (limit.soft, limit.hard) == (5, 9)
    assert (tier.target, tier.multiplier) == (9000, Decimal("1.7"))


def test_a_form_that_was_refused_still_knows_what_it_was_shown(retailer: Contact, browser: Browser) -> None:
    vera, path = browser("administrator", "vera"), reverse("admin:loyalty_program_change", args=[1])
    form = opened(vera, path)
    Program.objects.update(escrow_days=14, sufficiency=[])
    refused = send(vera, path, form, currency="no currency at all", sufficiency=["email"])
    assert refused.status_code == 422
    answer = send(vera, path, read(refused), currency="EUR")
    assert answer.status_code == 302, answer.content.decode()
    program = Program.objects.get()
    assert (program.currency, program.escrow_days, program.sufficiency) == ("EUR", 14, ["email"])


@pytest.fixture
def draft(retailer: Contact, browser: Browser) -> Promotion:
    marketer, path = browser("marketer", "root"), reverse("admin:promos_promotion_add")
    made = {"name": "Tea", "kind": "percent", "value": "5", "categories": "Tea"}
    assert send(marketer, path, opened(marketer, path), **made).status_code == 302
    return Promotion.objects.get(name="Tea")


def test_a_form_for_purchases_does_not_undo_that_the_draft_is_for_codes_now(draft: Promotion, browser: Browser) -> None:
    vera, olga = browser("marketer", "vera"), browser("marketer", "olga")
    path = reverse("admin:promos_promotion_edit", args=[draft.pk])
    stale, fresh = opened(olga, path), opened(vera, f"{path}?trigger=code")
    assert send(vera, path, fresh, value="50").status_code == 302
    refused = send(olga, path, stale, budget="1000")
    assert refused.status_code == 422
    assert "somebody has changed meanwhile what makes this promotion give" in refused.content.decode()
    again = send(olga, path, read(refused), budget="1000")
    assert again.status_code == 422, "sending it once more changes nothing either"
    draft = Promotion.objects.get(pk=draft.pk)
    assert (draft.trigger, draft.kind, draft.value, draft.budget, draft.categories) == ("code", "fixed", 50, None, [])
    assert send(olga, path, opened(olga, path), budget="1000").status_code == 302
    draft = Promotion.objects.get(pk=draft.pk)
    assert (draft.trigger, draft.value, draft.budget) == ("code", 50, 1000)


def test_another_trigger_leaves_what_a_colleague_changed_meanwhile(draft: Promotion, browser: Browser) -> None:
    vera, olga = browser("marketer", "vera"), browser("marketer", "olga")
    path = reverse("admin:promos_promotion_edit", args=[draft.pk])
    fresh = opened(olga, f"{path}?trigger=receipt")
    assert send(vera, path, opened(vera, path), budget="700", name="Green tea").status_code == 302
    assert send(olga, path, fresh, value="9").status_code == 302
    draft = Promotion.objects.get(pk=draft.pk)
    assert (draft.trigger, draft.value, draft.budget, draft.name) == ("receipt", 9, 700, "Green tea")
    assert draft.categories == [], "a scanned receipt knows no goods"


def test_two_who_choose_the_same_trigger_both_get_their_way(draft: Promotion, browser: Browser) -> None:
    together(
        browser, "marketer", f"{reverse('admin:promos_promotion_edit', args=[draft.pk])}?trigger=code",
        {"value": "50"}, {"value": "5", "budget": "900"},
    )  # fmt: skip
    draft = Promotion.objects.get(pk=draft.pk)
    assert (draft.trigger, draft.value, draft.budget) == ("code", 50, 900)


def test_a_stale_form_does_not_give_back_an_old_role(person: User, browser: Browser) -> None:
    vera, olga = browser("administrator", "vera"), browser("administrator", "olga")
    path = reverse("admin:auth_user_role", args=[person.pk])
    stale, fresh = opened(olga, path), opened(vera, path)
    assert send(vera, path, fresh, role="director").status_code == 302
    assert send(olga, path, stale).status_code == 422
    assert person.groups.get().name == "director"
