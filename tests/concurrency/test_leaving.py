"""Leaving and erasing beside tills and merges: nothing that could be spent is left, and no data of anybody erased."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cards.errors import CardStatusRefused
from cards.models import Card
from customers import selectors as customers
from customers.models import Contact
from loyalty.core import actors, clock
from loyalty.core.errors import Busy
from loyalty.core.roles import Role
from loyalty.ledger import balances, invariants
from loyalty.ledger.accounts import Account
from loyalty.models import AdjustmentRequest, Merge
from loyalty.services import adjustments, belongings, erasure, forfeits, hopeless_requests, membership, merging
from loyalty.services.adjustments import Wanted
from loyalty.services.errors import AdjustmentDecided
from tests.concurrency.conftest import buy
from tests.concurrency.threads import LONGEST, race, wait_for_waiting
from tests.factories import ContactFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

BOSS = actors.staff("olga", "administrator")


def merge(survivor: int, absorbed: int) -> Merge:
    return merging.merge_contacts(BOSS, Role.ADMINISTRATOR, survivor, absorbed, "one person")


def leave(contact: int) -> Contact:
    return membership.leave_programme(BOSS, Role.ADMINISTRATOR, contact, "she asked")


def names(answers: list[object]) -> list[str]:
    return sorted(type(each).__name__ for each in answers)


def held(contact: int) -> tuple[Any, Any]:
    read = balances.read(contact, clock.now())
    return read.spendable, read.spendable_escrow


def erase(contact: int) -> object:
    code = Contact.objects.get(pk=contact).code
    return erasure.erase_contact(BOSS, Role.ADMINISTRATOR, contact, "a written request", confirmed=code)


def test_a_purchase_beside_an_erasure_leaves_nothing_that_could_be_spent(rich):
    answers = race(lambda: erase(rich.contact_id), lambda: buy(rich, "beside", amount=40))
    assert not isinstance(answers[0], Exception) or isinstance(answers[0], Busy)
    if isinstance(answers[0], Busy):
        erase(rich.contact_id)
    held = balances.read(rich.contact_id, clock.now())
    assert (held.spendable, held.spendable_escrow) == (0, 0)
    assert invariants.broken() == []


def test_a_merge_beside_an_erasure_never_brings_the_erased_data_over(rich):
    stays = ContactFactory(phone=None, email="")
    answers = race(lambda: merge(stays.pk, rich.contact_id), lambda: erase(rich.contact_id))
    assert len([each for each in answers if isinstance(each, Exception)]) == 1
    merged = isinstance(answers[0], Merge)
    assert Contact.objects.filter(pk=stays.pk, phone=None).exists() != merged
    assert Contact.objects.filter(pk=rich.contact_id, erased_at=None).exists() == merged


def test_who_leaves_twice_at_once_leaves_once(rich):
    def leave() -> object:
        return membership.leave_programme(BOSS, Role.ADMINISTRATOR, rich.contact_id, "she asked")

    assert names(race(leave, leave)) == ["Contact", "NotEnrolled"]
    assert balances.read(rich.contact_id, clock.now()).burned == 100


@pytest.mark.parametrize("rounds", range(3))
def test_a_purchase_beside_a_leaving_leaves_nothing_that_could_be_spent(rich, rounds):
    left, bought = race(lambda: leave(rich.contact_id), lambda: buy(rich, "beside", amount=40))
    assert isinstance(left, Contact)
    assert isinstance(bought, CardStatusRefused) or not isinstance(bought, Exception)
    assert held(rich.contact_id) == (0, 0)


@pytest.mark.negative_control
def test_without_the_lock_on_the_card_a_purchase_comes_between_and_the_database_ends_one(rich, monkeypatch):
    monkeypatch.setattr(belongings, "lock_cards", lambda *ids: list(Card.objects.filter(contact_id__in=ids)))
    give_up, given_up = forfeits.give_up, threading.Event()

    def and_wait(*given: Any) -> Any:
        points = give_up(*given)
        given_up.set()
        wait_for_waiting()
        return points

    def buy_then() -> object:
        assert given_up.wait(LONGEST)
        return buy(rich, "beside", amount=40)

    monkeypatch.setattr(forfeits, "give_up", and_wait)
    answers = race(lambda: leave(rich.contact_id), buy_then)
    # The purchase holds the card and waits for the points, the leaving holds the points and waits for the card.
    assert "Busy" in names(answers)


def and_then(look: Callable[[int], Any], act: Callable[[], object]) -> Callable[[int], Any]:
    """Look, and let somebody else act before the answer is used; once."""
    done: list[object] = []

    def wrapped(contact: int) -> Any:
        seen = look(contact)
        if not done:
            done.extend(race(act))
        return seen

    return wrapped


def test_who_is_merged_into_somebody_being_erased_is_erased_as_well(rich, monkeypatch):
    other = ContactFactory(surname="Petrova")
    monkeypatch.setattr(customers, "kin_of", and_then(customers.kin_of, lambda: merge(rich.contact_id, other.pk)))
    with pytest.raises(Busy):
        erase(rich.contact_id)
    assert Contact.objects.filter(erased_at=None).count() == 2
    erase(rich.contact_id)
    assert not Contact.objects.filter(erased_at=None).exists()
    assert not Contact.objects.filter(surname="Petrova").exists()


def test_what_somebody_asks_for_between_look_and_lock_does_not_outlive_the_leaving(rich, monkeypatch):
    wanted = Wanted("late", rich.contact_id, Account.SPENDABLE, Decimal(5000), "a parcel")
    look = and_then(hopeless_requests.lock_waiting, lambda: adjustments.ask(BOSS, wanted))
    monkeypatch.setattr(hopeless_requests, "lock_waiting", look)
    with pytest.raises(Busy):
        leave(rich.contact_id)
    leave(rich.contact_id)
    assert AdjustmentRequest.objects.get().status == "withdrawn"


@pytest.mark.parametrize("rounds", range(3))
def test_an_approval_beside_a_leaving_comes_before_it_or_not_at_all(rich, rounds):
    wanted = Wanted("before", rich.contact_id, Account.SPENDABLE, Decimal(5000), "a parcel")
    request = adjustments.ask(actors.staff("vera", "cc_operator"), wanted)
    left, approved = race(lambda: leave(rich.contact_id), lambda: adjustments.approve(BOSS, request.pk))
    assert isinstance(left, Contact)
    assert isinstance(approved, AdjustmentDecided) or approved.status == "posted"
    assert held(rich.contact_id) == (0, 0)
    assert invariants.broken() == []
