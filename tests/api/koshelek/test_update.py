"""Call 4, POST /v1/card/{cardNumber}: personal data."""

from datetime import date
from typing import Any

import pytest

from customers.models import Contact
from loyalty.models import JournalEntry, Program
from tests.api.koshelek.conftest import Wallet, holder, state_of
from tests.factories import CardFactory, ContactFactory


def test_every_key_is_stored(wallet: Wallet, anna: str) -> None:
    reply = wallet.update(
        anna, phone="79007654321", email="Anna@Example.com", firstname="Анна", surname="Орлова", patronymic="Львовна",
        sex="f", birthDate="1991-06-18", countryCode="ru", locality="Москва",
    )  # fmt: skip
    assert (reply.status, reply.text) == (200, "")
    contact = holder(anna)
    assert (contact.phone, contact.email, contact.full_name) == (
        "+79007654321",
        "Anna@example.com",
        "Орлова Анна Львовна",
    )
    assert (contact.sex, contact.birth_date, contact.country_code, contact.locality) == (
        "f",
        date(1991, 6, 18),
        "RU",
        "Москва",
    )


def test_the_other_spellings_are_read_and_the_vendors_decide(wallet: Wallet, anna: str) -> None:
    wallet.update(anna, firstName="Olga", birthdate="1992-01-02")
    assert (holder(anna).first_name, holder(anna).birth_date) == ("Olga", date(1992, 1, 2))
    wallet.update(anna, firstName="Olga", firstname="Vera", birthdate="1992-01-02", birthDate="1993-01-02")
    assert (holder(anna).first_name, holder(anna).birth_date) == ("Vera", date(1993, 1, 2))


@pytest.mark.parametrize("sex", ["m", "M", "м", "М"])
def test_male_in_every_letter(wallet: Wallet, anna: str, sex: str) -> None:
    assert wallet.update(anna, sex=sex).status == 200
    assert holder(anna).sex == "m"


@pytest.mark.parametrize("sex", ["f", "F", "ж", "Ж"])
def test_female_in_every_letter(wallet: Wallet, anna: str, sex: str) -> None:
    assert wallet.update(anna, sex=sex).status == 200
    assert holder(anna).sex == "f"


@pytest.mark.parametrize("phone", ["79007654321", "+79007654321", "+7 (900) 765-43-21", "8 900 765 43 21", 79007654321])
def test_a_phone_in_every_usual_form(wallet: Wallet, anna: str, phone: Any) -> None:
    assert wallet.update(anna, phone=phone).status == 200
    assert holder(anna).phone == "+79007654321"


def test_a_foreign_phone_keeps_its_country(wallet: Wallet, anna: str) -> None:
    wallet.update(anna, phone="84912345678")
    assert holder(anna).phone == "+84912345678"
    assert wallet.find(msisdn="84912345678").body["card"]["cardNumber"] == anna


@pytest.mark.parametrize("body", [{}, {"firstname": ""}, {"firstname": " ", "email": None, "birthDate": ""}, {"x": 1}])
def test_empty_and_absent_leave_what_is_stored(wallet: Wallet, anna: str, body: dict[str, Any]) -> None:
    before = Contact.objects.values().get()
    assert wallet.update(anna, **body).status == 200
    assert Contact.objects.values().get() == before


def test_the_phone_of_another_contact_is_refused_and_nothing_else_is_stored(wallet: Wallet, anna: str) -> None:
    ContactFactory(phone="+79007654321")
    reply = wallet.update(anna, phone="79007654321", firstname="Vera")
    assert reply.code == "3003"
    assert (holder(anna).phone, holder(anna).first_name) == ("+79001234567", "Anna")


def test_an_email_may_belong_to_several(wallet: Wallet, anna: str) -> None:
    ContactFactory(email="family@example.com")
    assert wallet.update(anna, email="family@example.com").status == 200


def test_an_address_that_is_longer_in_small_letters_is_refused(wallet: Wallet, anna: str) -> None:
    reply = wallet.update(anna, email=f"a@{'.'.join(['İ' * 40] * 6)}.com")
    assert (reply.status, reply.code) == (422, "2004")


def test_sufficient_data_activate_an_issued_card(wallet: Wallet) -> None:
    number = wallet.issue(phone="79001234567").body["card"]["cardNumber"]
    assert state_of(number) == "Issued"
    wallet.update(number, firstname="Anna", surname="Orlova")
    assert state_of(number) == "Issued"
    wallet.update(number, birthDate="1990-05-17")
    assert state_of(number) == "Active"


def test_the_retailer_chooses_which_data_suffice(wallet: Wallet) -> None:
    Program.objects.update(sufficiency=["email"])
    number = wallet.issue(phone="79001234567").body["card"]["cardNumber"]
    wallet.update(number, email="anna@example.com")
    assert state_of(number) == "Active"


def test_data_sent_with_the_number_of_a_replaced_card_activate_the_one_that_took_its_place(wallet: Wallet) -> None:
    old = CardFactory(for_good=True, contact=ContactFactory(birth_date=None))
    new = CardFactory(issued_bound=True, contact=old.contact)
    assert wallet.update(old.number, birthDate="1990-05-17").status == 200
    assert (state_of(old.number), state_of(new.number)) == ("Blocked", "Active")


def test_a_blocked_card_stays_blocked(wallet: Wallet) -> None:
    card = CardFactory(blocked=True)
    assert wallet.update(card.number, locality="Kazan").status == 200
    assert (state_of(card.number), holder(card.number).locality) == ("Blocked", "Kazan")


def test_a_card_without_a_holder_is_refused(wallet: Wallet, pool: list[str]) -> None:
    assert wallet.update(pool[0], firstname="Anna").code == "4003"
    assert wallet.update("123", firstname="Anna").code == "4001"


def test_the_journal_names_the_fields_and_no_personal_data(wallet: Wallet, anna: str) -> None:
    wallet.update(anna, surname="Sidorova", email="anna@example.com")
    entry = JournalEntry.objects.get(action="contact.update")
    assert sorted(entry.details["fields"]) == ["email", "surname"]
    assert "Sidorova" not in str(list(JournalEntry.objects.values()))
    assert "9001234567" not in str(list(JournalEntry.objects.values_list("details", "target")))
