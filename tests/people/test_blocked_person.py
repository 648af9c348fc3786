"""A person is blocked, whatever card they hold: what is earned stays, what would be spent waits."""

from decimal import Decimal

import pytest

from cards.blocking import BlockReason, UnblockReason
from cards.errors import CardStatusRefused
from cards.models import Card, CardStatus
from customers.errors import ContactBlocked, ContactErased, ContactMerged, ContactNotBlocked
from customers.models import Contact, ContactStatus
from loyalty.core import clock
from loyalty.core.errors import InvalidParameter
from loyalty.core.roles import Role
from loyalty.ledger import balances
from loyalty.models import JournalEntry
from loyalty.services import blocking, contacts, erasure, holding
from loyalty.services.holding import HoldCall
from tests.conftest import MovingClock
from tests.factories import CardFactory, ContactFactory
from tests.people.conftest import BOSS, TILL, buy, holder, kept, merge, unmerge
from tests.promo_codes.typing import heard, use
from tests.promos.marketing import shared_code
from tests.stories.shop import Shop


def rich(story_clock: MovingClock) -> Card:
    card: Card = CardFactory()
    buy(card, "R-1", "500.00")
    story_clock.forward(days=31)
    return card


def block(contact: int) -> None:
    contacts.block_contact(BOSS, contact, "stolen receipts")


def test_nothing_is_spent_held_or_typed_and_purchases_still_earn(story_clock: MovingClock) -> None:
    poster = shared_code()
    card = rich(story_clock)
    block(holder(card))
    assert Card.objects.get(pk=card.pk).status == CardStatus.ACTIVE
    with pytest.raises(CardStatusRefused, match="The customer is blocked"):
        buy(card, "R-2", "100.00", paid="50.00")
    with pytest.raises(CardStatusRefused):
        holding.hold(TILL, HoldCall("R-3", card.number, "", Decimal(100), Decimal(50)))
    assert heard(card, poster) == "ContactBlocked"
    assert buy(card, "R-4", "100.00").accrued == 100
    contacts.unblock_contact(BOSS, holder(card), "cleared up")
    assert buy(card, "R-5", "100.00", paid="50.00").paid == 50
    assert use(card, poster) == 100


def test_the_till_and_the_wallet_say_that_the_points_wait(story_clock: MovingClock) -> None:
    shop = Shop()
    number = shop.give_card("79001234567", firstname="Anna", surname="Orlova", birthDate="1990-05-17")
    shop.sell(number, "R-1", "500.00")
    story_clock.forward(days=31)
    block(holder(Card.objects.get(number=number)))
    told = {
        (each["TypeCode"], each["StatusCode"]): each["Amount"]
        for each in shop.till.get(f"/api/card/balance/by/{number}")["Bonuses"]
    }
    assert (told["0", "0"], told["0", "3"]) == (0, 500)
    quoted = shop.till.post(
        "/api/purchase/quote",
        {"Number": number, "PurchaseId": "Q-1", "Date": clock.now().isoformat(), "Store": "0001", "Amount": 100},
    )
    assert quoted["CanPay"] == 0
    assert balances.read(holder(Card.objects.get(number=number)), clock.now()).available == 500


def test_every_answer_to_a_till_says_that_nothing_may_be_spent(story_clock: MovingClock) -> None:
    """`Balance` is what may be spent after the call: the till prints it, and would refuse what it has printed."""
    shop = Shop()
    number = shop.give_card("79001234567", firstname="Anna", surname="Orlova", birthDate="1990-05-17")
    shop.sell(number, "R-1", "500.00")
    story_clock.forward(days=31)
    shop.sell(number, "R-2", "100.00")
    held = shop.till.post(
        "/api/purchase/hold", {"Number": number, "PurchaseId": "H-1", "BonusesToPay": 40, "Amount": 200}
    )
    block(holder(Card.objects.get(number=number)))
    assert shop.sell(number, "R-3", "100.00")["Balance"] == 0
    assert shop.till.post("/api/purchase/void", {"HoldId": held["HoldId"]})["Balance"] == 0
    assert shop.till.post("/api/purchase/refund", {"PurchaseId": "R-2", "RefundId": "F", "Amount": 50})["Balance"] == 0
    contacts.unblock_contact(BOSS, holder(Card.objects.get(number=number)), "cleared up")
    blocking.block_card(BOSS, Role.ADMINISTRATOR, number=number, reason_code=BlockReason.LOSS)
    assert shop.till.post("/api/purchase/cancel", {"PurchaseId": "R-2"})["Balance"] == 0
    blocking.unblock_card(BOSS, Role.ADMINISTRATOR, number=number, reason_code=UnblockReason.FOUND)
    assert shop.till.post("/api/purchase/cancel", {"PurchaseId": "R-3"})["Balance"] == 500


def test_refusals_write_nothing() -> None:
    one, gone = ContactFactory(), ContactFactory()
    with pytest.raises(InvalidParameter):
        contacts.block_contact(BOSS, one.pk, " ")
    with pytest.raises(ContactNotBlocked):
        contacts.unblock_contact(BOSS, one.pk, "why not")
    block(one.pk)
    with pytest.raises(ContactBlocked):
        block(one.pk)
    assert JournalEntry.objects.filter(action="contact.block").count() == 1
    merge(one.pk, gone.pk)
    with pytest.raises(ContactMerged):
        block(gone.pk)
    erasure.erase_contact(BOSS, Role.ADMINISTRATOR, one.pk, "a written request", confirmed=one.code)
    with pytest.raises(ContactErased):
        contacts.unblock_contact(BOSS, one.pk, "back")


def test_who_was_blocked_while_two_were_one_stays_so_and_the_other_does_not(story_clock: MovingClock) -> None:
    mine, theirs = CardFactory(), CardFactory()
    merged = merge(holder(mine), holder(theirs))
    block(kept(mine).contact_id or 0)
    unmerge(merged)
    statuses = dict(Contact.objects.values_list("pk", "status"))
    assert statuses == {mine.contact_id: ContactStatus.BLOCKED, theirs.contact_id: ContactStatus.ACTIVE}
