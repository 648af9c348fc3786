"""Bonuses that were captured before their receipt came: they pay it whoever the receipt names, and come back to whose
they were."""

import pytest

from loyalty.core import actors
from loyalty.core.roles import Role
from loyalty.ledger import balances, invariants
from loyalty.models import Purchase
from loyalty.services import erasure
from loyalty.services.merging import merge_contacts
from loyalty.services.replacement import replace_card
from loyalty.services.unmerging import unmerge_contacts
from tests.api.cash_desk.test_hold import capture, hold
from tests.api.cash_desk.test_show_purchase import show
from tests.factories import CardFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("laws_hold")]
BOSS = actors.staff("olga", "administrator")


@pytest.fixture
def captured(till, rich_card):
    """60 of 100 bonuses of a card have paid R-1, whose receipt has not come yet."""
    assert capture(till, hold(till, rich_card)["HoldId"])["Balance"] == 40
    return rich_card


def spendable(card, moment):
    for law in invariants.check():
        assert not law.broken, law
    return balances.read(card.contact_id, moment).spendable


def test_a_merge_a_day_later_does_not_part_them_from_their_receipt(till, receipt, captured, story_clock):
    bought_at, stays = story_clock.moment, CardFactory()
    story_clock.forward(hours=25)
    merge_contacts(BOSS, Role.ADMINISTRATOR, stays.contact_id, captured.contact_id, "one person")
    answer = till.post("purchase/add", receipt(captured.number, Amount=200, at=bought_at, Offline=True))
    assert (answer.key, answer["Paid"], answer["Accrued"]) == ("OK", 60, 140)
    assert Purchase.objects.get(purchase_id="R-1").contact_id == stays.contact_id
    cancelled = till.post("purchase/cancel", {"PurchaseId": "R-1"})
    assert (cancelled["TakenBack"], cancelled["Restored"], cancelled["Balance"]) == (140, 60, 100)


def test_a_merge_that_is_undone_before_the_goods_come_back(till, receipt, captured, story_clock):
    bought_at, stays = story_clock.moment, CardFactory()
    story_clock.forward(hours=25)
    merge = merge_contacts(BOSS, Role.ADMINISTRATOR, stays.contact_id, captured.contact_id, "one person")
    till.post("purchase/add", receipt(captured.number, Amount=200, at=bought_at, Offline=True))
    story_clock.forward(hours=25)
    unmerge_contacts(BOSS, Role.ADMINISTRATOR, merge.pk, "two persons")
    assert till.post("purchase/cancel", {"PurchaseId": "R-1"})["Restored"] == 60
    moment = story_clock.moment
    assert spendable(captured, moment) + spendable(stays, moment) == 100
    assert spendable(captured, moment) == 100


def test_the_receipt_names_another_customers_card(till, receipt, captured, story_clock):
    other = CardFactory()
    refused = till.post("purchase/add", receipt(other.number, Amount=200, BonusesToPay=59))
    assert (refused.key, refused.value.split(":")[0]) == ("InvalidParameter", "BonusesToPay")
    answer = till.post("purchase/add", receipt(other.number, Amount=200))
    assert (answer.key, answer["Paid"], answer["Accrued"], answer["Balance"]) == ("OK", 60, 140, 0)
    assert show(till, "R-1")["Redemptions"][0]["Amount"] == 60
    half = till.post("purchase/refund", {"PurchaseId": "R-1", "RefundId": "B-1", "Amount": 100})
    assert (half["TakenBack"], half["Restored"], half["Balance"]) == (70, 30, 0)
    assert (spendable(captured, story_clock.moment), spendable(other, story_clock.moment)) == (70, 0)
    rest = till.post("purchase/refund", {"PurchaseId": "R-1", "RefundId": "B-2", "Amount": 100})
    assert (rest["TakenBack"], rest["Restored"]) == (70, 30)
    assert spendable(captured, story_clock.moment) == 100
    again = till.post("purchase/refund", {"PurchaseId": "R-1", "RefundId": "B-1", "Amount": 100})
    assert again.content == half.content


def test_the_payer_was_merged_since_with_somebody_else(till, receipt, captured, story_clock):
    other, third = CardFactory(), CardFactory()
    till.post("purchase/add", receipt(other.number, Amount=200))
    merge = merge_contacts(BOSS, Role.ADMINISTRATOR, third.contact_id, captured.contact_id, "one person")
    assert till.post("purchase/refund", {"PurchaseId": "R-1", "RefundId": "B-1", "Amount": 100})["Restored"] == 30
    assert spendable(third, story_clock.moment) == 70
    story_clock.forward(hours=25)
    unmerge_contacts(BOSS, Role.ADMINISTRATOR, merge.pk, "two persons")
    assert till.post("purchase/cancel", {"PurchaseId": "R-1"})["Restored"] == 30
    moment = story_clock.moment
    assert (spendable(captured, moment), spendable(third, moment), spendable(other, moment)) == (100, 0, 0)


def test_what_comes_back_to_a_payer_who_was_erased_burns(till, receipt, captured, story_clock):
    other = CardFactory()
    till.post("purchase/add", receipt(other.number, Amount=200))
    code = captured.contact.code
    erasure.erase_contact(BOSS, Role.ADMINISTRATOR, captured.contact_id, "a written request", confirmed=code)
    assert till.post("purchase/cancel", {"PurchaseId": "R-1"})["Restored"] == 60
    assert spendable(captured, story_clock.moment) == 0


def test_the_card_was_replaced_since_the_capture(till, receipt, captured, story_clock):
    bought_at, new = story_clock.moment, CardFactory(new=True)
    story_clock.forward(minutes=10)
    replace_card(BOSS, Role.ADMINISTRATOR, number=captured.number, new_number=new.number)
    answer = till.post("purchase/add", receipt(captured.number, Amount=200, at=bought_at))
    assert (answer.key, answer["Paid"], answer["Balance"]) == ("OK", 60, 40)
