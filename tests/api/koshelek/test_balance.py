"""Call 3, GET /v1/card/{cardNumber}: the card with its points by date."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from loyalty.core import clock
from loyalty.ledger.models import Lot
from loyalty.models import Program
from tests.api.koshelek.conftest import Wallet, buy
from tests.conftest import MOSCOW, MovingClock
from tests.factories import CardFactory

BLOCKED = 3


def summed(bonus) -> Decimal:
    return sum((Decimal(each["amount"]) for each in bonus["bonuses"]), Decimal(0))


def test_a_new_card_has_zeros_and_no_dates(wallet: Wallet, anna: str) -> None:
    assert wallet.get(f"/v1/card/{anna}").body == {
        "card": {
            "cardNumber": anna,
            "cardState": "active",
            "barcode": {"barcodeNumber": anna, "barcodeType": "EAN_13"},
            "bonus": {"total": "0.00", "available": "0.00", "bonuses": []},
        }
    }


def test_points_in_escrow_are_in_the_total_only(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    buy(anna, "150.50")
    assert wallet.bonus(anna) == {
        "total": "150.50",
        "available": "0.00",
        "bonuses": [
            {
                "description": "In escrow until 2026-04-01, can be spent after that",
                "amount": "150.50",
                "validUntil": "2026-04-01",
            }
        ],
    }


def test_points_mature_by_the_clock_without_a_job(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    buy(anna, "100.00")
    story_clock.forward(days=30, microseconds=-1)
    assert wallet.bonus(anna)["available"] == "0.00"
    story_clock.forward(microseconds=1)
    assert not Lot.objects.filter(landed__isnull=False).exists()
    assert wallet.bonus(anna) == {
        "total": "100.00",
        "available": "100.00",
        "bonuses": [
            {
                "description": "Can be spent, valid until 2027-04-30",
                "amount": "100.00",
                "validUntil": "2027-04-30",
            }
        ],
    }


def test_points_expire_by_the_clock_without_a_job(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    buy(anna, "100.00")
    story_clock.set(datetime(2027, 4, 30, 23, 59, 59, tzinfo=MOSCOW))
    assert wallet.bonus(anna)["available"] == "100.00"
    story_clock.set(datetime(2027, 5, 1, 0, 0, tzinfo=MOSCOW))
    assert wallet.bonus(anna) == {"total": "0.00", "available": "0.00", "bonuses": []}


def test_lots_of_one_day_are_one_element_and_the_elements_sum_to_the_total(
    wallet: Wallet, anna: str, story_clock: MovingClock
) -> None:
    for _ in range(3):
        buy(anna, "10.00")
        story_clock.forward(hours=2)
    story_clock.forward(days=40)
    for amount in ("5.00", "6.00"):
        buy(anna, amount)
        story_clock.forward(days=1)
    bonus = wallet.bonus(anna)
    assert [(each["amount"], each["validUntil"]) for each in bonus["bonuses"]] == [
        ("30.00", "2027-04-30"),
        ("5.00", "2026-05-11"),
        ("6.00", "2026-05-12"),
    ]
    assert (bonus["total"], bonus["available"]) == ("41.00", "30.00")
    assert summed(bonus) == Decimal(bonus["total"])


def test_the_day_of_an_escrow_is_the_retailers_day(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    story_clock.set(datetime(2026, 3, 3, 1, 30, tzinfo=MOSCOW))  # still 2 March in UTC
    buy(anna, "1.00")
    assert wallet.bonus(anna)["bonuses"][0]["validUntil"] == "2026-04-02"


def test_points_that_never_expire_have_no_date(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    Program.objects.update(points_expiry="never")
    buy(anna, "7.00")
    story_clock.forward(days=30)
    assert wallet.bonus(anna)["bonuses"] == [{"description": "Can be spent, valid without end", "amount": "7.00"}]


def test_a_purchase_of_31_days_ago_is_available_at_once(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    buy(anna, "99.00", at=clock.now() - timedelta(days=31))
    assert wallet.bonus(anna)["available"] == "99.00"


def test_a_blocked_card_is_inactive_and_its_points_are_frozen(wallet: Wallet, story_clock: MovingClock) -> None:
    card = CardFactory()
    buy(card.number, "100.00")
    story_clock.forward(days=30)
    buy(card.number, "20.00")
    type(card).objects.filter(pk=card.pk).update(status=BLOCKED)
    shown = wallet.get(f"/v1/card/{card.number}").body["card"]
    assert shown["cardState"] == "inactive"
    assert (shown["bonus"]["total"], shown["bonus"]["available"]) == ("120.00", "0.00")


def test_spent_points_are_gone(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    buy(anna, "100.00")
    story_clock.forward(days=30)
    buy(anna, "80.00", bonuses_to_pay=Decimal("40.00"))
    bonus = wallet.bonus(anna)
    assert (bonus["available"], bonus["total"]) == ("60.00", "100.00")
    assert summed(bonus) == Decimal("100.00")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("2990999999998", "4002"),
        ("2990999999999", "4001"),
        ("1", "4001"),
        ("getAllUser", "4001"),
        ("%00", "4001"),
        ("%20", "4001"),
        ("-1", "4001"),
        ("٢٩٩٠٠٠٠٠٠٠٠١٧", "4001"),
        ("9" * 500, "4001"),
    ],
)
@pytest.mark.parametrize("call", ["", "/purchases?startDate=2026-01-01"])
def test_an_unknown_card_is_422(wallet: Wallet, number: str, code: str, call: str) -> None:
    reply = wallet.get(f"/v1/card/{number}{call}")
    assert (reply.status, reply.code) == (422, code)


@pytest.mark.parametrize("traits", [{"new": True}, {"issued": True}])
@pytest.mark.parametrize("call", ["", "/purchases?startDate=2026-01-01"])
def test_a_card_that_belongs_to_nobody_is_422(wallet: Wallet, traits, call: str) -> None:
    assert wallet.get(f"/v1/card/{CardFactory(**traits).number}{call}").code == "4003"


def test_blanks_around_a_number_are_dropped(wallet: Wallet, anna: str) -> None:
    assert wallet.get(f"/v1/card/%20{anna}%20").status == 200


def test_a_balance_takes_five_statements_whatever_the_history(
    wallet: Wallet, anna: str, story_clock: MovingClock, django_assert_max_num_queries
) -> None:
    for _ in range(10):
        buy(anna)
        story_clock.forward(days=11)
    with django_assert_max_num_queries(5):  # credential, card, balance, portions, zone
        wallet.bonus(anna)
