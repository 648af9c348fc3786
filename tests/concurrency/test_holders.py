"""A receipt that waits while its card changes hands is recorded for whoever holds the card afterwards.

A StatusError or a CannotFindMobile would be the last word for a till: it would never send the receipt again.
"""

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from cards import locks
from cards.models import Card
from customers.models import Contact
from loyalty.core import actors
from loyalty.core.roles import Role
from loyalty.models import Purchase
from loyalty.services import cards, merging, purchases, replacement
from loyalty.services.purchases import Credited
from loyalty.services.unit_of_work import all_or_nothing
from tests.concurrency.conftest import TILL, sale
from tests.concurrency.threads import LONGEST, wait_for_waiting
from tests.factories import CardFactory, ContactFactory

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

BOSS = actors.staff("olga", "administrator")
BY = pytest.mark.parametrize("by_phone", [False, True])


def sold_while(change: Callable[[], object], card: Card, phone: str = "") -> tuple[int, int]:
    """Sell with a card while a change of it is about to commit; return whose purchase it is, and with which card."""
    sold = dataclasses.replace(sale(card, "sold"), number="" if phone else card.number, phone=phone)

    def sell() -> Credited:
        try:
            return purchases.add_purchase(TILL, sold)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with all_or_nothing():
            locks.lock_by_number(card.number)
            started = pool.submit(sell)
            wait_for_waiting()
            change()
        assert started.result(LONGEST).accrued == 1000
    purchase = Purchase.objects.get(purchase_id="sold")
    return purchase.contact_id, purchase.card_id


def holder(card: Card) -> Contact:
    assert card.contact is not None
    return card.contact


@BY
def test_a_merge(by_phone: bool) -> None:
    card, stays = CardFactory(), ContactFactory()
    phone = str(holder(card).phone) if by_phone else ""

    def merge() -> object:
        return merging.merge_contacts(BOSS, Role.ADMINISTRATOR, stays.pk, holder(card).pk, "one person")

    assert sold_while(merge, card, phone) == (stays.pk, card.pk)


@BY
def test_a_replacement(by_phone: bool) -> None:
    new, old = CardFactory(new=True), CardFactory()
    phone = str(holder(old).phone) if by_phone else ""

    def replace() -> object:
        return replacement.replace_card(BOSS, Role.ADMINISTRATOR, number=old.number, new_number=new.number)

    assert sold_while(replace, old if by_phone else new, phone) == (holder(old).pk, new.pk)


def test_a_binding() -> None:
    card, contact = CardFactory(issued=True), ContactFactory()
    assert sold_while(lambda: cards.bind_card(BOSS, card.number, str(contact.phone)), card) == (contact.pk, card.pk)
