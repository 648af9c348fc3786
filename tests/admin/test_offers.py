"""The offer of a promotion: a marketer writes title, text, conditions and picture, and sees it as the app shows it."""

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from loyalty.core import clock
from loyalty.models import JournalEntry, StaffRole
from loyalty.services import audiences, promotions
from promos import pictures
from promos.models import Audience, OfferImage, Promotion
from tests.admin.conftest import SYSTEM, Browser, shopper
from tests.admin.test_commands import press
from tests.conftest import MovingClock
from tests.promos.marketing import draft, live

pytestmark = pytest.mark.django_db
ADD = "admin:promos_promotion_add"
MODEL = "promos_promotion"


@pytest.fixture
def marketer(story_clock: MovingClock, browser: Browser) -> Client:
    return browser("marketer", "olga")


def drawn(form: str = "PNG", size: tuple[int, int] = (200, 100), **saved: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, form, **saved)
    return written.getvalue()


def moving() -> bytes:
    written = io.BytesIO()
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue")]
    frames[0].save(written, "WEBP", save_all=True, append_images=frames[1:])
    return written.getvalue()


def face(client: Client, promotion: Promotion, picture: bytes | None = None, **changed: str) -> Any:
    form: dict[str, Any] = {"title": "Tea for two", "description": "", "conditions": "", "reason": "agreed"}
    if picture is not None:
        form["image"] = SimpleUploadedFile("tea.png", picture)
    return press(client, MODEL, "face", promotion.pk, **(form | changed))


def again(promotion: Promotion) -> Promotion:
    return Promotion.objects.get(pk=promotion.pk)


def page(client: Client, promotion: Promotion) -> Any:
    return client.get(reverse("admin:promos_promotion_change", args=[promotion.pk]))


def announcement(**changed: Any) -> Promotion:
    terms = {"name": "Tasting", "trigger": "announcement", "kind": "", "value": Decimal(0), "starts_at": clock.now()}
    return promotions.create_promotion(SYSTEM, terms | changed, "spring")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_an_offer_is_written_and_shown_as_the_app_shows_it(form: str, marketer: Client) -> None:
    tea = draft(ends_at=clock.now() + timedelta(days=7))
    assert page(marketer, tea).context["face"] is None
    assert "it has no title yet" in page(marketer, tea).content.decode()
    assert face(marketer, tea, drawn(form), description="One\nTwo", conditions="<b>All day</b>").status_code == 302
    shown = page(marketer, tea)
    kept = OfferImage.objects.get()
    assert (kept.width, kept.height) == (200, 100)
    assert shown.context["face"].days == "2 Mar 2026 – 9 Mar 2026"
    html = shown.content.decode()
    assert "&lt;b&gt;All day&lt;/b&gt;" in html, "a text is no markup"
    picture = marketer.get(shown.context["face"].image)
    assert (picture.status_code, picture["Content-Type"]) == (200, kept.content_type)
    entry = JournalEntry.objects.get(action="promotion.face")
    assert (entry.actor, entry.reason) == ("staff:olga", "agreed")
    assert set(entry.details["changes"]) == {"title", "description", "conditions", "image"}


@pytest.mark.parametrize(("changed", "field", "words"), [
    ({"picture": b"not a picture"}, "image", "not a whole PNG, JPEG or WebP"),
    ({"picture": drawn("GIF")}, "image", "not a whole PNG, JPEG or WebP"),
    ({"picture": drawn()[:60]}, "image", "not a whole PNG, JPEG or WebP"),
    ({"picture": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}, "image", "not a whole PNG, JPEG or WebP"),
    ({"picture": drawn(size=(31, 200))}, "image", "smaller than 32 points"),
    ({"picture": drawn(size=(5001, 5000))}, "image", "more than 25 million points"),
    ({"picture": moving()}, "image", "moves"),
    ({"title": "x" * 121}, "title", "at most 120"),
    ({"title": "a\x07b"}, "title", "Control characters"),
    ({"description": "x" * 2001}, "description", "at most 2000"),
    ({"reason": " "}, "reason", "Write down why"),
])  # fmt: skip
def test_what_cannot_be_shown_is_refused_beside_its_field(
    changed: dict[str, Any], field: str, words: str, marketer: Client
) -> None:
    tea = draft()
    answer = face(marketer, tea, **changed)
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    tea = again(tea)
    assert (tea.title, tea.image_id) == ("", None)
    assert not OfferImage.objects.exists()
    assert not JournalEntry.objects.filter(action="promotion.face").exists()


def test_of_a_telephones_photo_that_holds_more_pictures_the_photo_is_shown(marketer: Client) -> None:
    written = io.BytesIO()
    depth = Image.new("RGB", (50, 25), "grey")
    Image.new("RGB", (200, 100), "teal").save(written, "MPO", save_all=True, append_images=[depth])
    assert face(marketer, draft(), written.getvalue()).status_code == 302
    kept = OfferImage.objects.get()
    assert (kept.content_type, kept.width, kept.height) == ("image/jpeg", 200, 100)
    assert Image.open(io.BytesIO(bytes(kept.content))).format == "JPEG"


def test_a_file_that_is_too_large_is_refused_before_it_is_unpacked(
    marketer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "LARGEST_FILE", 10)
    answer = face(marketer, draft(), drawn())
    assert "larger than 5 MB" in str(answer.context["form"].errors["image"])


def test_nothing_but_points_is_kept_and_large_pictures_are_scaled_down(marketer: Client) -> None:
    taken_at = Image.Exif()
    taken_at[0x010E] = "where Olga lives"
    face(marketer, draft(), drawn("JPEG", (3200, 800), exif=taken_at))
    kept = OfferImage.objects.get()
    assert (kept.width, kept.height) == (1600, 400)
    assert b"Olga" not in bytes(kept.content)


def test_a_picture_is_taken_away_and_the_same_one_is_kept_once(marketer: Client) -> None:
    tea, coffee = draft(), draft()
    for each in (tea, coffee):
        face(marketer, each, drawn())
    assert OfferImage.objects.count() == 1
    assert face(marketer, tea, drop_image="on").status_code == 302
    assert page(marketer, tea).context["face"].image == ""
    assert page(marketer, coffee).context["face"].image != ""


def test_the_offer_of_a_live_promotion_may_be_mended_but_its_terms_may_not(marketer: Client) -> None:
    tea = live()
    assert face(marketer, tea, title="Tea for two").status_code == 302
    tea = again(tea)
    assert tea.title == "Tea for two"
    assert press(marketer, MODEL, "edit", tea.pk, name="Other", reason="so").status_code == 422


def test_an_announcement_is_nothing_without_its_title(marketer: Client) -> None:
    tasting = announcement()
    refused = press(marketer, MODEL, "go-live", tasting.pk, reason="now")
    assert refused.status_code == 422
    assert "give it a title first" in refused.content.decode()
    face(marketer, tasting)
    assert press(marketer, MODEL, "go-live", tasting.pk, reason="now").status_code == 302
    answer = face(marketer, tasting, title="")
    assert "it keeps a title" in str(answer.context["form"].errors["title"])


def test_going_live_says_whom_it_reaches_before_it_does(marketer: Client) -> None:
    for serial in range(1, 4):
        shopper(serial)
    chosen = audiences.create_audience(SYSTEM, "Nobody bought", {"never_purchased": True, "cards": ["none"]}, "spring")
    tea, everybody = draft(audience=chosen), draft()

    def told(promotion: Promotion) -> str:
        return str(marketer.get(reverse(f"admin:{MODEL}_go-live", args=[promotion.pk])).content.decode())

    assert "Now this reaches 0 customers." in told(tea)
    assert "Now this reaches 3 customers." in told(everybody)
    tiles = {str(tile.label): str(tile.value) for tile in page(marketer, everybody).context["page"].tiles}
    assert (tiles["Reaches now"], tiles["With a phone"]) == ("3", "3")
    promotions.end(SYSTEM, everybody.pk, "over")
    ended = {str(tile.label) for tile in page(marketer, everybody).context["page"].tiles}
    assert "Reaches now" not in ended


@pytest.mark.parametrize(("trigger", "asked", "absent"), [
    ("announcement", {"audience", "starts_at"}, {"value", "kind", "budget", "stores", "skus"}),
    ("code", {"value", "total_count", "customer_count", "escrow_days"}, {"kind", "minimum_basket", "skus", "stores"}),
    ("receipt", {"kind", "minimum_basket", "total_count"}, {"skus", "categories"}),
    ("purchase", {"kind", "skus", "categories", "stores"}, {"total_count", "escrow_days"}),
    ("whatever", {"kind", "skus", "categories", "stores"}, {"total_count", "escrow_days"}),
])  # fmt: skip
def test_each_trigger_has_its_own_form(trigger: str, asked: set[str], absent: set[str], marketer: Client) -> None:
    form = marketer.get(reverse(ADD), {"trigger": trigger}).context["form"]
    assert asked <= set(form.fields)
    assert not absent & set(form.fields)


def test_an_announcement_is_made_by_its_form_and_a_draft_may_become_another_kind(marketer: Client) -> None:
    form = {"trigger": "announcement", "name": "Tasting", "starts_at": "2026-03-02T12:00", "reason": "spring"}
    assert marketer.post(reverse(ADD), form).status_code == 302
    made = Promotion.objects.get()
    assert (made.trigger, made.kind, made.value) == ("announcement", "", 0)
    coded = form | {"trigger": "code", "value": "50", "hour_from": "0", "hour_until": "24"}
    assert press(marketer, MODEL, "edit", made.pk, **coded).status_code == 302
    made = again(made)
    assert (made.trigger, made.kind, made.value) == ("code", "fixed", 50)


def test_a_duplicate_takes_terms_and_offer_but_not_the_past(marketer: Client, story_clock: MovingClock) -> None:
    chosen = audiences.create_audience(SYSTEM, "Everybody", {}, "spring")
    tea = live(name="Tea week", audience=chosen, ends_at=clock.now() + timedelta(days=7))
    face(marketer, tea, drawn())
    story_clock.forward(days=30)
    form = marketer.get(reverse(f"admin:{MODEL}_duplicate", args=[tea.pk])).context["form"]
    assert form.initial["name"] == "Tea week (copy)"
    assert (form.initial["ends_at"], form.initial["starts_at"] > clock.now()) == (None, True)
    sent = {"trigger": "purchase", "name": "Tea again", "kind": "percent", "value": "10", "hour_from": "0",
            "hour_until": "24", "minimum_basket": "0", "starts_at": "2026-04-02T12:00", "audience": str(chosen.pk),
            "reason": "again"}  # fmt: skip
    answer = press(marketer, MODEL, "duplicate", tea.pk, **sent)
    made = Promotion.objects.get(name="Tea again")
    assert answer["Location"] == reverse("admin:promos_promotion_change", args=[made.pk])
    assert (made.status, made.title, made.audience) == ("draft", "Tea for two", chosen)
    assert made.image_id == Promotion.objects.get(pk=tea.pk).image_id is not None
    assert Audience.objects.count() == 1


@pytest.mark.parametrize("role", [*StaffRole.values, None])
def test_administrators_and_marketers_write_offers_and_nobody_else(
    role: str | None, story_clock: MovingClock, browser: Browser
) -> None:
    tea, client = draft(), browser(role)
    face(client, tea)
    press(client, MODEL, "go-live", tea.pk, reason="now")
    tea = again(tea)
    may = role in ("administrator", "marketer")
    assert (tea.title, tea.status) == (("Tea for two", "live") if may else ("", "draft"))
