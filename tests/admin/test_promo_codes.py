"""Promo codes in the back office: added, ordered, exported by name; looked up by the call centre; free ones hidden."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.core import actors
from loyalty.models import JournalEntry
from loyalty.services import code_orders, promo_codes, promotions
from promos import codes
from promos.models import CodeBatch, PromoCode, Promotion
from tests.admin.conftest import APP, Browser, shopper
from tests.conftest import MovingClock
from tests.promos.marketing import MARKETER, coded, live, shared_code, single_codes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]


def command(client: Client, promotion: Promotion, name: str, **data: Any) -> Any:
    path = reverse(f"admin:promos_promotion_{name}", args=[promotion.pk])
    return client.post(path, {"reason": "spring campaign"} | data)


def page_of(client: Client, code: str) -> str:
    found = PromoCode.objects.get(code=code)
    return client.get(reverse("admin:promos_promocode_change", args=[found.pk])).content.decode()


def search(client: Client, text: str) -> str:
    return client.get(reverse("admin:promos_promocode_changelist"), {"q": text}).content.decode()


def test_a_marketer_adds_a_word_on_the_promotions_page(browser: Browser) -> None:
    client, made = browser("marketer"), coded(name="Poster")
    answer = command(client, made, "add-code", code="Summer 2026")
    assert answer.status_code == 302
    assert "SUMMER2026 is added" in client.get(answer["Location"]).content.decode()
    again = command(client, made, "add-code", code="SUMMER2026")
    assert again.status_code == 422
    assert "exists already, with the promotion Poster" in again.content.decode()
    assert "Write 4 to 32 Latin letters" in command(client, made, "add-code", code="ЛЕТО").content.decode()
    entry = JournalEntry.objects.get(action="promo_code.add")
    assert (entry.actor, entry.target, entry.reason) == ("staff:p-marketer", "SUMMER2026", "spring campaign")


def test_a_marketer_orders_codes_and_watches_them_being_made(browser: Browser) -> None:
    client, made = browser("marketer"), coded()
    answer = command(client, made, "generate-codes", count=250, beginning="ny26", length=12)
    batch = CodeBatch.objects.get()
    page = reverse("admin:promos_codebatch_change", args=[batch.pk])
    assert answer["Location"] == page
    html = client.get(page).content.decode()
    assert 'http-equiv="refresh"' in html
    assert "0 / 250" in html
    assert "NY26-XXXX-XXXX-XXXX" in html
    assert "Export" not in html
    code_orders.make_codes(actors.system("test"))
    html = client.get(page).content.decode()
    assert 'http-equiv="refresh"' not in html
    assert "250 / 250" in html
    assert "Export the codes" in html


@pytest.mark.parametrize(("given", "told"), [
    ({"count": 1_000_000, "length": 11}, "So many codes need 12 to 24 characters"),
    ({"beginning": "SALE"}, "cannot be mistaken for others"),
    ({"count": 1_000_001}, "less than or equal to"),
])  # fmt: skip
def test_an_order_that_cannot_be_is_refused_with_what_to_do(given: dict[str, Any], told: str, browser: Browser) -> None:
    answer = command(browser("marketer"), coded(), "generate-codes", **({"count": 5, "length": 12} | given))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not CodeBatch.objects.exists()


def test_the_buttons_stand_only_where_codes_can_be(browser: Browser) -> None:
    client = browser("marketer")
    ended = promotions.end(MARKETER, coded().pk, "over")
    for promotion, offered in ((coded(), True), (live(), False), (ended, False)):
        html = client.get(reverse("admin:promos_promotion_change", args=[promotion.pk])).content.decode()
        assert ("add-code" in html, "generate-codes" in html) == (offered, offered)


def test_an_export_is_a_file_and_the_journal_names_who_took_it(browser: Browser, story_clock: MovingClock) -> None:
    client, made = browser("marketer"), single_codes(3, prefix="NY26")
    card = shopper()
    promo_codes.redeem(APP, phone="", number=card.number, code=made[0])
    batch = CodeBatch.objects.get()
    path = reverse("admin:promos_codebatch_export", args=[batch.pk])
    assert client.post(path, {"reason": ""}).status_code == 422
    assert not JournalEntry.objects.filter(action="code_batch.export").exists()
    answer = client.post(path, {"reason": "for the printing house"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert answer["Content-Disposition"] == f'attachment; filename="promo-codes-{batch.pk}.csv"'
    assert "no-store" in answer["Cache-Control"]
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "code,used at"
    assert lines[1] == f"{codes.printed(made[0], 'NY26')},2026-03-02 12:00"
    assert [codes.read(line.split(",")[0]) for line in lines[1:]] == made
    entry = JournalEntry.objects.get(action="code_batch.export")
    assert (entry.actor, entry.reason, entry.details["count"]) == ("staff:p-marketer", "for the printing house", 3)


@pytest.mark.parametrize("role", ["cc_operator", "senior_employee", "director"])
def test_nobody_else_orders_or_exports(role: str, browser: Browser) -> None:
    single_codes()
    client, batch = browser(role), CodeBatch.objects.get()
    for address in (
        reverse("admin:promos_codebatch_export", args=[batch.pk]),
        reverse("admin:promos_promotion_generate-codes", args=[batch.promotion_id]),
        reverse("admin:promos_promotion_add-code", args=[batch.promotion_id]),
    ):
        assert client.post(address, {"reason": "x", "count": 5, "length": 12, "code": "SUMMER2026"}).status_code == 403
    assert CodeBatch.objects.count() == PromoCode.objects.count() == 1


@pytest.mark.parametrize("role", ["administrator", "marketer", "cc_operator"])
def test_a_free_code_is_shown_to_nobody(role: str, browser: Browser) -> None:
    [code] = single_codes(prefix="NY26")
    client, printed = browser(role), codes.printed(code, "NY26")
    for html in (
        client.get(reverse("admin:promos_promocode_changelist")).content.decode(),
        page_of(client, code),
        client.get(reverse("admin:promos_promotion_change", args=[Promotion.objects.get().pk])).content.decode(),
    ):
        assert code not in html
        assert printed not in html
        assert code[4:10] not in html
    assert f"••••-••••-••••-•{code[-3:]}" in page_of(client, code)


def test_the_call_centre_finds_a_code_as_the_customer_reads_it_out(browser: Browser) -> None:
    client, [code] = browser("cc_operator"), single_codes()
    found = PromoCode.objects.get(code=code)
    page = reverse("admin:promos_promocode_change", args=[found.pk])
    for text in (code, codes.printed(code), code.lower(), f" {code[:3]} {code[3:]} "):
        assert page in search(client, text), text
    assert page not in search(client, code[:-1] + ("2" if code[-1] != "2" else "3"))
    assert page not in search(client, code[:6]), (
        "a part of a code finds nothing: that would be guessing in the back office"
    )
    assert "A character of this code is wrong" in search(client, code[:-1] + ("2" if code[-1] != "2" else "3"))
    assert "No code looks like this" in search(client, "x")


def test_the_page_says_who_used_a_code_and_when(browser: Browser) -> None:
    client, [code] = browser("cc_operator"), single_codes(prefix="NY26")
    card = shopper()
    promo_codes.redeem(APP, phone="", number=card.number, code=code)
    html = page_of(client, code)
    for part in (codes.printed(code, "NY26"), "Иванова", "2 Mar 2026, 12:00", "100.00", "a single-use code gives"):
        assert part in html, part


def told(client: Client, code: str) -> str:
    html = page_of(client, code)
    return " ".join(re.findall(r'<p class="bo-note">(.*?)</p>', html))


def test_why_does_my_code_not_work(browser: Browser, story_clock: MovingClock) -> None:
    client = browser("cc_operator")
    draft = promotions.create_promotion(MARKETER, {
        "name": "Draft", "trigger": "code", "kind": "fixed", "value": Decimal(5), "starts_at": story_clock.moment,
    }, "x")  # fmt: skip
    code = code_orders.add_shared_code(MARKETER, draft.pk, "SUMMER2026", "x").code
    assert "is a draft" in told(client, code)
    promotions.go_live(MARKETER, draft.pk, "x")
    assert "It can be used now" in told(client, code)
    promotions.pause(MARKETER, draft.pk, "x")
    assert "is paused" in told(client, code)
    promotions.end(MARKETER, draft.pk, "x")
    assert "is over" in told(client, code)
    gone = shared_code("SOLD2026", total_count=1)
    promo_codes.redeem(APP, phone="", number=shopper().number, code=gone)
    assert "is used up" in told(client, gone)
    later = shared_code("LATER2026", starts_at=story_clock.moment.replace(day=20))
    assert "has not begun yet" in told(client, later)


def test_pages_ask_as_often_for_many_codes_as_for_few(browser: Browser) -> None:
    client = browser("marketer")

    def statements(number: int) -> list[int]:
        single_codes(number)
        promotion = Promotion.objects.order_by("-pk")[0]
        word = code_orders.add_shared_code(MARKETER, promotion.pk, f"WORD0{number}", "x")
        sent = []
        for path in (
            reverse("admin:promos_promocode_changelist"),
            reverse("admin:promos_promocode_change", args=[word.pk]),
            reverse("admin:promos_codebatch_changelist"),
            reverse("admin:promos_promotion_change", args=[promotion.pk]),
        ):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            sent.append(len(captured))
        return sent

    statements(2)
    few, many = statements(3), statements(60)
    assert few == many
    assert max(many) <= 16


def test_a_russian_browser_gets_the_pages_too(browser: Browser) -> None:
    client, [code] = browser("marketer"), single_codes()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ru"
    assert page_of(client, code)
    batch = CodeBatch.objects.get()
    assert client.get(reverse("admin:promos_codebatch_change", args=[batch.pk])).status_code == 200
