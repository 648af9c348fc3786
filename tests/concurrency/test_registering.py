"""Calls 6, 7 and 8 of the wallet at the same instant: one card a person, one person a phone, one owner a number."""

from datetime import date

import pytest

from cards.models import Card, CardStatus
from customers.models import Contact
from customers.services import PersonalData
from loyalty.core import actors
from loyalty.services import wallet
from tests.cards.files import bring, csv_of, ten
from tests.concurrency.threads import race

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
APP = actors.client("wallet", "", "koshelek")


def person(phone: str) -> PersonalData:
    return PersonalData(phone=phone, first_name="Anna", surname="Petrova", birth_date=date(1990, 5, 17))


@pytest.fixture
def held(transactional_db: None) -> list[str]:
    """Three reserved numbers of an imported pool of four."""
    bring(csv_of(*ten(count=4)))
    return [wallet.reserve_number(APP).number for _ in range(3)]


def names(answers: list[object]) -> list[str]:
    return sorted(type(each).__name__ for each in answers)


def test_two_people_register_on_one_number_and_one_of_them_has_it(held):
    answers = race(*(lambda n=n: wallet.register_on_number(APP, held[0], person(f"+7900000000{n}")) for n in (1, 2)))
    assert names(answers) == ["Card", "CardTaken"]
    assert Contact.objects.count() == Card.objects.exclude(contact=None).count() == 1


def test_one_person_registers_on_two_numbers_and_has_one_of_them(held):
    answers = race(*(lambda n=n: wallet.register_on_number(APP, n, person("+79000000001")) for n in held))
    assert names(answers) == ["Card", "ContactHasAnotherCard", "ContactHasAnotherCard"]
    assert Contact.objects.count() == Card.objects.exclude(contact=None).count() == 1
    assert Card.objects.filter(status=CardStatus.NEW).count() == 3


def test_a_registration_sent_several_times_at_once_is_one(held):
    answers = race(*(lambda: wallet.register_on_number(APP, held[0], person("+79000000001")) for _ in range(4)))
    assert names(answers) == ["Card"] * 4
    assert {card.number for card in answers} == {held[0]}
    assert Contact.objects.count() == 1


def test_a_person_who_registers_and_asks_for_a_card_at_once_has_one(held):
    answers = race(
        lambda: wallet.register_on_number(APP, held[0], person("+79000000001")),
        lambda: wallet.issue_virtual(APP, person("+79000000001")),
    )
    assert names(answers) in (["Card", "Card"], ["Card", "ContactHasAnotherCard"])
    assert Contact.objects.count() == Card.objects.exclude(contact=None).count() == 1
    assert len({each.number for each in answers if isinstance(each, Card)}) == 1
