"""Calls 6, 7 and 8: reserve a number, register on it, issue without reserving."""

from datetime import date
from typing import Any

import pytest

from cards.models import Card, CardCategory, CardSeries, CardStatus, Reservation
from customers.models import Contact
from loyalty.core import actors
from loyalty.models import Program
from loyalty.services import cards
from tests.api.koshelek.conftest import ANNA, Wallet, holder, state_of
from tests.conftest import MovingClock
from tests.factories import CardFactory, ContactFactory

PHONE = "79001234567"


def number_of(reply: Any) -> str:
    assert reply.status == 200, reply.body
    return str(reply.body["card"]["cardNumber"])


# 6: reserve


def test_a_reserved_number_is_shown_as_an_inactive_card(wallet: Wallet, pool: list[str]) -> None:
    assert wallet.get("/v1/card/anonymous").body == {
        "card": {
            "cardNumber": pool[0],
            "cardState": "inactive",
            "barcode": {"barcodeNumber": pool[0], "barcodeType": "EAN_13"},
        }
    }


def test_no_number_is_given_twice_and_an_empty_pool_is_refused(wallet: Wallet, pool: list[str]) -> None:
    assert sorted(wallet.reserve() for _ in pool) == sorted(pool)
    reply = wallet.get("/v1/card/anonymous")
    assert (reply.status, reply.code) == (422, "4009")


def test_a_reservation_ends_by_the_clock(wallet: Wallet, pool: list[str], story_clock: MovingClock) -> None:
    held = [wallet.reserve() for _ in pool]
    story_clock.forward(minutes=60, microseconds=-1)
    assert wallet.get("/v1/card/anonymous").code == "4009"
    story_clock.forward(microseconds=1)
    assert wallet.register(held[0], **ANNA).code == "4007"
    assert sorted(wallet.reserve() for _ in pool) == sorted(held)


def test_the_length_of_a_reservation_is_a_setting(wallet: Wallet, pool: list[str], story_clock: MovingClock) -> None:
    Program.objects.update(reservation_minutes=5)
    number = wallet.reserve()
    story_clock.forward(minutes=5)
    assert wallet.register(number, **ANNA).code == "4007"


def test_plastic_cards_are_never_handed_out(wallet: Wallet) -> None:
    plastic = cards.create_card_pool(actors.system("test"), count=3, category=CardCategory.PLASTIC)
    assert wallet.get("/v1/card/anonymous").code == "4009"
    assert number_of(wallet.issue(**ANNA)) not in plastic
    assert wallet.register(plastic[0], phone="79005550000").code == "4007"


@pytest.mark.parametrize("traits", [{}, {"issued": True}, {"issued_bound": True}, {"blocked": True}, {"plastic": True}])
def test_only_new_virtual_cards_are_in_the_pool(wallet: Wallet, traits: dict[str, Any]) -> None:
    CardFactory(**traits)
    assert wallet.get("/v1/card/anonymous").code == "4009"


# 7: register


def test_registering_binds_a_new_contact_and_ends_the_reservation(wallet: Wallet, pool: list[str]) -> None:
    number = wallet.reserve()
    reply = wallet.register(number, **ANNA, email="anna@example.com")
    assert (reply.status, reply.text) == (200, "")
    contact = holder(number)
    assert (contact.phone, contact.full_name, contact.birth_date) == ("+79001234567", "Orlova Anna", date(1990, 5, 17))
    assert state_of(number) == "Active"
    assert not Reservation.objects.exists()
    assert number_of(wallet.find(msisdn=PHONE)) == number
    assert contact.standings.get().tier.name == "Base"


def test_a_repeat_of_the_same_registration_answers_the_same(wallet: Wallet, pool: list[str]) -> None:
    number = wallet.reserve()
    replies = [wallet.register(number, **ANNA) for _ in range(3)]
    assert [(reply.status, reply.text) for reply in replies] == [(200, "")] * 3
    assert Contact.objects.count() == 1


def test_a_repeat_after_the_reservation_would_have_ended_answers_the_same(
    wallet: Wallet, pool: list[str], story_clock: MovingClock
) -> None:
    number = wallet.reserve()
    wallet.register(number, **ANNA)
    story_clock.forward(hours=2)
    assert wallet.register(number, **ANNA).status == 200


def test_insufficient_data_leave_the_card_issued(wallet: Wallet, pool: list[str]) -> None:
    number = wallet.reserve()
    assert wallet.register(number, phone=PHONE).status == 200
    assert state_of(number) == "Issued"
    assert wallet.find(msisdn=PHONE).body["card"]["cardState"] == "active"


def test_each_cause_of_a_refused_registration_has_its_own_code(wallet: Wallet, pool: list[str], anna: str) -> None:
    # Anna's card took the first number of the pool, if the pool was there before.
    free = next(number for number in pool if Card.objects.get(number=number).status == CardStatus.NEW)
    assert wallet.register(free, phone="79005550000").code == "4007"
    reserved = wallet.reserve()
    assert wallet.register(anna, phone="79005550000").code == "4008"
    assert wallet.register(reserved, **ANNA).code == "4006"
    assert wallet.register("2990000000000", phone="79005550000").code == "4001"
    unknown = CardFactory.build(new=True, series=CardSeries.objects.get(issuing=True)).number
    assert wallet.register(unknown, phone="79005550000").code == "4002"
    assert not Contact.objects.filter(phone="+79005550000").exists()


def test_a_number_that_another_registered_on_is_taken(wallet: Wallet, pool: list[str]) -> None:
    number = wallet.reserve()
    wallet.register(number, **ANNA)
    assert wallet.register(number, phone="79005550000").code == "4008"
    assert holder(number).phone == "+79001234567"


# 7 and 8: who is it


def issue_by(call: int, wallet: Wallet, **person: Any) -> Any:
    """Issue by call 8, or by calls 6 and 7."""
    if call == 8:
        return wallet.issue(**person)
    return wallet.register(wallet.reserve(), **person)


@pytest.fixture(params=[7, 8])
def call(request: pytest.FixtureRequest, pool: list[str]) -> int:
    return int(request.param)


def test_the_owner_of_the_phone_gets_the_card(wallet: Wallet, call: int) -> None:
    contact = ContactFactory(phone="+79001234567", first_name="Old", email="old@example.com")
    ContactFactory(phone=None, email="anna@example.com")
    assert issue_by(call, wallet, phone="8 900 123-45-67", email="anna@example.com", firstname="Anna").status == 200
    contact = Contact.objects.get(pk=contact.pk)
    assert contact.cards.count() == 1
    assert (contact.first_name, contact.email) == ("Anna", "anna@example.com")


@pytest.mark.parametrize("email", ["anna@example.com", "ANNA@example.com"])
def test_the_owner_of_the_email_without_a_phone_gets_card_and_phone(wallet: Wallet, call: int, email: str) -> None:
    contact = ContactFactory(phone=None, email="anna@example.com")
    assert issue_by(call, wallet, phone=PHONE, email=email).status == 200
    contact = Contact.objects.get(pk=contact.pk)
    assert (contact.phone, contact.cards.count()) == ("+79001234567", 1)


def test_an_email_whose_owner_has_another_phone_hands_over_nothing(wallet: Wallet, call: int) -> None:
    owner = CardFactory(contact__phone="+79990000001", contact__email="anna@example.com")
    assert issue_by(call, wallet, phone=PHONE, email="anna@example.com").status == 200
    newcomer = Contact.objects.get(phone="+79001234567")
    assert newcomer != owner.contact
    assert newcomer.cards.get() != owner
    assert Contact.objects.get(pk=owner.contact.pk).phone == "+79990000001"


def test_owners_with_a_phone_do_not_hide_the_one_without(wallet: Wallet, call: int) -> None:
    for _ in range(4):
        ContactFactory(email="family@example.com")
    without = ContactFactory(phone=None, email="family@example.com")
    issue_by(call, wallet, phone=PHONE, email="family@example.com")
    assert without.cards.count() == 1


def test_of_two_owners_without_a_phone_nobody_is_guessed(wallet: Wallet, call: int) -> None:
    ContactFactory(phone=None, email="family@example.com")
    ContactFactory(phone=None, email="family@example.com")
    issue_by(call, wallet, phone=PHONE, email="family@example.com")
    assert Contact.objects.count() == 3


def test_wildcards_in_an_email_take_nobodys_account(wallet: Wallet, call: int) -> None:
    stranger = ContactFactory(phone=None, email="anna@example.com")
    issue_by(call, wallet, phone=PHONE, email="a__a@example.com")
    assert stranger.cards.count() == 0


def test_a_birth_date_and_a_name_take_nobodys_account(wallet: Wallet, call: int) -> None:
    stranger = ContactFactory(phone=None, birth_date=date(1990, 5, 17), first_name="Anna", surname="Orlova")
    issue_by(call, wallet, **ANNA)
    assert stranger.cards.count() == 0


def test_a_blocked_card_must_be_unblocked_first(wallet: Wallet, call: int) -> None:
    CardFactory(blocked=True, contact__phone="+79001234567", contact__surname="Petrova")
    reply = issue_by(call, wallet, **ANNA)
    assert (reply.status, reply.code) == (422, "4005")
    assert Contact.objects.get().surname == "Petrova"


def test_a_card_blocked_for_good_makes_room_for_a_new_one(wallet: Wallet, call: int) -> None:
    old = CardFactory(for_good=True, contact__phone="+79001234567")
    assert issue_by(call, wallet, **ANNA).status == 200
    new = old.contact.cards.exclude(pk=old.pk).get()
    assert new.status == CardStatus.ACTIVE
    assert number_of(wallet.find(msisdn=PHONE)) == new.number


# 8: issue


def test_issuing_answers_the_card_as_call_1_does(wallet: Wallet, pool: list[str]) -> None:
    reply = wallet.issue(**ANNA)
    assert reply.body == wallet.find(msisdn=PHONE).body
    assert (number_of(reply), state_of(pool[0])) == (pool[0], "Active")


def test_an_empty_pool_is_no_hindrance_the_series_goes_on(wallet: Wallet) -> None:
    numbers = [number_of(wallet.issue(phone=f"7900123456{digit}")) for digit in range(3)]
    assert len(set(numbers)) == 3
    assert all(number.startswith("2990") and len(number) == 13 for number in numbers)
    assert set(Card.objects.values_list("category", flat=True)) == {CardCategory.VIRTUAL}


def test_reserved_numbers_are_not_issued_to_others(wallet: Wallet, pool: list[str]) -> None:
    held = {wallet.reserve() for _ in range(2)}
    assert number_of(wallet.issue(**ANNA)) not in held
    assert number_of(wallet.issue(phone="79005550000")) not in held


def test_a_series_without_numbers_is_an_empty_pool(wallet: Wallet) -> None:
    CardSeries.objects.update(next_serial=10**8)
    assert wallet.issue(**ANNA).code == "4009"
    CardSeries.objects.update(issuing=False)
    assert wallet.issue(**ANNA).code == "4009"
    assert not Contact.objects.exists()


def test_whoever_has_a_card_gets_it_back_and_never_a_second_one(wallet: Wallet, pool: list[str]) -> None:
    numbers = {number_of(wallet.issue(**ANNA)) for _ in range(3)}
    assert len(numbers) == 1
    assert (Contact.objects.count(), Card.objects.filter(contact__isnull=False).count()) == (1, 1)


def test_a_card_of_the_shop_is_found_and_not_doubled(wallet: Wallet, pool: list[str]) -> None:
    plastic = CardFactory(plastic=True, contact__phone="+79001234567")
    assert number_of(wallet.issue(**ANNA)) == plastic.number
