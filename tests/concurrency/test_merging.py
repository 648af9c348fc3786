"""Merges beside each other and beside tills: one wins, the other hears why, and nobody waits in a circle."""

import pytest

from cards.errors import CardStatusRefused
from cards.models import Card
from customers import locks as customer_locks
from customers.errors import ContactMerged
from customers.models import Contact
from loyalty.core import actors, clock
from loyalty.core.errors import Busy
from loyalty.core.roles import Role
from loyalty.ledger import balances
from loyalty.models import Merge, Purchase
from loyalty.services import cards, merging, refunds, unmerging
from loyalty.services.errors import MergeUndone
from tests.concurrency.conftest import TILL, buy
from tests.concurrency.threads import Meeting, race
from tests.factories import CardFactory, ContactFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

BOSS = actors.staff("olga", "administrator")


def merge(survivor: int, absorbed: int) -> Merge:
    return merging.merge_contacts(BOSS, Role.ADMINISTRATOR, survivor, absorbed, "one person")


def unmerge(merged: Merge) -> Merge:
    return unmerging.unmerge_contacts(BOSS, Role.ADMINISTRATOR, merged.pk, "two people")


def names(answers: list[object]) -> list[str]:
    return sorted(type(each).__name__ for each in answers)


def available(*contacts: int) -> list[object]:
    return [balances.read(each, clock.now()).spendable for each in contacts]


@pytest.mark.parametrize("rounds", range(3))
def test_two_contacts_merged_both_ways_at_once(rich, rounds):
    other = CardFactory()
    buy(other, "other", amount=50, days_ago=31)
    one, two = rich.contact_id, other.contact_id
    answers = race(lambda: merge(one, two), lambda: merge(two, one))
    assert names(answers) == ["ContactMerged", "Merge"]
    assert sorted(available(one, two)) == [0, 150]
    assert Merge.objects.count() == 1


def test_a_double_click_answers_the_same(rich):
    other = ContactFactory()
    first, second = race(lambda: merge(rich.contact_id, other.pk), lambda: merge(rich.contact_id, other.pk))
    assert first == second
    assert Merge.objects.count() == 1


def test_one_contact_goes_to_one_of_two(rich):
    one, two = ContactFactory(), ContactFactory()
    answers = race(lambda: merge(one.pk, rich.contact_id), lambda: merge(two.pk, rich.contact_id))
    assert names(answers) == ["ContactMerged", "Merge"]
    assert sorted(available(one.pk, two.pk)) == [0, 100]


@pytest.mark.negative_control
def test_without_the_lock_both_merges_go_as_far_as_the_constraint(monkeypatch):
    one, two, gone = ContactFactory(), ContactFactory(), ContactFactory()
    look = Meeting().after(lambda ids: {each.pk: each for each in Contact.objects.filter(pk__in=ids)})
    monkeypatch.setattr(customer_locks, "lock_contacts", look)
    answers = race(lambda: merge(one.pk, gone.pk), lambda: merge(two.pk, gone.pk))
    assert names(answers) == ["IntegrityError", "Merge"]


def test_a_purchase_beside_a_merge_is_earned_once_and_by_who_stays(rich):
    stays = CardFactory().contact_id
    answers = race(lambda: merge(stays, rich.contact_id), lambda: buy(rich, "beside", amount=40))
    # Both cards are Active, and the newer one is kept: the older is given up.
    assert isinstance(answers[0], Merge)
    earned = 0 if isinstance(answers[1], CardStatusRefused) else 40
    assert earned == 0 or not isinstance(answers[1], Exception)
    assert balances.read(stays, clock.now()).spendable_escrow == earned
    assert not Purchase.objects.exclude(contact=stays).exists()


@pytest.mark.parametrize("rounds", range(3))
def test_a_return_beside_a_merge_finds_its_points(rich, rounds):
    stays = CardFactory().contact_id
    answers = race(lambda: merge(stays, rich.contact_id), lambda: refunds.cancel(TILL, "rich"))
    assert not [each for each in answers if isinstance(each, Exception)]
    assert available(stays, rich.contact_id) == [0, 0]


def test_a_card_bound_beside_a_merge_goes_to_whoever_the_phone_leads_to():
    stays, gone, card = ContactFactory(), ContactFactory(), CardFactory(issued=True)
    answers = race(
        lambda: merge(stays.pk, gone.pk),
        lambda: cards.bind_card(TILL, card.number, gone.phone),
    )
    assert not [each for each in answers if isinstance(each, Exception) and not isinstance(each, Busy)]
    if isinstance(answers[1], Busy):
        cards.bind_card(TILL, card.number, gone.phone)
    if isinstance(answers[0], Busy):
        merge(stays.pk, gone.pk)
    assert Card.objects.get(pk=card.pk).contact_id == stays.pk


def test_a_merge_is_undone_once(rich):
    merged = merge(CardFactory().contact_id, rich.contact_id)
    answers = race(lambda: unmerge(merged), lambda: unmerge(merged))
    assert names(answers) == ["Merge", "MergeUndone"]
    assert available(rich.contact_id) == [100]
    assert isinstance(race(lambda: unmerge(merged))[0], MergeUndone)


def test_what_was_merged_meanwhile_is_told():
    one, two, three = ContactFactory(), ContactFactory(), ContactFactory()
    merge(one.pk, two.pk)
    for survivor, absorbed in ((two, three), (three, two)):
        assert isinstance(race(lambda s=survivor, a=absorbed: merge(s.pk, a.pk))[0], ContactMerged)
