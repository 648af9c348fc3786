"""Call 2, PUT /v1/card/{cardNumber}/communication: what the customer allows and denies."""

from typing import Any

import pytest

from customers import selectors
from customers.models import Consent
from tests.api.koshelek.conftest import Wallet, holder
from tests.factories import CardFactory


def said(number: str) -> dict[str, bool]:
    return selectors.current_consents(holder(number).pk)


def test_allowed_and_denied_channels_are_stored(wallet: Wallet, anna: str) -> None:
    reply = wallet.channels(anna, allow=["sms", "email"], deny=["call"])
    assert (reply.status, reply.text) == (200, "")
    assert said(anna) == {"sms": True, "email": True, "call": False}


def test_a_channel_named_in_neither_list_stays(wallet: Wallet, anna: str) -> None:
    wallet.channels(anna, allow=["sms", "push"])
    wallet.channels(anna, deny=["push"])
    assert said(anna) == {"sms": True, "push": False}


def test_a_channel_in_both_lists_is_denied(wallet: Wallet, anna: str) -> None:
    wallet.channels(anna, allow=["sms"], deny=["sms"])
    assert said(anna) == {"sms": False}


def test_unknown_channels_are_stored_not_refused(wallet: Wallet, anna: str) -> None:
    wallet.channels(anna, allow=["telegram", "голубиная почта"])
    assert said(anna) == {"telegram": True, "голубиная почта": True}


def test_capitals_make_no_other_channel(wallet: Wallet, anna: str) -> None:
    wallet.channels(anna, allow=["SMS", "sms", " sms "])
    assert said(anna) == {"sms": True}
    assert Consent.objects.count() == 1


def test_a_name_that_is_longer_in_small_letters_is_refused(wallet: Wallet, anna: str) -> None:
    reply = wallet.channels(anna, allow=["sms", "İ" * 40])
    assert (reply.status, reply.code) == (422, "2002")
    assert not Consent.objects.exists()


def test_each_change_is_dated_and_kept_and_a_repeat_adds_nothing(wallet: Wallet, anna: str, story_clock) -> None:
    for lists in ({"allow": ["sms"]}, {"allow": ["sms"]}, {"deny": ["sms"]}, {"allow": ["sms"]}):
        story_clock.forward(days=1)
        wallet.channels(anna, **lists)
    kept = list(Consent.objects.order_by("id").values_list("allowed", "given_at__day", "source", "actor"))
    assert kept == [
        (True, 3, "koshelek", "client:wallet-app"),
        (False, 5, "koshelek", "client:wallet-app"),
        (True, 6, "koshelek", "client:wallet-app"),
    ]


@pytest.mark.parametrize("lists", [{}, {"allow": []}, {"allow": None, "deny": None}, {"other": ["sms"]}])
def test_nothing_named_changes_nothing(wallet: Wallet, anna: str, lists: Any) -> None:
    assert wallet.channels(anna, **lists).status == 200
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("lists", "code", "name"),
    [
        ({"allow": "sms"}, "2002", "allow"),
        ({"allow": {"sms": True}}, "2002", "allow"),
        ({"allow": 1}, "2002", "allow"),
        ({"allow": ["sms"], "deny": [1]}, "2002", "deny"),
        ({"allow": ["sms"], "deny": [None]}, "2001", "deny"),
        ({"allow": ["sms"], "deny": [""]}, "2001", "deny"),
        ({"allow": ["sms"], "deny": [["sms"]]}, "2002", "deny"),
        ({"allow": ["sms"], "deny": [True]}, "2002", "deny"),
        ({"allow": ["x" * 41]}, "2002", "allow"),
        ({"allow": ["s\x00ms"]}, "2002", "allow"),
        ({"allow": ["\ud800"]}, "2002", "allow"),
        ({"allow": [f"c{number}" for number in range(51)]}, "2002", "allow"),
    ],
)
def test_a_bad_list_is_named_and_nothing_is_written(
    wallet: Wallet, anna: str, lists: Any, code: str, name: str
) -> None:
    reply = wallet.channels(anna, **lists)
    assert (reply.status, reply.code) == (422, code)
    assert reply.said.startswith(f"{name}: ")
    assert not Consent.objects.exists()


def test_the_holder_of_a_blocked_card_may_still_deny(wallet: Wallet) -> None:
    card = CardFactory(blocked=True)
    assert wallet.channels(card.number, deny=["sms"]).status == 200
    assert said(card.number) == {"sms": False}


def test_a_card_without_a_holder_is_refused(wallet: Wallet, pool: list[str]) -> None:
    assert wallet.channels(pool[0], allow=["sms"]).code == "4003"
    assert wallet.channels("2990999999998", allow=["sms"]).code == "4002"
    assert wallet.channels("12", allow=["sms"]).code == "4001"
