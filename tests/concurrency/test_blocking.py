"""A block that is committed stops every spend; two blocks at once leave one record; a card is replaced once."""

import dataclasses

import pytest

from cards import locks as card_locks
from cards.errors import CardBoundToAnother, CardStatusRefused
from cards.models import BlockRecord, Card, CardStatus
from loyalty.core import actors, clock
from loyalty.core.roles import Role
from loyalty.ledger import balances
from loyalty.services import holders, purchases, receipts
from loyalty.services.blocking import block_card, unblock_card
from loyalty.services.replacement import replace_card
from tests.concurrency.conftest import TILL, buy, sale
from tests.concurrency.threads import Meeting, meanwhile, race, wait_for_waiting
from tests.factories import CardFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

OPERATOR = actors.staff("vera", "cc_operator")
ROLE = Role.CC_OPERATOR
CARD = "SELECT 1 FROM cards_card WHERE id = %s FOR UPDATE"


def block(card: Card) -> Card:
    return block_card(OPERATOR, ROLE, number=card.number, reason_code=0)


def block_by_phone(card: Card) -> Card:
    assert card.contact is not None
    return block_card(OPERATOR, ROLE, phone=card.contact.phone or "", reason_code=0)


def replace(card: Card, new: Card) -> object:
    return replace_card(OPERATOR, ROLE, number=card.number, new_number=new.number)


def names(answers: list[object]) -> list[str]:
    return sorted(type(each).__name__ for each in answers)


def spendable(card: Card) -> object:
    assert card.contact_id is not None
    return balances.read(card.contact_id, clock.now()).spendable


@pytest.mark.parametrize("by_phone", [False, True])
def test_a_spend_that_waited_for_a_block_is_refused(rich, by_phone):
    sold = sale(rich, "spend", bonuses=70)
    if by_phone:
        sold = dataclasses.replace(sold, number="", phone=rich.contact.phone)
    with meanwhile(CARD, [rich.pk], lambda: purchases.add_purchase(TILL, sold)) as answers:
        wait_for_waiting()
        Card.objects.filter(pk=rich.pk).update(status=CardStatus.BLOCKED)
    assert isinstance(answers[0], CardStatusRefused)
    assert spendable(rich) == 100


@pytest.mark.parametrize("rounds", range(4))
def test_a_block_and_a_spend_at_once_have_an_order(rich, rounds):
    answers = race(lambda: block(rich), lambda: buy(rich, "spend", bonuses=70))
    assert isinstance(answers[0], Card)
    spent = not isinstance(answers[1], Exception)
    assert spent or isinstance(answers[1], CardStatusRefused)
    assert spendable(rich) == (30 if spent else 100)
    assert isinstance(race(lambda: buy(rich, "after", bonuses=10))[0], CardStatusRefused)


@pytest.mark.negative_control
def test_without_the_lock_on_the_card_points_would_be_spent_after_the_block(rich, monkeypatch):
    meet, insert = Meeting().after(lambda: None), receipts.insert
    monkeypatch.setattr(holders, "_LOCKED", "")

    def insert_after_the_block(*given):
        meet()
        meet()
        return insert(*given)

    def block_between():
        meet()
        blocked = block(rich)
        meet()
        return blocked

    monkeypatch.setattr(receipts, "insert", insert_after_the_block)
    answers = race(block_between, lambda: buy(rich, "spend", bonuses=70))
    assert names(answers) == ["Card", "Credited"]
    assert (Card.objects.get(pk=rich.pk).status, spendable(rich)) == (CardStatus.BLOCKED, 30)


@pytest.mark.parametrize("act", [block, block_by_phone])
def test_two_blocks_at_once_leave_one_record(act):
    card = CardFactory()
    answers = race(*(lambda: act(card) for _ in range(3)))
    assert names(answers) == ["Card", "CardStatusRefused", "CardStatusRefused"]
    assert BlockRecord.objects.filter(card=card).count() == 1


@pytest.mark.negative_control
def test_without_the_lock_two_blocks_would_leave_two_records(monkeypatch):
    card = CardFactory()
    look = Meeting().after(lambda number: Card.objects.get(number=number))
    monkeypatch.setattr(card_locks, "lock_by_number", look)
    assert names(race(lambda: block(card), lambda: block(card))) == ["Card", "Card"]
    assert BlockRecord.objects.filter(card=card).count() == 2


def test_two_unblocks_at_once_leave_one_record():
    card = CardFactory()
    block(card)
    answers = race(*(lambda: unblock_card(OPERATOR, ROLE, number=card.number, reason_code=0) for _ in range(2)))
    assert names(answers) == ["Card", "CardStatusRefused"]
    assert BlockRecord.objects.filter(card=card, blocking=False).count() == 1


def test_a_card_is_replaced_once_when_two_ask():
    card, cards = CardFactory(), [CardFactory(new=True), CardFactory(issued=True)]
    answers = race(*(lambda each=each: replace(card, each) for each in cards))
    assert names(answers) == ["CardStatusRefused", "Replaced"]
    assert Card.objects.filter(contact=card.contact, blocked_for_good=False).count() == 1
    assert BlockRecord.objects.count() == 1


def test_one_new_card_goes_to_one_of_two_holders():
    olds, new = [CardFactory(), CardFactory()], CardFactory(issued=True)
    answers = race(*(lambda each=each: replace(each, new) for each in olds))
    assert names(answers) == ["CardBoundToAnother", "Replaced"]
    assert any(isinstance(each, CardBoundToAnother) for each in answers)
    assert Card.objects.filter(blocked_for_good=True).count() == 1


def test_a_block_by_phone_that_waited_for_a_replacement_blocks_the_new_card():
    card, new = CardFactory(), CardFactory(issued=True)
    with meanwhile(CARD, [card.pk], lambda: block_by_phone(card)) as answers:
        wait_for_waiting()
        Card.objects.filter(pk=card.pk).update(status=CardStatus.BLOCKED, blocked_for_good=True)
        Card.objects.filter(pk=new.pk).update(contact=card.contact, bound_at=clock.now(), status=CardStatus.ACTIVE)
    assert answers[0] == new
    assert Card.objects.get(pk=new.pk).status == CardStatus.BLOCKED


def test_two_people_who_swap_cards_do_not_wait_in_a_circle():
    first, second = CardFactory(), CardFactory()
    answers = race(lambda: replace(first, second), lambda: replace(second, first))
    assert names(answers) == ["CardBoundToAnother", "CardBoundToAnother"]
