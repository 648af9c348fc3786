"""Wrong codes are counted for one customer at one credential; who guesses has to wait, nobody else does."""

from dataclasses import replace

import pytest
from django.core.cache import cache

from cards.models import Card
from loyalty.core import actors
from loyalty.core.errors import Busy
from loyalty.services import promo_codes, wallet_holder
from loyalty.services.errors import TooManyWrongCodes
from promos.errors import PromoCodeUnknown
from tests.conftest import MovingClock
from tests.factories import CardFactory
from tests.promo_codes.typing import APP, heard, use
from tests.promos.marketing import shared_code, single_codes

pytestmark = pytest.mark.django_db

OTHER_APP = actors.client("other-app", "", "koshelek")


@pytest.fixture
def guesser(story_clock: MovingClock, settings: object) -> Card:
    """Somebody who has guessed as often as is allowed: ten times in a quarter of an hour."""
    card = CardFactory()
    assert {heard(card, f"GUESS0{number}") for number in range(10)} == {"PromoCodeUnknown"}
    return card


def test_who_guesses_too_often_is_refused_even_a_right_code(guesser: Card) -> None:
    code = shared_code()
    with pytest.raises(TooManyWrongCodes) as refused:
        use(guesser, code)
    assert refused.value.data["retry_after"] == 900
    assert heard(guesser, code) == "TooManyWrongCodes"


def test_nobody_else_is_locked_out(guesser: Card) -> None:
    code = shared_code(customer_count=9)
    assert heard(CardFactory(), code) == "100.00", "another customer of the same app"
    assert heard(guesser, code, OTHER_APP) == "100.00", "the same customer in another app"


def test_after_the_time_that_was_named_the_customer_may_try_again(guesser: Card, story_clock: MovingClock) -> None:
    code = shared_code()
    story_clock.forward(minutes=10)
    with pytest.raises(TooManyWrongCodes) as refused:
        use(guesser, code)
    assert refused.value.data["retry_after"] == 300
    story_clock.forward(minutes=5)
    assert heard(guesser, code) == "100.00"


def test_only_guesses_count(story_clock: MovingClock) -> None:
    card, code, [single] = CardFactory(), shared_code(customer_count=2), single_codes()
    for _ in range(12):
        heard(card, code)  # "already used", as after an answer that was lost
        heard(card, "2222-2222-2222")  # misspelled
    for _ in range(9):
        heard(card, "GUESS01")
    assert heard(card, single) == "100.00"


def test_a_fault_or_a_busy_card_is_no_guess(story_clock: MovingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    card, code = CardFactory(), shared_code()

    def busy(_contact_id: int) -> None:
        raise Busy()

    with monkeypatch.context() as patched:
        patched.setattr(wallet_holder, "lock", busy)
        assert {heard(card, code) for _ in range(12)} == {"Busy"}
    assert heard(card, code) == "100.00"


def test_phone_and_card_are_one_customer(guesser: Card) -> None:
    assert guesser.contact is not None
    with pytest.raises(TooManyWrongCodes):
        promo_codes.redeem(APP, phone=guesser.contact.phone or "", number="", code=shared_code())


def test_without_the_cache_codes_work_and_wrong_ones_are_refused(
    story_clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_args: object) -> None:
        raise ConnectionError

    for name in ("add", "incr", "decr"):
        monkeypatch.setattr(cache, name, lost, raising=False)
    card = CardFactory()
    for _ in range(12):
        with pytest.raises(PromoCodeUnknown):
            use(card, "GUESS01")
    assert heard(card, shared_code()) == "100.00"


def test_the_address_of_a_caller_does_not_matter(guesser: Card) -> None:
    assert heard(guesser, shared_code(), replace(APP, address="10.0.0.7")) == "TooManyWrongCodes"
