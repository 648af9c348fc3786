"""How points end, as a marketer would tell it: by months, by inactivity, and the date that every door names."""

import json
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from loyalty.core import actors, clock
from loyalty.ledger.models import Lot
from loyalty.models import ExpiryRounding, PointsExpiry, Program
from loyalty.services import expiry
from tests.conftest import MOSCOW, MovingClock
from tests.stories.shop import Balances, Shop, points_of

pytestmark = pytest.mark.django_db

ANNA = {"firstname": "Anna", "surname": "Orlova", "birthDate": "1990-05-17"}
PHONE = "79001234567"


@pytest.fixture
def shop(story_clock: MovingClock) -> Shop:
    return Shop()


@pytest.fixture
def card(shop: Shop) -> str:
    return shop.give_card(PHONE, **ANNA)


def policy(name: PointsExpiry, months: int = 12, rounding: ExpiryRounding = ExpiryRounding.MONTH) -> None:
    Program.objects.update(points_expiry=name, expiry_months=months, expiry_rounding=rounding)


def job() -> Decimal:
    return expiry.expire_points(actors.system(expiry.EXPIRY)).points


def nearest(shop: Shop, card: str) -> tuple[Decimal, str] | None:
    """The first points to expire as the till hears them: a part of the active ones."""
    bonuses = shop.till.get(f"/api/card/balance/by/{card}")["Bonuses"]
    active = next(each["Amount"] for each in bonuses if each["TypeCode"] == "0" and each["StatusCode"] == "0")
    found = [(each["Amount"], each["ExpireDate"]) for each in bonuses if each["StatusCode"] == "4"]
    assert all(amount <= active for amount, _ in found)
    return found[0] if found else None


def by_date(shop: Shop, card: str) -> list[tuple[str, str]]:
    """The points by date as the wallet app shows them."""
    bonus = shop.wallet.get(f"/v1/card/{card}")["card"]["bonus"]
    return [(each["amount"], each.get("validUntil", "")) for each in bonus["bonuses"]]


def doors(shop: Shop, card: str) -> Any:
    return shop.balances(card), nearest(shop, card), by_date(shop, card)


@pytest.mark.parametrize(
    ("rounding", "last_day"),
    [
        (ExpiryRounding.MONTH, "2026-07-31"),
        (ExpiryRounding.QUARTER, "2026-09-30"),
        (ExpiryRounding.YEAR, "2026-12-31"),
    ],
)
def test_points_end_months_after_they_mature_rounded_up(
    story_clock: MovingClock, shop: Shop, card: str, rounding: ExpiryRounding, last_day: str
) -> None:
    policy(PointsExpiry.MONTHS, 3, rounding)
    shop.sell(card, "R-1", "100.00")
    story_clock.forward(days=30)
    assert nearest(shop, card) == (100, last_day)
    end = datetime.fromisoformat(last_day).replace(tzinfo=MOSCOW)
    story_clock.set(end.replace(hour=23, minute=59))
    assert (shop.balances(card).spendable, job()) == (100, 0)
    story_clock.forward(minutes=1)
    told = doors(shop, card)
    assert told[0].spendable == 0
    assert told[1] is None
    assert job() == 100
    assert doors(shop, card) == told
    assert job() == 0


def test_points_that_never_end(story_clock: MovingClock, shop: Shop, card: str) -> None:
    policy(PointsExpiry.NEVER)
    shop.sell(card, "R-1", "100.00")
    story_clock.forward(days=4000)
    assert (doors(shop, card)[:2], job()) == ((points_of("100", "0", "0", "0"), None), 0)


def test_a_change_of_the_policy_counts_for_points_earned_from_then_on(
    story_clock: MovingClock, shop: Shop, card: str
) -> None:
    policy(PointsExpiry.MONTHS, 3)
    shop.sell(card, "R-1", "100.00")
    policy(PointsExpiry.NEVER)
    shop.sell(card, "R-2", "10.00")
    policy(PointsExpiry.MONTHS, 1)
    shop.sell(card, "R-3", "1.00")
    story_clock.forward(days=30)
    assert [bonus[1] for bonus in by_date(shop, card)] == ["2026-05-31", "2026-07-31", ""]


def test_who_keeps_buying_keeps_the_points_and_who_stops_loses_them(
    story_clock: MovingClock, shop: Shop, card: str
) -> None:
    policy(PointsExpiry.INACTIVITY, 6)
    shop.sell(card, "R-1", "100.00")
    # Six months from March, to the end of the month.
    assert by_date(shop, card) == [("100.00", "2026-04-01")]
    story_clock.forward(days=30)
    assert nearest(shop, card) == (100, "2026-09-30")

    # A purchase in May puts off what can be spent and what it pays with; what it earns gets the same date.
    story_clock.set(datetime(2026, 5, 20, 12, tzinfo=MOSCOW))
    shop.sell(card, "R-2", "80.00", BonusesToPay="40.00")
    story_clock.forward(days=30)
    assert nearest(shop, card) == (100, "2026-11-30")
    assert shop.till.get("/api/purchase/R-1")["Accruals"][0]["ExpireDate"] == "2026-11-30"

    # Goods of May come back in October: the bonuses are still alive. A return is no activity.
    story_clock.set(datetime(2026, 10, 15, 12, tzinfo=MOSCOW))
    shop.till.post("/api/purchase/refund", {"PurchaseId": "R-2", "RefundId": "F-1", "Amount": "80.00"})
    assert shop.balances(card) == points_of("100", "0", "100", "0")
    assert nearest(shop, card) == (100, "2026-11-30")

    # On the first of December they are gone, and the next purchase does not bring them back.
    story_clock.set(datetime(2026, 12, 1, tzinfo=MOSCOW))
    assert shop.balances(card).spendable == 0
    shop.sell(card, "R-3", "10.00")
    assert (shop.balances(card), job()) == (points_of("0", "10", "100", "10"), 100)
    assert shop.balances(card) == points_of("0", "10", "100", "10")


def test_a_receipt_uploaded_late_counts_as_activity_of_its_own_day(
    story_clock: MovingClock, shop: Shop, card: str
) -> None:
    policy(PointsExpiry.INACTIVITY, 1)
    shop.sell(card, "R-1", "100.00")
    story_clock.set(datetime(2026, 5, 10, 12, tzinfo=MOSCOW))
    assert shop.balances(card).spendable == 0
    story_clock.set(datetime(2026, 4, 10, 12, tzinfo=MOSCOW))
    shop.sell(card, "R-2", "7.00", at=datetime(2026, 3, 15, 12, tzinfo=MOSCOW))
    assert nearest(shop, card) == (100, "2026-04-30")
    story_clock.set(datetime(2026, 5, 1, tzinfo=MOSCOW))
    assert shop.balances(card).spendable == 0


@pytest.mark.parametrize("late", [False, True])
def test_the_order_in_which_receipts_are_uploaded_takes_no_day_of_life(
    story_clock: MovingClock, shop: Shop, card: str, late: bool
) -> None:
    """By inactivity points of March live on while she buys in May; its till may have been offline till June."""
    policy(PointsExpiry.INACTIVITY, 2)
    march, may = story_clock.moment, datetime(2026, 5, 20, 12, tzinfo=MOSCOW)
    if not late:
        shop.sell(card, "MARCH", "100.00")
    story_clock.set(may)
    shop.sell(card, "MAY", "7.00")
    story_clock.set(datetime(2026, 6, 10, 12, tzinfo=MOSCOW))
    shop.sell(card, "MARCH", "100.00", at=march, **({"Offline": True} if late else {}))
    assert by_date(shop, card) == [("100.00", "2026-07-31"), ("7.00", "2026-06-19")]
    story_clock.set(datetime(2026, 8, 1, tzinfo=MOSCOW))
    assert shop.balances(card).spendable == 0


def test_a_late_receipt_whose_points_nothing_kept_alive_comes_without_them(
    story_clock: MovingClock, shop: Shop, card: str
) -> None:
    policy(PointsExpiry.INACTIVITY, 1)
    march = story_clock.moment
    story_clock.set(datetime(2026, 6, 10, 12, tzinfo=MOSCOW))
    shop.sell(card, "JUNE", "7.00")
    shop.sell(card, "MARCH", "100.00", at=march, Offline=True)
    assert shop.balances(card).spendable == 0


def test_points_of_inactivity_live_at_least_through_the_period_in_which_they_mature(
    story_clock: MovingClock, shop: Shop, card: str
) -> None:
    policy(PointsExpiry.INACTIVITY, 1)
    Program.objects.update(escrow_days=90)
    shop.sell(card, "R-1", "100.00")
    story_clock.forward(days=90)
    assert nearest(shop, card) == (100, "2026-05-31")


def test_without_inactivity_a_purchase_moves_no_date(story_clock: MovingClock, shop: Shop, card: str) -> None:
    shop.sell(card, "R-1", "100.00")
    before = list(Lot.objects.order_by("id").values_list("expires_at", flat=True))
    story_clock.forward(days=60)
    shop.sell(card, "R-2", "100.00", BonusesToPay="10.00")
    assert list(Lot.objects.order_by("id").values_list("expires_at", flat=True))[:2] == before


def test_every_door_names_the_first_points_to_end_also_while_a_till_holds_some(
    story_clock: MovingClock, shop: Shop, card: str
) -> None:
    shop.sell(card, "R-1", "100.00")
    story_clock.forward(days=45)
    shop.sell(card, "R-2", "300.00")
    story_clock.forward(days=30)
    # Matured and not landed: the job has not come.
    before = doors(shop, card)
    assert before[1:] == (
        (100, "2027-04-30"), [("100.00", "2027-04-30"), ("300.00", "2027-05-31")],
    )  # fmt: skip
    shop.nightly_job()
    assert doors(shop, card) == before
    body = {"PurchaseId": "R-3", "Number": card, "Amount": "1000.00", "BonusesToPay": "150.00"}
    shop.till.post("/api/purchase/hold", body)
    assert nearest(shop, card) == (250, "2027-05-31")
    story_clock.forward(minutes=15)
    assert nearest(shop, card) == (100, "2027-04-30")


# Any balance at any past moment.


def told_at(code: str, at: str, *options: str) -> str:
    out = StringIO()
    call_command("balance_as_of", "--contact", code, "--at", at, *options, stdout=out)
    return out.getvalue()


def amounts_at(code: str, at: str) -> Balances:
    return Balances(*(Decimal(each) for each in json.loads(told_at(code, at, "--json")).values()))


def test_any_past_balance_is_told_by_a_command(story_clock: MovingClock, shop: Shop, card: str) -> None:
    code = shop.till.get(f"/api/card/balance/by/{card}")["Code"]
    shop.sell(card, "R-1", "100.00")
    story_clock.set(datetime(2027, 6, 1, tzinfo=MOSCOW))
    assert told_at(code, "2026-03-05") == (
        "ACME Spendable Account: 0.00\nACME Spendable Escrow Account: 100.00\n"
        "ACME Tier-Qualifying Account: 0.00\nACME Tier-Qualifying Escrow Account: 100.00\n"
    )
    assert json.loads(told_at(code, "2026-04-01T12:00:00+03:00", "--json")) == {
        "ACME Spendable Account": "100.00", "ACME Spendable Escrow Account": "0.00",
        "ACME Tier-Qualifying Account": "100.00", "ACME Tier-Qualifying Escrow Account": "0.00",
    }  # fmt: skip
    # The job of the year end has not come: the clock closed the year all the same.
    assert amounts_at(code, "2026-12-31T23:59:59") == points_of("100", "0", "100", "0")
    assert amounts_at(code, "2027-01-01") == points_of("100", "0", "0", "0")
    assert amounts_at(code, "2027-04-30T23:59:59") == points_of("100", "0", "0", "0")
    assert amounts_at(code, "2027-05-01") == points_of("0", "0", "0", "0")
    assert amounts_at(code, "2001-01-01") == points_of("0", "0", "0", "0")


def test_a_receipt_uploaded_late_is_in_the_past_of_its_own_date(
    story_clock: MovingClock, shop: Shop, card: str
) -> None:
    code = shop.till.get(f"/api/card/balance/by/{card}")["Code"]
    story_clock.forward(days=40)
    assert amounts_at(code, "2026-03-10") == points_of("0", "0", "0", "0")
    shop.sell(card, "R-1", "100.00", at=datetime(2026, 3, 5, 12, tzinfo=MOSCOW))
    assert amounts_at(code, "2026-03-10") == points_of("0", "100", "0", "100")
    # Only its qualifying points wait until we learned of it: they count for the year in which they land.
    assert amounts_at(code, "2026-04-04T12:00:00+03:00") == points_of("100", "0", "0", "100")
    assert shop.balances(card) == points_of("100", "0", "100", "0")


@pytest.mark.parametrize(
    ("code", "at", "words"),
    [
        ("C0000000019", "2026-01-01", "not a contact code|No contact has"),
        ("nonsense", "2026-01-01", "not a contact code"),
        (None, "2036-01-01", "still to come"),
        (None, "yesterday", "is not a time"),
        (None, "2026-13-45", "is not a time"),
        (None, "0001-01-01T00:00+14:00", "beyond the calendar"),
    ],
)
def test_what_cannot_be_told_is_refused_in_one_line(
    story_clock: MovingClock, shop: Shop, card: str, code: str | None, at: str, words: str
) -> None:
    code = code or shop.till.get(f"/api/card/balance/by/{card}")["Code"]
    with pytest.raises(CommandError, match=words):
        told_at(code, at)
    assert clock.now() < datetime(2036, 1, 1, tzinfo=MOSCOW)
