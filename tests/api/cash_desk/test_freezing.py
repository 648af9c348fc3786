"""specs/cash_desk.md: while a card is blocked its bonuses are frozen, nothing moves but the escrow."""

from datetime import timedelta

import pytest

from loyalty.models import Purchase
from tests.api.cash_desk.desk import rows
from tests.factories import CardFactory

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


def test_an_offline_purchase_from_before_the_block_earns_and_frees_nothing(
    till, operator, receipt, rich_card, story_clock
):
    """The sale was honest when it was made: what it earns waits with the frozen points."""
    bought_at = story_clock.moment
    story_clock.forward(hours=5)
    block(operator, rich_card)
    late = receipt(rich_card.number, "R-2", at=bought_at, Offline=True)
    quoted = till.post("purchase/quote", late)
    answer = till.post("purchase/add", late)
    assert (answer.key, answer["Accrued"], answer["Balance"]) == ("OK", quoted["Accrue"], 0)
    assert (answer["Accrued"], quoted["CanPay"]) == (100, 0)
    assert till.cash(rich_card.number)["3"] == "100.00"
    assert (
        till.post("purchase/add", receipt(rich_card.number, "R-3", at=bought_at, BonusesToPay=1)).key == "StatusError"
    )
    # One second later by its own Date it was blocked.
    late = receipt(rich_card.number, "R-4", at=story_clock.moment, Offline=True)
    assert till.post("purchase/add", late).key == "StatusError"


def test_a_sale_within_a_block_earns_nothing_though_the_card_works_again(
    till, operator, receipt, rich_card, story_clock
):
    block(operator, rich_card)
    within = story_clock.forward(hours=1)
    story_clock.forward(hours=1)
    unblock(operator, rich_card)
    assert till.post("purchase/add", receipt(rich_card.number, "R-2", at=within, Offline=True)).key == "StatusError"
    # A till whose clock is four minutes behind sells to who was just unblocked.
    just = receipt(rich_card.number, "R-3", at=story_clock.moment - timedelta(minutes=4))
    assert till.post("purchase/add", just).key == "OK"


def test_a_card_that_came_blocked_without_a_record_earns_nothing_of_any_day(till, receipt, story_clock):
    card = CardFactory(blocked=True)
    late = receipt(card.number, "R-2", at=story_clock.moment - timedelta(hours=5), Offline=True)
    assert till.post("purchase/add", late).key == "StatusError"
