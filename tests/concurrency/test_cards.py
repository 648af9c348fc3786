"""Numbers of the pool, cards of a person: each once, whoever asks at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from cards import locks as card_locks
from cards import services as card_services
from cards.errors import CardBoundToAnother, CardStatusRefused, ContactHasAnotherCard, PoolEmpty
from cards.models import Card, CardSeries, CardStatus, Reservation
from customers.models import Contact
from customers.services import PersonalData
from loyalty.core import actors, clock
from loyalty.services import cards as card_use_cases
from loyalty.services import exchange, wallet
from loyalty.services.unit_of_work import unit_of_work
from tests.concurrency.threads import LONGEST, Meeting, _alone, meanwhile, race, wait_for_waiting
from tests.factories import CardFactory, ContactFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

APP = actors.client("wallet", "", "koshelek")
TILL = actors.client("till-1", "till", "cash_desk")


def person(phone: str, **given: object) -> PersonalData:
    return PersonalData(phone=phone, first_name="Anna", surname="Petrova", birth_date=date(1990, 5, 17), **given)


def issue(phone: str, **given: object) -> Card:
    return wallet.issue_virtual(APP, person(phone, **given))


def pool(size: int) -> list[Card]:
    return [CardFactory(new=True) for _ in range(size)]


def test_the_last_number_of_the_pool_goes_to_one_of_two_and_the_other_gets_the_next_of_the_series():
    [last] = pool(1)
    cards = race(lambda: issue("+79000000001"), lambda: issue("+79000000002"))
    assert len({card.number for card in cards}) == 2
    assert last.number in {card.number for card in cards}
    assert {card.status for card in Card.objects.all()} == {CardStatus.ACTIVE}


def test_the_last_number_is_reserved_for_one_of_two_and_the_pool_is_empty_for_the_other():
    [last] = pool(1)
    answers = race(lambda: wallet.reserve_number(APP), lambda: wallet.reserve_number(APP))
    assert sorted(type(each).__name__ for each in answers) == ["Card", "PoolEmpty"]
    assert Reservation.objects.get().card == last


def test_who_waits_for_the_last_number_does_not_get_it_when_it_was_reserved_meanwhile():
    [last] = pool(1)
    lock = "SELECT 1 FROM cards_card WHERE id = %s FOR UPDATE"
    with meanwhile(lock, [last.pk], lambda: wallet.reserve_number(APP), lambda: issue("+79000000003")) as answers:
        wait_for_waiting(2)
        card_services.reserve(last, minutes=60, actor="client:other", now=last.created_at)
    assert isinstance(answers[0], PoolEmpty)
    assert answers[1].number != last.number
    assert Reservation.objects.get().actor == "client:other"


def test_who_waits_for_the_last_number_gets_it_when_it_was_given_back():
    [last] = pool(1)
    lock = "SELECT 1 FROM cards_card WHERE id = %s FOR UPDATE"
    with meanwhile(lock, [last.pk], lambda: wallet.reserve_number(APP)) as answers:
        wait_for_waiting()
    assert answers == [last]


def test_many_reservations_at_once_never_share_a_number():
    pool(6)
    answers = race(*(lambda: wallet.reserve_number(APP) for _ in range(8)))
    numbers = [each.number for each in answers if isinstance(each, Card)]
    assert (len(numbers), len(set(numbers))) == (6, 6)
    assert sum(isinstance(each, PoolEmpty) for each in answers) == 2


@pytest.mark.negative_control
def test_without_the_second_look_two_reservations_would_share_a_number(monkeypatch):
    [last] = pool(1)
    monkeypatch.setattr(card_locks, "_reserved", lambda *_: False)
    lock = "SELECT 1 FROM cards_card WHERE id = %s FOR UPDATE"
    with meanwhile(lock, [last.pk], lambda: wallet.reserve_number(APP)) as answers:
        wait_for_waiting()
        card_services.reserve(last, minutes=60, actor="client:other", now=last.created_at)
    assert answers == [last]
    assert Reservation.objects.get().actor == str(APP)


@pytest.mark.negative_control
def test_without_a_lock_two_people_would_be_given_the_same_number(monkeypatch):
    pool(1)
    free = Card.objects.filter(status=CardStatus.NEW).order_by("id")
    monkeypatch.setattr(card_locks, "lock_free_number", Meeting().after(lambda now: free.first()))
    cards = race(lambda: issue("+79000000001"), lambda: issue("+79000000002"))
    assert len({card.number for card in cards}) == 1


def test_one_phone_asking_twice_at_once_gets_the_same_card_both_times():
    pool(4)
    for number in range(5):
        cards = race(*(lambda n=number: issue(f"+7900000010{n}") for _ in range(3)))
        assert not [each for each in cards if isinstance(each, Exception)]
        assert len({card.number for card in cards}) == 1
    assert Contact.objects.count() == Card.objects.exclude(contact=None).count() == 5


@pytest.mark.negative_control
def test_without_a_second_look_for_the_phone_one_of_two_calls_would_fail(monkeypatch):
    pool(2)
    monkeypatch.setattr(wallet, "ATTEMPTS", 1)
    monkeypatch.setattr(wallet, "_find", Meeting().after(wallet._find))
    cards = race(lambda: issue("+79000000001"), lambda: issue("+79000000001"))
    assert sorted(type(each).__name__ for each in cards) == ["Busy", "Card"]


def test_an_e_mail_without_a_phone_is_not_taken_over_by_the_second_of_two_phones():
    pool(2)
    shared = ContactFactory(phone=None, email="a@example.com")
    cards = race(*(lambda n=n: issue(f"+7900000000{n}", email="a@example.com") for n in (1, 2)))
    assert len({card.contact_id for card in cards}) == 2
    assert shared.pk in {card.contact_id for card in cards}


def test_one_card_bound_to_two_contacts_at_once_belongs_to_one():
    card, people = CardFactory(issued=True), [ContactFactory(), ContactFactory()]
    answers = race(*(lambda each=each: card_use_cases.bind_card(TILL, card.number, each.phone) for each in people))
    assert sorted(type(each).__name__ for each in answers) == ["Card", "CardBoundToAnother"]
    bound = Card.objects.get(pk=card.pk)
    assert (bound.status, bound.contact in people) == (CardStatus.ACTIVE, True)
    assert isinstance(next(each for each in answers if isinstance(each, Exception)), CardBoundToAnother)


def test_two_cards_bound_to_one_contact_at_once_leave_one_bound():
    cards, contact = [CardFactory(issued=True), CardFactory(issued=True)], ContactFactory()
    answers = race(*(lambda each=each: card_use_cases.bind_card(TILL, each.number, contact.phone) for each in cards))
    assert sorted(type(each).__name__ for each in answers) == ["Card", "ContactHasAnotherCard"]
    assert Card.objects.filter(contact=contact).count() == 1
    assert isinstance(next(each for each in answers if isinstance(each, Exception)), ContactHasAnotherCard)


@pytest.mark.negative_control
def test_without_the_lock_on_the_contact_the_database_has_to_refuse_the_second_card(monkeypatch):
    cards, contact = [CardFactory(issued=True), CardFactory(issued=True)], ContactFactory()
    look = Meeting().after(lambda contact_id: Contact.objects.get(pk=contact_id))
    monkeypatch.setattr("customers.locks.lock_contact", look)
    monkeypatch.setattr(card_use_cases, "_refuse_binding_conflict", Meeting().after(lambda *_: None))
    answers = race(*(lambda each=each: card_use_cases.bind_card(TILL, each.number, contact.phone) for each in cards))
    assert sorted(type(each).__name__ for each in answers) == ["Card", "IntegrityError"]


def test_pools_made_at_once_never_share_a_number():
    from cards.models import CardCategory

    made = race(
        *(lambda: card_use_cases.create_card_pool(TILL, count=50, category=CardCategory.VIRTUAL) for _ in "abc")
    )
    assert len({number for numbers in made for number in numbers}) == 150
    assert CardSeries.objects.get(issuing=True).next_serial == 151


def test_numbers_lent_to_partners_and_reserved_at_the_same_time_are_held_once():
    pool(8)
    partners = [actors.system(f"partner-{each}") for each in range(3)]
    answers = race(
        *(lambda partner=partner: exchange.lend_numbers(partner, 3) for partner in partners),
        *(lambda: wallet.reserve_number(APP) for _ in range(3)),
    )
    lent = sum(each.held for each in answers[:3])
    reserved = {each.number for each in answers[3:] if isinstance(each, Card)}
    assert lent + len(reserved) == Reservation.objects.count() <= 8
    for partner, answer in zip(partners, answers, strict=False):
        assert Reservation.objects.filter(actor=str(partner)).count() == answer.held
    assert Reservation.objects.filter(card__number__in=reserved, actor=str(APP)).count() == len(reserved)


@pytest.mark.negative_control
def test_without_the_condition_of_the_conflict_a_lent_number_would_be_lent_again(monkeypatch):
    pool(1)
    exchange.lend_numbers(actors.system("first"), 1)
    everything = card_locks._FREE_MANY.replace("AND NOT EXISTS", "OR EXISTS")
    monkeypatch.setattr(card_locks, "_FREE_MANY", everything)
    assert exchange.lend_numbers(actors.system("second"), 1).added == 0
    monkeypatch.setattr(card_services, "_LEND", card_services._LEND.replace("WHERE held.reserved_until <= %(now)s", ""))
    assert exchange.lend_numbers(actors.system("third"), 1).added == 1
    assert Reservation.objects.get().actor == "system:third"


def reserved_while_a_till_issues_it() -> list[object]:
    """The wallet has locked the number and is about to reserve it; the till waits for the card."""
    (card,) = pool(1)
    with ThreadPoolExecutor(1) as waiting:
        with unit_of_work():
            card_locks.lock_free_number(clock.now())
            till = waiting.submit(_alone, lambda: card_use_cases.issue_card(APP, card.number), None)
            wait_for_waiting()
            card_services.reserve(card, minutes=60, actor="client:app", now=clock.now())
        return [till.result(LONGEST), Card.objects.get(pk=card.pk).status]


def test_a_till_that_waited_for_a_number_does_not_issue_what_was_reserved_meanwhile():
    answer, status = reserved_while_a_till_issues_it()
    assert (type(answer), status) == (CardStatusRefused, CardStatus.NEW)


@pytest.mark.negative_control
def test_without_a_look_under_the_lock_the_till_would_issue_it(monkeypatch):
    monkeypatch.setattr(card_use_cases.cards, "is_reserved", lambda card_id, now: False)
    answer, status = reserved_while_a_till_issues_it()
    assert (type(answer), status) == (Card, CardStatus.ISSUED)
