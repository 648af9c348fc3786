"""Goods that come back, as a marketer would tell it: in escrow, after thirty days, with the points spent already."""

from decimal import Decimal
from typing import Any

import pytest

from cards.models import Card, CardStatus
from loyalty.core import clock
from loyalty.ledger import balances
from loyalty.ledger.models import Operation
from loyalty.models import Program, ReturnPolicy
from tests.conftest import MovingClock
from tests.stories.shop import Shop, points_of

pytestmark = pytest.mark.django_db

ANNA = {"firstname": "Anna", "surname": "Orlova", "birthDate": "1990-05-17"}
PHONE = "79001234567"


def refund(shop: Shop, receipt: str, refund_id: str, amount: str) -> Any:
    """Money goes back to the shopper; the answer is heard twice, the second time without effect."""
    body = {"PurchaseId": receipt, "RefundId": refund_id, "Amount": amount}
    answer = shop.till.post("/api/purchase/refund", body)
    assert shop.till.post("/api/purchase/refund", body) == answer
    return answer


def told(answer: Any) -> tuple[str, Decimal, Decimal, Decimal]:
    return answer["Key"], answer["TakenBack"], answer["Restored"], answer["Balance"]


def ok(taken_back: str, restored: str, balance: str) -> tuple[str, Decimal, Decimal, Decimal]:
    return "OK", Decimal(taken_back), Decimal(restored), Decimal(balance)


def test_goods_returned_within_thirty_days_take_their_points_out_of_escrow(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card(PHONE, **ANNA)
    shop.sell(card, "R-1", "1000.00")
    story_clock.forward(days=10)

    # A quarter comes back, then the sale is undone. The answer to the cancel is heard again, too.
    assert told(refund(shop, "R-1", "F-1", "250.00")) == ok("250", "0", "0")
    assert shop.balances(card) == points_of("0", "750", "0", "750")
    cancelled = shop.till.post("/api/purchase/cancel", {"PurchaseId": "R-1"})
    assert told(cancelled) == ok("750", "0", "0")
    assert shop.till.post("/api/purchase/cancel", {"PurchaseId": "R-1"}) == cancelled
    assert shop.balances(card) == points_of("0", "0", "0", "0")
    assert refund(shop, "R-1", "F-2", "1.00")["Key"] == "StatusError"


@pytest.mark.parametrize(
    ("policy", "taken_back", "spendable", "qualifying"),
    [
        (ReturnPolicy.ONLY_PENDING, "0", "100", "1000"),
        (ReturnPolicy.WITHIN_BALANCE, "100", "0", "0"),
        (ReturnPolicy.ALLOW_NEGATIVE, "1000", "-900", "0"),
    ],
)
def test_after_thirty_days_with_the_points_spent_the_retailers_policy_decides(
    story_clock: MovingClock, policy: str, taken_back: str, spendable: str, qualifying: str
) -> None:
    Program.objects.update(return_policy=policy)
    shop = Shop()
    card = shop.give_card(PHONE, **ANNA)
    shop.sell(card, "R-1", "1000.00")
    story_clock.forward(days=30)
    shop.sell(card, "R-2", "1800.00", BonusesToPay="900.00")
    assert shop.balances(card) == points_of("100", "900", "1000", "900")
    answer = refund(shop, "R-1", "F-1", "1000.00")
    assert told(answer)[:2] == ("OK", Decimal(taken_back))
    assert shop.balances(card) == points_of(spendable, "900", qualifying, "900")


def test_a_debt_is_absorbed_by_the_next_purchase_once_its_points_mature(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card(PHONE, **ANNA)
    shop.sell(card, "R-1", "1000.00")
    story_clock.forward(days=30)
    shop.sell(card, "R-2", "2000.00", BonusesToPay="1000.00")
    assert told(refund(shop, "R-1", "F-1", "1000.00")) == ok("1000", "0", "0")
    assert shop.balances(card) == points_of("-1000", "1000", "0", "1000")
    shop.sell(card, "R-3", "300.00")
    story_clock.forward(days=30)
    assert shop.balances(card) == points_of("300", "0", "1300", "0")
    shop.nightly_job()
    assert shop.balances(card) == points_of("300", "0", "1300", "0")


def test_bonuses_that_paid_come_back_with_the_expiry_they_had(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card(PHONE, **ANNA)
    shop.sell(card, "R-1", "1000.00")
    story_clock.forward(days=30)
    before = shop.balances(card)
    expiry = balances.read(Shop._contact(card), clock.now()).expiring
    shop.sell(card, "R-2", "1000.00", BonusesToPay="500.00")
    story_clock.forward(days=5)

    # A third of the basket: 166.66 of the bonuses, rounded down; the last return gives the rest.
    assert told(refund(shop, "R-2", "F-1", "333.33")) == ok("166.67", "166.66", "666.66")
    assert told(refund(shop, "R-2", "F-2", "666.67")) == ok("333.33", "333.34", "1000.00")
    assert shop.balances(card) == before
    assert balances.read(Shop._contact(card), clock.now()).expiring == expiry


def test_bonuses_restored_after_their_expiry_burn_again_unless_the_retailer_is_kind(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card(PHONE, **ANNA)
    shop.sell(card, "R-1", "1000.00")
    story_clock.forward(days=420)
    # Days before the end of April 2027 she pays with what expires then, and brings half back in May.
    shop.sell(card, "R-2", "1000.00", BonusesToPay="500.00")
    story_clock.forward(days=20)
    assert told(refund(shop, "R-2", "F-1", "500.00")) == ok("250", "250", "0")
    # The qualifying points of the first purchase counted for 2026, which is over.
    assert shop.balances(card) == points_of("0", "250", "0", "250")
    # They burn now: at their old date they were not there to burn.
    assert Operation.objects.filter(kind="expiry").latest("id").effective_at == clock.now()
    Program.objects.update(restore_grace_days=7)
    assert told(refund(shop, "R-2", "F-2", "500.00")) == ok("250", "250", "250")
    story_clock.forward(days=7)
    assert shop.balances(card) == points_of("0", "0", "0", "0")


def test_bonuses_that_come_back_expired_burn_and_pay_no_debt(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card(PHONE, **ANNA)
    shop.sell(card, "R-1", "1000.00")
    story_clock.forward(days=420)
    shop.sell(card, "R-2", "1000.00", BonusesToPay="500.00")
    story_clock.forward(days=31)
    # The rest of the old points has expired; what the second purchase earned is spent on a third.
    shop.sell(card, "R-3", "1000.00", BonusesToPay="500.00")
    assert shop.balances(card) == points_of("0", "500", "500", "500")
    assert told(refund(shop, "R-2", "F-1", "1000.00")) == ok("500", "500", "0")
    assert shop.balances(card) == points_of("-500", "500", "0", "500")


def test_the_tier_stays_when_the_goods_that_earned_it_come_back(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card(PHONE, **ANNA)
    shop.sell(card, "R-1", "2500.00")
    story_clock.forward(days=30)
    shop.nightly_job()
    assert shop.tier(card) == "Silver"
    refund(shop, "R-1", "F-1", "2500.00")
    assert shop.balances(card) == points_of("0", "0", "0", "0")
    assert shop.tier(card) == "Silver"


def test_a_hold_that_nobody_captures_ends_by_the_clock(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card(PHONE, **ANNA)
    shop.sell(card, "R-1", "1000.00")
    story_clock.forward(days=30)
    body = {"PurchaseId": "R-2", "Number": card, "Amount": "1000.00", "BonusesToPay": "400.00"}
    held = shop.till.post("/api/purchase/hold", body)
    assert (held["Key"], held["Held"], held["Balance"]) == ("OK", Decimal(400), Decimal(600))
    assert shop.sell(card, "R-3", "2000.00", BonusesToPay="600.01")["Key"] == "InsufficientBonuses"

    # The goods that earned the points come back while the hold is open: the books win over the promise.
    refund(shop, "R-1", "F-1", "700.00")
    capture = {"HoldId": held["HoldId"]}
    assert shop.till.post("/api/purchase/capture", capture)["Key"] == "InsufficientBonuses"
    assert shop.balances(card) == points_of("300", "0", "300", "0")
    story_clock.forward(minutes=15)
    assert shop.till.post("/api/purchase/capture", capture)["Key"] == "StatusError"
    assert shop.till.post("/api/purchase/void", capture)["Key"] == "StatusError"
    assert shop.sell(card, "R-4", "600.00", BonusesToPay="300.00")["Balance"] == Decimal(0)


def test_a_blocked_card_still_gets_its_refund(story_clock: MovingClock) -> None:
    shop = Shop()
    card = shop.give_card(PHONE, **ANNA)
    shop.sell(card, "R-1", "1000.00")
    assert shop.till.post("/api/card/block", {"Number": card, "BlockReasonCode": 0})["Key"] == "BlockReasonError"
    Card.objects.filter(number=card).update(status=CardStatus.BLOCKED)
    assert shop.sell(card, "R-2", "10.00")["Key"] == "StatusError"
    assert told(refund(shop, "R-1", "F-1", "400.00")) == ok("400", "0", "0")
    assert shop.balances(card) == points_of("0", "600", "0", "600")
