"""A marketer uploads lists of customers and sees which lines named nobody."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from loyalty.admin import segments as page_of_segments
from loyalty.models import JournalEntry, StaffRole
from loyalty.services import segments
from promos import segment_lines
from promos.models import Segment, SegmentChange, SegmentMember
from tests.admin.conftest import SYSTEM, Browser, shopper
from tests.admin.test_commands import press
from tests.cards.files import xlsx_of
from tests.conftest import MovingClock
from tests.factories.cards import CardFactory

pytestmark = pytest.mark.django_db
ADD = "admin:promos_segment_add"
MODEL = "promos_segment"


@pytest.fixture
def marketer(story_clock: MovingClock, browser: Browser) -> Client:
    return browser("marketer", "olga")


@pytest.fixture
def guests(story_clock: MovingClock) -> Segment:
    return segments.create_segment(SYSTEM, "Guests", "from the door", "opening")


def upload(client: Client, segment: Segment, content: bytes, **changed: Any) -> Any:
    form = {"file": SimpleUploadedFile("list.csv", content), "mode": "add", "reason": "door list"}
    return press(client, MODEL, "upload", segment.pk, **(form | changed))


def shown(client: Client, change: SegmentChange) -> str:
    return str(client.get(reverse("admin:promos_segmentchange_change", args=[change.pk])).content.decode())


def members(segment: Segment) -> set[str]:
    found = SegmentMember.objects.filter(segment=segment)
    return set(found.values_list("contact__phone", flat=True))


def test_a_segment_is_made_filled_and_shown(marketer: Client) -> None:
    card, other = shopper(1), shopper(2)
    assert card.contact is not None
    answer = marketer.post(reverse(ADD), {"name": "Guests", "note": "", "reason": "opening"})
    segment = Segment.objects.get()
    assert answer["Location"] == reverse("admin:promos_segment_change", args=[segment.pk])
    answer = upload(marketer, segment, f"{card.contact.phone}\n{other.number}\n".encode())
    change = SegmentChange.objects.get()
    assert answer["Location"] == reverse("admin:promos_segmentchange_change", args=[change.pk])
    assert (change.found, change.added, change.removed, change.problem_count) == (2, 2, 0, 0)
    tiles = marketer.get(reverse("admin:promos_segment_change", args=[segment.pk])).context["page"].tiles
    assert [str(tile.value) for tile in tiles] == ["2"]
    entry = JournalEntry.objects.get(action="segment.upload")
    assert (entry.actor, entry.reason) == ("staff:olga", "door list")
    assert "0001" not in str(entry.details), "no telephone reaches the journal"


@pytest.mark.parametrize("heading", ["phone", "Телефон", "MSISDN"])
def test_a_heading_names_the_column(heading: str, guests: Segment, marketer: Client) -> None:
    card = shopper(1)
    assert card.contact is not None
    upload(marketer, guests, f"name;{heading}\nAnna;{card.contact.phone}\n".encode())
    assert members(guests) == {card.contact.phone}


def test_an_xlsx_table_is_read(guests: Segment, marketer: Client) -> None:
    card = shopper(1)
    content = xlsx_of([["Card number"], [card.number]])
    upload(marketer, guests, b"", file=SimpleUploadedFile("list.xlsx", content))
    assert len(members(guests)) == 1


def test_bad_lines_are_counted_listed_masked_and_handed_out(
    guests: Segment, marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_of_segments, "_SHOWN", 3)
    card, other = shopper(1), shopper(2)
    assert card.contact is not None
    assert other.contact is not None
    lines = ["79990001122", "hello there", "=1+1", "", card.contact.phone, card.contact.phone, "2990000009999"]
    upload(marketer, guests, ("phone;x\n" + "".join(f"{each};-\n" for each in lines)).encode())
    change = SegmentChange.objects.get()
    assert (change.found, change.added, change.problem_count) == (1, 1, 5)
    html = shown(marketer, change)
    for part in ("79…22", "he…re", "nobody has it", "the first 3", "Download all as CSV"):
        assert part in html, part
    for secret in ("79990001122", "hello there"):
        assert secret not in html, secret
    answer = marketer.get(reverse("admin:promos_segmentchange_report", args=[change.pk]))
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert rows[0] == ["line", "what stands there", "why"]
    assert [row[0] for row in rows[1:]] == ["2", "3", "4", "5", "8"]
    assert rows[3][1] == "'=1+1", "no spreadsheet runs it"
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]


def test_a_phone_of_one_and_a_card_of_another_names_nobody(guests: Segment, marketer: Client) -> None:
    assert shopper(1).contact is not None
    CardFactory(number="79001230001")
    upload(marketer, guests, b"79001230001\n")
    change = SegmentChange.objects.get()
    assert (change.found, change.problem_count) == (0, 1)
    assert "a phone of one customer and a card of another" in shown(marketer, change)


def test_a_list_is_taken_out_and_replaced(guests: Segment, marketer: Client) -> None:
    phones = [str(getattr(shopper(serial).contact, "phone", "")) for serial in range(1, 4)]
    upload(marketer, guests, "\n".join(phones[:2]).encode())
    upload(marketer, guests, phones[0].encode(), mode="remove")
    assert members(guests) == {phones[1]}
    upload(marketer, guests, "\n".join([phones[0], phones[2]]).encode(), mode="replace")
    assert members(guests) == {phones[0], phones[2]}
    last = SegmentChange.objects.latest("pk")
    assert (last.added, last.removed) == (2, 1)
    html = marketer.get(reverse("admin:promos_segment_change", args=[guests.pk])).content.decode()
    assert "Replace the whole segment" in html


def test_a_long_table_waits_for_a_worker_and_the_page_looks_again(
    guests: Segment, marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "AT_ONCE", 1)
    card = shopper(1)
    upload(marketer, guests, f"{card.number}\n79990000000\n".encode())
    change = SegmentChange.objects.get()
    html = shown(marketer, change)
    assert "A worker is at it" in html
    assert '<meta http-equiv="refresh"' in html
    assert members(guests) == set()
    segments.work_off()
    assert '<meta http-equiv="refresh"' not in shown(marketer, change)
    assert len(members(guests)) == 1


@pytest.mark.parametrize(("changed", "field", "words"), [
    ({"file": ""}, "file", "Choose a file"),
    ({"file": SimpleUploadedFile("list.csv", b"")}, "file", "The file is empty"),
    ({"file": SimpleUploadedFile("list.csv", b"phone\n")}, "file", "no line that could name a customer"),
    ({"file": SimpleUploadedFile("list.csv", b"\x89PNG\x00\xff")}, "file", "neither CSV text nor an XLSX table"),
    ({"mode": "burn"}, "mode", "Select a valid choice"),
    ({"reason": ""}, "reason", "Write down why"),
])  # fmt: skip
def test_an_impossible_upload_is_refused_in_words(
    changed: dict[str, Any], field: str, words: str, guests: Segment, marketer: Client
) -> None:
    answer = upload(marketer, guests, b"79001230001\n", **changed)
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert not SegmentChange.objects.exists()


def test_tables_are_bounded(guests: Segment, marketer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_lines, "MOST_LINES", 2)
    answer = upload(marketer, guests, b"1\n2\n3\n")
    assert "at most 2 lines" in str(answer.context["form"].errors["file"])
    monkeypatch.setattr(segment_lines, "LARGEST_FILE", 3)
    answer = upload(marketer, guests, b"1\n2\n")
    assert "larger than" in str(answer.context["form"].errors["file"])
    assert not SegmentChange.objects.exists()


def test_name_and_note_are_changed_and_names_are_own(guests: Segment, marketer: Client) -> None:
    segments.create_segment(SYSTEM, "Others", "", "opening")
    refused = press(marketer, MODEL, "edit", guests.pk, name="Others", note="", reason="tidy")
    assert "Another segment has this name" in str(refused.context["form"].errors["name"])
    assert press(marketer, MODEL, "edit", guests.pk, name="Guests", note="Of May", reason="tidy").status_code == 302
    guests.refresh_from_db()
    assert guests.note == "Of May"


@pytest.mark.parametrize("role", [*StaffRole.values, None])
def test_administrators_and_marketers_change_segments_and_only_those_who_look_read_reports(
    role: str | None, guests: Segment, browser: Browser
) -> None:
    client = browser(role)
    upload(client, guests, b"79990000000\n")
    client.post(reverse(ADD), {"name": "New", "note": "", "reason": "spring"})
    may = role in ("administrator", "marketer")
    assert SegmentChange.objects.exists() == may
    assert Segment.objects.filter(name="New").exists() == may
    change = segments.upload(
        SYSTEM, guests.pk, mode="add", file_name="list.csv", content=b"79990000000\n", reason="spring"
    )
    report = client.get(reverse("admin:promos_segmentchange_report", args=[change.pk]))
    assert (report.status_code == 200) == (may or role == "director")
