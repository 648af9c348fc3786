"""Calls 9 to 11 of specs/koshelek.md: the offers for a card, and the phones of the audience that a marketer chose."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from loyalty.core import clock
from loyalty.services import audiences, offers, promotions
from loyalty.services.offers import NewPicture
from promos.models import Audience, Promotion
from tests.api.koshelek.conftest import ANNA, Wallet, holder
from tests.conftest import MovingClock
from tests.promos.marketing import MARKETER, draft

LISTS = ("/v1/card/getAllUsers", "/v1/card/getAllUsersExtended")


def offered(title: str, picture: bytes = b"", **terms: Any) -> Promotion:
    """A live promotion with a face."""
    made = draft(**terms)
    texts = {"title": title, "description": f"About {title}", "conditions": "One each"}
    offers.set_face(MARKETER, made.pk, texts, "agreed", NewPicture(picture) if picture else None)
    return promotions.go_live(MARKETER, made.pk, "spring")


def audience(name: str, **conditions: Any) -> Audience:
    return audiences.create_audience(MARKETER, name, conditions, "spring")


def titles(wallet: Wallet, number: str) -> list[str]:
    return [each["title"] for each in wallet.get(f"/v1/card/{number}/promotions").body["promotions"]]


@pytest.mark.django_db
def test_an_offer_is_told_whole_and_what_it_lacks_is_left_out(
    story_clock: MovingClock, wallet: Wallet, anna: str
) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (100, 50), "teal").save(drawn, "PNG")
    made = offered("Tea", drawn.getvalue(), ends_at=clock.now() + timedelta(days=7))
    bare = draft()
    offers.set_face(MARKETER, bare.pk, {"title": "Coffee"}, "agreed")
    promotions.go_live(MARKETER, bare.pk, "spring")
    first, second = wallet.get(f"/v1/card/{anna}/promotions").body["promotions"]
    image = first.pop("imageUrl")
    assert first == {
        "promotionId": str(made.public_id), "title": "Tea", "description": "About Tea", "validFrom": "2026-03-02",
        "validUntil": "2026-03-09", "terms": "One each",
    }  # fmt: skip
    assert second == {"promotionId": str(bare.public_id), "title": "Coffee", "validFrom": "2026-03-02"}
    picture = Client().get(image)
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png"), "an app shows it without a log-in"


@pytest.mark.django_db
def test_offers_are_those_that_live_now_the_most_urgent_first(
    story_clock: MovingClock, wallet: Wallet, anna: str
) -> None:
    day = timedelta(days=1)
    offered("without end")
    offered("ten days", ends_at=clock.now() + 10 * day)
    offered("three days", ends_at=clock.now() + 3 * day)
    offered("tomorrow", starts_at=clock.now() + day)
    paused, ended = offered("paused"), offered("ended")
    promotions.pause(MARKETER, paused.pk, "so")
    promotions.end(MARKETER, ended.pk, "so")
    draft()
    assert titles(wallet, anna) == ["three days", "ten days", "without end"]
    story_clock.forward(days=3)
    assert titles(wallet, anna) == ["ten days", "without end", "tomorrow"], "the clock alone has done it"


@pytest.mark.django_db
def test_an_offer_for_an_audience_is_shown_to_whoever_is_in_it(
    story_clock: MovingClock, wallet: Wallet, anna: str
) -> None:
    offered("for all")
    offered("for newcomers", audience=audience("Newcomers", never_purchased=True))
    offered("for buyers", audience=audience("Buyers", purchased_within=30))
    assert titles(wallet, anna) == ["for all", "for newcomers"]


@pytest.mark.django_db
def test_a_blocked_customer_is_offered_nothing_and_an_unknown_card_is_refused(
    story_clock: MovingClock, wallet: Wallet, anna: str
) -> None:
    offered("for all")
    contact = holder(anna)
    type(contact).objects.filter(pk=contact.pk).update(status="blocked")
    assert titles(wallet, anna) == []
    assert wallet.get("/v1/card/2990000099999/promotions").status == 422


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", LISTS)
def test_nobody_is_listed_before_a_marketer_chooses(path: str, wallet: Wallet, anna: str) -> None:
    assert wallet.get(path).body == []


@pytest.mark.django_db(transaction=True)
def test_the_lists_give_the_audience_that_was_chosen_without_those_who_deny_every_channel(
    wallet: Wallet, anna: str
) -> None:
    silent = wallet.issue(**(ANNA | {"phone": "79001234568"})).body["card"]["cardNumber"]
    wallet.issue(**(ANNA | {"phone": "79001234569"}))
    wallet.channels(silent, allow=[], deny=["sms", "email", "call", "push"])
    audiences.choose_for_wallet(MARKETER, audience("Everybody").pk, "campaign")
    assert sorted(wallet.get(LISTS[0]).body) == ["79001234567", "79001234569"]
    extended = {each["phone"]: each["params"] for each in wallet.get(LISTS[1]).body}
    assert set(extended) == {"79001234567", "79001234569"}
    assert anna in {each["value"] for each in extended["79001234567"]}
    audiences.choose_for_wallet(MARKETER, audience("Buyers", purchased_within=1).pk, "campaign")
    assert wallet.get(LISTS[0]).body == []
    audiences.choose_for_wallet(MARKETER, None, "over")
    assert wallet.get(LISTS[1]).body == []
