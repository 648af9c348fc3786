"""Call 1, GET /v1/card: whose card is it."""

from datetime import date

import pytest

from cards.models import Card
from tests.api.koshelek.conftest import Wallet
from tests.factories import CardFactory, CardSeriesFactory, ContactFactory

PHONE, MSISDN = "+79001234567", "79001234567"


def card_of(**contact: object) -> Card:
    return CardFactory(contact=ContactFactory(**contact))


def found(reply) -> str:
    assert reply.status == 200, reply.body
    return reply.body["card"]["cardNumber"] if reply.body else ""


def test_a_card_is_found_by_phone_with_its_state_and_barcode(wallet: Wallet) -> None:
    card = card_of(phone=PHONE)
    assert wallet.find(msisdn=MSISDN).body == {
        "card": {
            "cardNumber": card.number,
            "cardState": "active",
            "barcode": {"barcodeNumber": card.number, "barcodeType": "EAN_13"},
        }
    }


def test_an_issued_card_is_active_for_the_wallet(wallet: Wallet) -> None:
    card = CardFactory(issued_bound=True, contact__phone=PHONE)
    reply = wallet.find(msisdn=MSISDN)
    assert found(reply) == card.number
    assert reply.body["card"]["cardState"] == "active"


def test_nobody_is_found_with_200_and_an_empty_body(wallet: Wallet) -> None:
    reply = wallet.find(msisdn="79990000000", email="nobody@example.com")
    assert (reply.status, reply.text) == (200, "")


def test_a_contact_without_a_card_is_like_nobody(wallet: Wallet) -> None:
    ContactFactory(phone=PHONE)
    assert wallet.find(msisdn=MSISDN).text == ""


@pytest.mark.parametrize("email", ["anna@example.com", "ANNA@Example.COM", "Anna@EXAMPLE.com"])
def test_the_case_of_an_email_does_not_matter(wallet: Wallet, email: str) -> None:
    card = card_of(email="Anna@example.com")
    assert found(wallet.find(email=email)) == card.number


@pytest.mark.parametrize("email", ["%@example.com", "a_na@example.com", "anna@example.co_", "anna@%.com"])
def test_wildcards_in_an_email_find_nobody(wallet: Wallet, email: str) -> None:
    card_of(email="anna@example.com")
    reply = wallet.find(email=email)
    assert reply.text == "" or reply.code == "2004"


def test_a_letter_that_looks_like_k_does_not_find_the_owner_of_k(wallet: Wallet) -> None:
    card_of(email="kolya@example.com")
    assert wallet.find(email="\u212aolya@example.com").code == "2004"


def test_either_parameter_is_enough(wallet: Wallet) -> None:
    card = card_of(phone=PHONE, email="anna@example.com")
    assert found(wallet.find(msisdn=MSISDN, email="other@example.com")) == card.number
    assert found(wallet.find(msisdn="79990000000", email="anna@example.com")) == card.number


def test_the_contact_with_the_phone_decides_over_the_owner_of_the_email(wallet: Wallet) -> None:
    by_phone = card_of(phone=PHONE, email="anna@example.com")
    card_of(email="boris@example.com")
    assert found(wallet.find(msisdn=MSISDN, email="boris@example.com")) == by_phone.number


def test_a_phone_whose_owner_has_no_card_decides_too(wallet: Wallet) -> None:
    ContactFactory(phone=PHONE)
    card_of(email="boris@example.com")
    assert wallet.find(msisdn=MSISDN, email="boris@example.com").text == ""


def test_a_birth_date_that_does_not_fit_the_phones_owner_changes_nothing(wallet: Wallet) -> None:
    card = card_of(phone=PHONE, birth_date=date(1990, 5, 17))
    assert found(wallet.find(msisdn=MSISDN, birthDate="1971-01-01")) == card.number


def test_a_birth_date_alone_finds_nobody(wallet: Wallet) -> None:
    card_of(birth_date=date(1990, 5, 17))
    reply = wallet.find(birthDate="1990-05-17")
    assert (reply.status, reply.code) == (422, "2001")


def test_several_owners_of_an_email_go_to_support(wallet: Wallet) -> None:
    card_of(email="family@example.com")
    card_of(email="Family@example.com")
    assert wallet.find(email="family@example.com").code == "3001"


def test_a_birth_date_chooses_among_several_owners_however_many(wallet: Wallet) -> None:
    for year in range(1980, 1990):
        card_of(email="family@example.com", birth_date=date(year, 1, 1))
    youngest = card_of(email="family@example.com", birth_date=date(2001, 1, 1))
    assert found(wallet.find(email="family@example.com", birthDate="2001-01-01")) == youngest.number


def test_a_birth_date_that_fits_none_of_several_is_refused(wallet: Wallet) -> None:
    card_of(email="family@example.com")
    card_of(email="family@example.com")
    assert wallet.find(email="family@example.com", birthDate="1950-01-01").code == "3002"


def test_twins_with_one_email_go_to_support(wallet: Wallet) -> None:
    card_of(email="twins@example.com", birth_date=date(2000, 1, 1))
    card_of(email="twins@example.com", birth_date=date(2000, 1, 1))
    assert wallet.find(email="twins@example.com", birthDate="2000-01-01").code == "3001"


@pytest.mark.parametrize("trait", ["blocked", "for_good"])
def test_only_a_blocked_card_is_refused(wallet: Wallet, trait: str) -> None:
    CardFactory(contact__phone=PHONE, **{trait: True})
    assert wallet.find(msisdn=MSISDN).code == "4004"


def test_the_card_that_is_not_blocked_is_picked(wallet: Wallet) -> None:
    contact = ContactFactory(phone=PHONE)
    usable = CardFactory(contact=contact)
    CardFactory(contact=contact, for_good=True)
    assert found(wallet.find(msisdn=MSISDN)) == usable.number


@pytest.mark.parametrize(
    "query", [{}, {"msisdn": ""}, {"msisdn": " ", "email": ""}, {"unknown": "1"}, {"cardNumber": "2990000000017"}]
)
def test_no_usable_parameter_is_refused(wallet: Wallet, query: dict[str, str]) -> None:
    assert wallet.get("/v1/card", query).code == "2001"


def test_unknown_parameters_are_ignored(wallet: Wallet) -> None:
    card = card_of(phone=PHONE)
    assert found(wallet.find(msisdn=MSISDN, utm="x", MSISDN="y")) == card.number


@pytest.mark.parametrize(
    ("query", "code", "name"),
    [
        ({"msisdn": "7900abc4567"}, "2003", "msisdn"),
        ({"msisdn": "1234567890123456"}, "2003", "msisdn"),
        ({"msisdn": "123"}, "2003", "msisdn"),
        ({"msisdn": "٧٩٠٠١٢٣٤٥٦٧"}, "2003", "msisdn"),
        ({"msisdn": "7900\x001234567"}, "2002", "msisdn"),
        ({"email": "not an address"}, "2004", "email"),
        ({"email": "a" * 300 + "@example.com"}, "2002", "email"),
        ({"email": "a\x00@example.com"}, "2002", "email"),
        ({"msisdn": "79001234567", "birthDate": "2026-02-30"}, "2002", "birthDate"),
        ({"msisdn": "79001234567", "birthDate": "17.05.1990"}, "2002", "birthDate"),
        ({"msisdn": "79001234567", "birthDate": "19900517"}, "2002", "birthDate"),
        ({"msisdn": ["79001234567", "79001234568"]}, "2002", "msisdn"),
        ({"msisdn": "79001234567", "email": ["a@b.ru", "a@b.ru"]}, "2002", "email"),
    ],
)
def test_a_bad_value_of_a_known_parameter_is_named(wallet: Wallet, query, code: str, name: str) -> None:
    card_of(phone=PHONE)
    reply = wallet.get("/v1/card", query)
    assert (reply.status, reply.code) == (422, code)
    assert reply.said.startswith(f"{name}: ")


@pytest.mark.parametrize("msisdn", ["+79001234567", " 79001234567", "79001234567 "])
def test_a_plus_or_a_blank_around_the_digits_is_dropped(wallet: Wallet, msisdn: str) -> None:
    card = card_of(phone=PHONE)
    assert found(wallet.find(msisdn=msisdn)) == card.number


def test_digits_of_another_country_are_not_read_as_a_russian_number(wallet: Wallet) -> None:
    russian, vietnamese = card_of(phone="+74912345678"), card_of(phone="+84912345678")
    assert found(wallet.find(msisdn="84912345678")) == vietnamese.number
    assert found(wallet.find(msisdn="74912345678")) == russian.number


def test_digits_that_are_no_possible_phone_are_nobodys(wallet: Wallet) -> None:
    assert wallet.find(msisdn="999999999999999").text == ""


def test_a_barcode_that_cannot_hold_the_number_becomes_code_128(wallet: Wallet) -> None:
    series = CardSeriesFactory(length=16, check_digit="luhn")
    card = CardFactory(contact__phone=PHONE, series=series)
    assert wallet.find(msisdn=MSISDN).body["card"]["barcode"] == {
        "barcodeNumber": card.number,
        "barcodeType": "CODE_128",
    }


def test_no_answer_tells_anything_of_the_person(wallet: Wallet) -> None:
    card_of(phone=PHONE, email="anna@example.com", surname="Orlova")
    card_of(email="family@example.com", surname="Sidorova")
    card_of(email="family@example.com", surname="Sidorova")
    for query in ({"msisdn": MSISDN}, {"email": "anna@example.com"}, {"email": "family@example.com"}):
        text = wallet.get("/v1/card", query).text
        assert not any(secret in text for secret in ("Orlova", "Sidorova", "@example", "9001234567", "1990"))


def test_finding_takes_three_statements(wallet: Wallet, django_assert_max_num_queries) -> None:
    card_of(phone=PHONE)
    with django_assert_max_num_queries(3):  # the credential, the contact, the cards
        wallet.find(msisdn=MSISDN)
