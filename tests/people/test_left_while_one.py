"""Leaving the programme while two customers were one, and what is of it when they are two again."""

import pytest

from cards.models import Card, CardStatus
from loyalty.core import clock
from loyalty.core.roles import Role
from loyalty.ledger import balances, invariants
from loyalty.services import membership
from tests.factories import CardFactory
from tests.people.conftest import BOSS, MOSCOW, buy, merge, past, unmerge
from tiers import selectors as tiers


def leave(contact_id):
    membership.leave_programme(BOSS, Role.ADMINISTRATOR, contact_id, "she asked")


def enrol(contact_id):
    membership.enrol_contact(BOSS, Role.ADMINISTRATOR, contact_id, "again")


def tier(contact_id):
    return tiers.standing_at(contact_id, clock.now(), MOSCOW).tier.rank


@pytest.mark.parametrize("newer", ["stays", "goes"])
def test_who_left_while_two_were_one_has_no_card_that_works_when_they_are_two_again(story_clock, newer):
    """The card that the merge gave up would work again, and with it who has left would earn."""
    first = CardFactory()
    story_clock.forward(days=1)
    second = CardFactory()
    mine, theirs = (second, first) if newer == "stays" else (first, second)
    buy(mine, "R-1", "500.00")
    buy(theirs, "R-2", "300.00")
    story_clock.forward(days=31)
    merged = merge(mine.contact_id, theirs.contact_id)
    leave(mine.contact_id)
    unmerge(merged)
    assert tier(mine.contact_id) == 0
    own = Card.objects.get(pk=mine.pk)
    assert (own.contact_id, own.status, own.blocked_for_good) == (mine.contact_id, CardStatus.BLOCKED, False)
    # The other never left: its card works, with its points.
    other = Card.objects.get(pk=theirs.pk)
    assert (other.contact_id, other.status) == (theirs.contact_id, CardStatus.ACTIVE)
    assert tier(theirs.contact_id) == 1
    assert balances.read(theirs.contact_id, clock.now()).spendable == 300
    enrol(mine.contact_id)
    assert Card.objects.get(pk=mine.pk).status == CardStatus.ACTIVE
    assert buy(Card.objects.get(pk=mine.pk), "R-3").accrued == 100
    assert buy(Card.objects.get(pk=theirs.pk), "R-4").accrued == 100
    assert invariants.broken() == []
    assert past(mine.contact_id)[-1][:2] == ("Base", "enrolled")
