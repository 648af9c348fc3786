"""specs/cash_desk.md: while a card is blocked its bonuses are frozen, nothing moves but the escrow."""

from datetime import timedelta

import pytest

from loyalty.models import Purchase
from tests.api.cash_desk.desk import rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("laws_hold")]


@pytest.fixture
def operator(desk):
    return desk("cc_operator")


def block(desk, card, reason=0):
    assert desk.post("card/block", {"Number": card.number, "BlockReasonCode": reason}).key == "OK"


def unblock(desk, card, reason=0):
    assert desk.post("card/unblock", {"Number": card.number, "UnBlockReasonCode": reason}).key == "OK"


def test_a_blocked_card_answers_frozen_and_nothing_active(till, operator, rich_card):
    assert till.cash(rich_card.number)["0"] == "100.00"
    block(operator, rich_card)
    answer = till.balance(rich_card.number)
    assert (answer["StatusCode"], answer["StatusName"]) == ("3", "Blocked")
    assert till.cash(rich_card.number) == {"0": "0.00", "1": "0.00", "2": "0.00", "3": "100.00"}
    unblock(operator, rich_card)
    cash = till.cash(rich_card.number)
    assert (cash["0"], cash.get("3", "0.00")) == ("100.00", "0.00")


@pytest.mark.parametrize("bonuses", ["0.00", "10.00"], ids=["accrual", "spending"])
@pytest.mark.parametrize("reason", [0, 3, 4])
def test_a_blocked_card_neither_earns_nor_spends(till, operator, receipt, rich_card, bonuses, reason):
    block(operator, rich_card, reason)
    counted = rows()
    answer = till.post("purchase/add", receipt(rich_card.number, "R-2", BonusesToPay=bonuses))
    assert (answer.http, answer.key) == (200, "StatusError")
    assert {name: more for name, more in rows().items() if "nteraction" not in name} == {
        name: more for name, more in counted.items() if "nteraction" not in name
    }


def test_a_purchase_that_stands_answers_the_same_after_the_block(till, operator, receipt, rich_card):
    sale = receipt(rich_card.number, "R-2", BonusesToPay="10.00")
    first = till.post("purchase/add", sale)
    block(operator, rich_card)
    assert till.post("purchase/add", sale).content == first.content
    assert Purchase.objects.filter(purchase_id="R-2").count() == 1


def test_escrow_matures_while_the_card_is_blocked_and_is_spent_after_the_unblock(
    till, operator, receipt, rich_card, story_clock
):
    till.post("purchase/add", receipt(rich_card.number, "R-2", Amount="40.00"))
    block(operator, rich_card)
    assert till.cash(rich_card.number) == {"0": "0.00", "1": "40.00", "2": "0.00", "3": "100.00"}
    story_clock.forward(days=30)
    assert till.cash(rich_card.number) == {"0": "0.00", "1": "0.00", "2": "0.00", "3": "140.00"}
    unblock(operator, rich_card)
    assert till.cash(rich_card.number)["0"] == "140.00"
    sale = receipt(rich_card.number, "R-3", Amount="500.00", BonusesToPay="130.00", at=story_clock.moment)
    answer = till.post("purchase/add", sale)
    assert (answer.key, answer["Balance"]) == ("OK", 10)


def test_an_offline_purchase_from_before_the_block_is_refused_as_well(till, operator, receipt, rich_card, story_clock):
    block(operator, rich_card)
    late = receipt(rich_card.number, "R-2", at=story_clock.moment - timedelta(hours=5), Offline=True)
    assert till.post("purchase/add", late).key == "StatusError"
