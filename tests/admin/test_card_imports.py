"""Imports, series, stores and barcodes in the back office, as a marketer uses them."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cards.models import Card, CardImport, CardSeries
from loyalty.admin import card_imports as page_of_imports
from loyalty.models import JournalEntry, Program, StaffRole, Store
from loyalty.services import card_imports, pool_watch
from tests.admin.conftest import Browser, shopper
from tests.cards import scanner
from tests.cards.files import csv_of, issuing, spoilt, ten, xlsx_of
from tests.conftest import MovingClock

pytestmark = pytest.mark.django_db


def upload(client: Client, content: bytes, *, into: CardSeries | None = None, **changed: Any) -> Any:
    form = {
        "file": SimpleUploadedFile("numbers.csv", content),
        "category": "1",
        "mode": "skip_bad",
        "reason": "a print run",
        **({} if into else {"series": str(issuing().pk)}),
    }
    path = reverse("admin:cards_cardseries_import", args=[into.pk]) if into else reverse("admin:cards_cardimport_add")
    return client.post(path, form | changed)


def page(client: Client, made: CardImport) -> str:
    return str(client.get(reverse("admin:cards_cardimport_change", args=[made.pk])).content.decode())


@pytest.mark.parametrize("content", [csv_of, lambda *cells: xlsx_of([["Number"], *([int(c)] for c in cells)])])
def test_a_marketer_imports_a_file_and_sees_it_through(content: Any, browser: Browser) -> None:
    client, good = browser("marketer", "vera"), ten()
    answer = upload(client, content(*good, spoilt(good[0])))
    made = CardImport.objects.get()
    assert answer["Location"] == reverse("admin:cards_cardimport_change", args=[made.pk])
    html = page(client, made)
    assert "Waiting" in html
    assert '<meta http-equiv="refresh"' in html
    card_imports.run_waiting()
    html = page(client, made)
    for part in ("Done", "11 / 11", "Wrong check digit", "Download all as CSV", "numbers.csv"):
        assert part in html, part
    assert '<meta http-equiv="refresh"' not in html, "it is over"
    assert Card.objects.count() == 10
    assert JournalEntry.objects.get(action="card_import.start").actor == "staff:vera"


def test_from_the_page_of_a_series_the_series_is_not_asked(browser: Browser) -> None:
    client = browser("administrator")
    page_of_series = client.get(reverse("admin:cards_cardseries_change", args=[issuing().pk])).content.decode()
    form = reverse("admin:cards_cardseries_import", args=[issuing().pk])
    assert form in page_of_series
    assert 'enctype="multipart/form-data"' in client.get(form).content.decode()
    assert upload(client, csv_of(*ten()), into=issuing()).status_code == 302
    assert CardImport.objects.get().series == issuing()


@pytest.mark.parametrize("role", [*StaffRole.values, None])
def test_administrators_and_marketers_import_and_nobody_else(role: str | None, browser: Browser) -> None:
    client = browser(role)
    for into in (issuing(), None):
        upload(client, csv_of(*ten(1 if into else 50)), into=into)
    assert CardImport.objects.count() == (2 if role in ("administrator", "marketer") else 0)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"file": ""}, "Choose a file"),
        ({"file": SimpleUploadedFile("empty.csv", b"")}, "The file is empty"),
        ({"reason": " "}, "Write down why"),
        ({"mode": "whatever"}, "Select a valid choice"),
        ({"category": "7"}, "Select a valid choice"),
        ({"series": "999999"}, "Select a valid choice"),
    ],
)
def test_an_impossible_upload_is_refused_in_words(changed: dict[str, Any], words: str, browser: Browser) -> None:
    answer = upload(browser("marketer"), csv_of(*ten()), **changed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not CardImport.objects.exists()


def test_a_file_that_is_too_large_is_refused(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_of_imports, "LARGEST_FILE", 10)
    answer = upload(browser("marketer"), csv_of(*ten()))
    assert "larger than 32 MB" in answer.content.decode()


def test_an_upload_beyond_every_bound_is_refused_before_it_is_kept(browser: Browser, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 500
    assert upload(browser("marketer"), csv_of(*ten(count=100))).status_code == 400
    assert not CardImport.objects.exists()


def test_the_same_file_again_is_harmless_and_the_page_says_so(browser: Browser) -> None:
    client = browser("marketer")
    upload(client, csv_of(*ten()))
    assert "on its way already" in client.get(upload(client, csv_of(*ten()))["Location"]).content.decode()
    card_imports.run_waiting()
    upload(client, csv_of(*ten()))
    card_imports.run_waiting()
    again = CardImport.objects.latest("pk")
    html = page(client, again)
    for part in ("The same file was uploaded before", "Nothing was added", "In the system already"):
        assert part in html, part
    assert (again.added, Card.objects.count()) == (0, 10)


def test_a_refused_and_a_failed_import_say_what_to_do(browser: Browser) -> None:
    client = browser("marketer")
    upload(client, csv_of(*ten(), "1"), mode="all_or_nothing")
    upload(client, b"\x89PNG\x00")
    card_imports.run_waiting()
    refused, failed = CardImport.objects.order_by("pk")
    assert "Correct them, or import again and skip them" in page(client, refused)
    assert "neither CSV text nor an XLSX table" in page(client, failed)


def test_every_bad_line_can_be_downloaded_and_the_page_shows_the_first(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_of_imports, "SHOWN", 3)
    client, good = browser("marketer"), ten()
    bad = ["=cmd|' /C calc'!A0", "-1", *(spoilt(each) for each in good)]
    upload(client, csv_of(*good, *bad, good[0]))
    card_imports.run_waiting()
    made = CardImport.objects.get()
    html = page(client, made)
    assert "the first 3" in html
    assert spoilt(good[5]) not in html
    answer = client.get(reverse("admin:cards_cardimport_faults", args=[made.pk]))
    assert "attachment" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["line", "number", "what is wrong"]
    assert rows[1] == ["11", "'=cmd|' /C calc'!A0", "Not only digits"], "no spreadsheet runs it"
    assert rows[2][1] == "'-1"
    assert rows[3:13] == [[str(13 + place), spoilt(each), "Wrong check digit"] for place, each in enumerate(good)]
    assert rows[13] == ["23", good[0], "Twice in the file, first in line 1"]


@pytest.mark.parametrize("role", [*StaffRole.values, None])
def test_bad_lines_are_for_those_who_may_see_imports(role: str | None, browser: Browser) -> None:
    upload(browser("marketer", "first"), b"1")
    card_imports.run_waiting()
    address = reverse("admin:cards_cardimport_faults", args=[CardImport.objects.get().pk])
    status = browser(role, "second").get(address).status_code
    assert (status == 200) == (role in ("administrator", "marketer"))


# The alert


def overview(client: Client) -> str:
    return str(client.get(reverse("admin:index")).content.decode())


def test_the_overview_warns_of_a_low_pool_until_it_is_filled(story_clock: MovingClock, browser: Browser) -> None:
    client = browser("marketer")
    Program.objects.update(low_pool_alert=5)
    assert "free card numbers" not in overview(client)
    pool_watch.look()
    html = overview(client)
    assert "Fewer than 5 free card numbers are left" in html
    assert "2 Mar 2026, 12:00" in html
    assert reverse("admin:cards_cardimport_add") in html
    upload(client, csv_of(*ten()))
    card_imports.run_waiting()
    assert "free card numbers" not in overview(client)


@pytest.mark.parametrize("role", ["cc_operator", "senior_employee", "director"])
def test_who_cannot_mend_the_pool_is_not_warned(role: str, browser: Browser) -> None:
    pool_watch.look()
    assert "free card numbers" not in overview(browser(role))


def test_the_bound_of_the_alert_is_a_setting(browser: Browser) -> None:
    client, address = browser("administrator"), reverse("admin:loyalty_program_change", args=[1])
    form = client.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    assert client.post(address, values | {"low_pool_alert": "7"}).status_code == 302
    assert Program.objects.get().low_pool_alert == 7
    assert client.post(address, values | {"low_pool_alert": "100001"}).status_code == 422


# Series and stores


def test_a_marketer_adds_and_changes_a_series(browser: Browser) -> None:
    client = browser("marketer")
    form = {"name": "Spring", "prefix": "2995", "length": "13", "check_digit": "ean", "barcode": "EAN_13",
            "card_type": "0", "reason": "spring"}  # fmt: skip
    assert client.post(reverse("admin:cards_cardseries_add"), form).status_code == 302
    spring = CardSeries.objects.get(name="Spring")
    change = {"name": "Spring", "barcode": "QR_CODE", "card_type": "2", "issuing": "on", "reason": "now"}
    assert client.post(reverse("admin:cards_cardseries_edit", args=[spring.pk]), change).status_code == 302
    spring.refresh_from_db()
    assert (spring.barcode, spring.card_type, issuing()) == ("QR_CODE", 2, spring)
    answer = client.post(reverse("admin:cards_cardseries_add"), form | {"name": "Other", "prefix": "299"})
    assert answer.status_code == 422
    assert "Choose another prefix" in answer.content.decode()


def test_a_marketer_adds_and_renames_a_store(browser: Browser) -> None:
    client = browser("marketer")
    form = {"code": "0042", "name": "Arbat", "region": "Moscow", "reason": "opened"}
    assert client.post(reverse("admin:loyalty_store_add"), form).status_code == 302
    store = Store.objects.get(code="0042")
    change = {"name": "Arbat", "region": "Capital", "code": "9999", "reason": "new regions"}
    assert client.post(reverse("admin:loyalty_store_edit", args=[store.pk]), change).status_code == 302
    store.refresh_from_db()
    assert (store.code, store.region) == ("0042", "Capital")
    answer = client.post(reverse("admin:loyalty_store_add"), form)
    assert "A store has this code already" in answer.content.decode()


# Barcodes


def test_the_page_of_a_card_shows_its_barcode_and_a_scanner_reads_it(story_clock: Any, browser: Browser) -> None:
    client, card = browser("cc_operator"), shopper()
    address = reverse("admin:cards_card_barcode", args=[card.pk])
    html = client.get(reverse("admin:cards_card_change", args=[card.pk])).content.decode()
    assert f'src="{address}"' in html
    assert "Barcode: EAN-13" in html
    answer = client.get(address)
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/svg+xml", "private")
    assert scanner.ean_13(scanner.modules(answer.content.decode())[0]) == card.number


def test_a_barcode_is_for_those_who_may_see_the_card(story_clock: Any, browser: Browser) -> None:
    address = reverse("admin:cards_card_barcode", args=[shopper().pk])
    assert browser(None).get(address).status_code == 302
    assert browser("marketer").get(address).status_code == 200
    nobody = browser("director")
    nobody.session.flush()
    assert nobody.get(address).status_code != 200
    assert browser("administrator").get(reverse("admin:cards_card_barcode", args=[999999])).status_code == 302
