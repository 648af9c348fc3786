"""specs/cash_desk.md, POST /purchase/add: the clock, the date of the purchase, the retailer's settings."""

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty.models import Purchase, Store
from loyalty.services import promotions
from tests.api.cash_desk.desk import rows
from tests.factories import CardFactory, StandingFactory, tier_named
from tests.promos.marketing import MARKETER, live
from tiers.models import Standing, Tier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("laws_hold")]


def test_points_in_escrow_cannot_be_spent_until_the_instant_they_mature(till, receipt, story_clock):
    card = CardFactory()
    matures = story_clock.moment + timedelta(days=30)
    till.post("purchase/add", receipt(card.number, "R-0"))
    story_clock.set(matures - timedelta(microseconds=1))
    assert till.post("purchase/add", receipt(card.number, BonusesToPay=1)).key == "InsufficientBonuses"
    story_clock.set(matures)
    assert till.post("purchase/add", receipt(card.number, BonusesToPay=50))["Balance"] == 50


def test_a_purchase_of_thirty_one_days_ago_is_mature_at_once(till, receipt, story_clock):
    card = CardFactory()
    answer = till.post("purchase/add", receipt(card.number, at=story_clock.moment - timedelta(days=31)))
    assert (answer["Accrued"], answer["Balance"]) == (100, 100)
    assert till.cash(card.number)["0"] == "100.00"


def test_the_tier_of_the_day_of_purchase_multiplies(till, receipt, story_clock):
    Tier.objects.filter(name="Silver").update(multiplier=2)
    card = CardFactory(enrolled=False)
    today = story_clock.moment
    StandingFactory(contact=card.contact, entered_at=today - timedelta(days=50), left_at=today - timedelta(days=10))
    StandingFactory(contact=card.contact, tier=tier_named("Silver"), entered_at=today - timedelta(days=10))
    accrued = [
        till.post("purchase/add", receipt(card.number, f"R-{days}", at=today - timedelta(days=days)))["Accrued"]
        for days in (0, 10, 11, 49)
    ]
    assert accrued == [200, 200, 100, 100]


def test_qualifying_points_that_land_move_the_tier(till, receipt, story_clock):
    card = CardFactory(created_at=story_clock.moment - timedelta(days=60))
    till.post("purchase/add", receipt(card.number, Amount=2000, at=story_clock.moment - timedelta(days=31)))
    assert Standing.objects.get(contact=card.contact, left_at=None).tier.name == "Silver"


@pytest.mark.parametrize("minutes", [0, 5])
def test_there_is_one_first_purchase_whatever_the_dates_of_those_that_come_later(till, receipt, story_clock, minutes):
    """Tills that print no seconds date two receipts alike; one that was offline brings an older receipt later."""
    live(first_purchase=True, kind="fixed", value=Decimal(500))
    story_clock.forward(days=1)
    card, now = CardFactory(), story_clock.moment
    assert till.post("purchase/add", receipt(card.number, "R-1", at=now))["Accrued"] == 600
    older = receipt(card.number, "R-2", at=now - timedelta(minutes=minutes), Offline=True)
    quoted = till.post("purchase/quote", older)["Accrue"]
    assert till.post("purchase/add", older)["Accrued"] == quoted == 100
    till.post("purchase/cancel", {"PurchaseId": "R-1"})
    till.post("purchase/cancel", {"PurchaseId": "R-2"})
    assert till.post("purchase/add", receipt(card.number, "R-3", at=now))["Accrued"] == 600


def test_a_late_receipt_is_the_first_purchase_when_no_other_was_rewarded_as_that(till, receipt, story_clock):
    promotion = live(first_purchase=True, kind="fixed", value=Decimal(500))
    story_clock.forward(hours=1)
    bought_at = story_clock.moment
    story_clock.forward(hours=1)
    promotions.end(MARKETER, promotion.pk, "it was for the morning")
    story_clock.forward(hours=1)
    card = CardFactory()
    assert till.post("purchase/add", receipt(card.number, "R-1"))["Accrued"] == 100
    assert till.post("purchase/add", receipt(card.number, "R-2", at=bought_at, Offline=True))["Accrued"] == 600


def test_an_offline_purchase_earns_but_does_not_spend(till, receipt, rich_card, story_clock):
    late = story_clock.moment - timedelta(hours=30)
    refused = till.post("purchase/add", receipt(rich_card.number, Offline=True, BonusesToPay=1))
    assert (refused.key, refused.value.split(":")[0]) == ("InvalidParameter", "BonusesToPay")
    refused = till.post("purchase/add", receipt(rich_card.number, at=late, BonusesToPay=1))
    assert (refused.key, refused.value.split(":")[0]) == ("InvalidParameter", "BonusesToPay")
    assert till.post("purchase/add", receipt(rich_card.number, at=late, Offline=True, BonusesToPay=0)).key == "OK"


@pytest.mark.parametrize(
    ("moved", "key"),
    [
        ({"minutes": 5}, "OK"),
        ({"minutes": 5, "seconds": 1}, "InvalidParameter"),
        ({"days": -366}, "OK"),
        ({"days": -366, "seconds": -1}, "InvalidParameter"),
        ({"days": 36500}, "InvalidParameter"),
    ],
)
def test_a_date_is_not_in_the_future_and_not_too_old(till, receipt, story_clock, moved, key):
    answer = till.post("purchase/add", receipt(CardFactory().number, at=story_clock.moment + timedelta(**moved)))
    assert answer.key == key
    assert key == "OK" or answer.value.startswith("Date: ")


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-02T12:00:00+03:00",
        "2026-03-02T12:00:00.000000000+0300",
        "2026-03-02T12:00+03",
        "2026-03-02 12:00:00",
        "2026-03-02T12:00",
        "2026-03-02T09:00:00Z",
        "2026-03-02t09:00:00z",
        " 2026-03-02T14:30:00.0+05:30 ",
    ],
)
def test_a_date_is_read_in_iso_forms_without_offset_in_the_retailers_zone(till, receipt, story_clock, written):
    assert till.post("purchase/add", receipt(CardFactory().number, Date=written)).key == "OK"
    assert Purchase.objects.get().purchased_at == story_clock.moment


def test_an_unknown_store_is_created_unless_the_retailer_says_no(till, receipt, settings_of_retailer):
    card = CardFactory()
    assert till.post("purchase/add", receipt(card.number, "R-1", Store="0077")).key == "OK"
    assert Store.objects.filter(code="0077").exists()
    settings_of_retailer(unknown_stores=False)
    counted = rows()
    refused = till.post("purchase/add", receipt(card.number, "R-2", Store="0078"))
    assert (refused.key, refused.value.split(":")[0]) == ("InvalidParameter", "Store")
    assert rows() == counted
    assert till.post("purchase/add", receipt(card.number, "R-3", Store="0077")).key == "OK"


def test_the_settings_of_the_retailer_take_effect_at_once(till, receipt, settings_of_retailer, story_clock):
    card = CardFactory()
    settings_of_retailer(earn_rate=Decimal("0.05"), escrow_days=7, spending_share=20, points_expiry="never")
    assert till.post("purchase/add", receipt(card.number, "R-1", Amount=1000))["Accrued"] == 50
    story_clock.forward(days=7)
    assert till.cash(card.number) == {"0": "50.00", "1": "0.00", "2": "0.00", "3": "0.00"}
    assert till.post("purchase/add", receipt(card.number, "R-2", BonusesToPay="20.01")).key == "InsufficientBonuses"
    assert till.post("purchase/add", receipt(card.number, "R-2", BonusesToPay="20.00")).key == "OK"
    settings_of_retailer(oldest_purchase_days=1)
    assert till.post("purchase/add", receipt(card.number, "R-3", at=story_clock.moment - timedelta(days=2))).key == (
        "InvalidParameter"
    )
