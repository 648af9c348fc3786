"""Galina, whose card is lost for a year and who is blocked for most of another: what is kept, and what ends."""

import uuid
from decimal import Decimal

import pytest

from loyalty.core import actors
from loyalty.core.roles import Role
from loyalty.ledger.accounts import Account
from loyalty.models import AdjustmentStatus
from loyalty.services import adjustments
from loyalty.services.adjustments import Wanted
from loyalty.services.contacts import block_contact, unblock_contact
from loyalty.services.replacement import replace_card
from tests.conftest import MovingClock
from tests.factories import CardFactory
from tests.stories.life import Life
from tiers.models import TierSystem

pytestmark = pytest.mark.django_db

NINA = actors.staff("nina", "cc_operator")
PETR = actors.staff("petr", "administrator")
BASE = "Base since 2026-03-02 12:00:00"
GOLD = "Gold since 2026-04-01 12:00:00 until 2028-01-01 00:00:00"
SILVER = "Silver since 2028-01-01 00:00:00 until 2029-01-01 00:00:00"
BASE_AGAIN = "Base since 2029-01-01 00:00:00"


def adjust(life: Life, account: Account, amount: str, reason: str, *, may_owe: bool = False) -> None:
    """Petr gives or takes points by hand, little enough to do it alone."""
    wanted = Wanted(uuid.uuid4().hex, life.contact.pk, account, Decimal(amount), reason, may_owe)
    assert adjustments.ask(PETR, wanted).status == AdjustmentStatus.POSTED


def the_year_2026(galina: Life) -> None:
    # 2026: Gold at once, two levels up.
    galina.buys("G-1", "10000.00")
    galina.has("0 10000 0 10000", ever="0 10000 0 10000", tier=BASE)
    galina.on("2026-04-01T12:00:00")
    galina.has("10000 0 10000 0", ever="10000 10000 10000 10000", ends="10000 2027-04-30", tier=GOLD)

    # A broken cup: 250 points by hand, which last as if they had matured today. 100 qualifying ones were a mistake.
    galina.on("2026-06-01T12:00:00")
    adjust(galina, Account.SPENDABLE, "250.00", "A broken cup")
    galina.has("10250 0 10000 0", ever="10250 10000 10000 10000", ends="10000 2027-04-30", tier=GOLD)
    galina.on("2026-06-02T12:00:00")
    adjust(galina, Account.QUALIFYING, "-100.00", "Counted twice")
    galina.has("10250 0 9900 0", ever="10250 10000 10000 10000", ends="10000 2027-04-30", tier=GOLD)
    galina.on("2026-06-20T12:00:00").buys("G-2", "500.00")
    galina.has("10250 500 9900 500", ever="10250 10500 10000 10500", ends="10000 2027-04-30", tier=GOLD)

    # 1 July: she loses the card. Her points are frozen, nothing is bought with it; what is on its way still lands.
    galina.on("2026-07-01T12:00:00")
    lost = {"Number": galina.card, "BlockReasonCode": 0}
    assert galina.call_centre.post("/api/card/block", lost)["Key"] == "OK"
    galina.has("10250 500 9900 500", ever="10250 10500 10000 10500", ends="10000 2027-04-30", tier=GOLD)
    galina.is_refused("G-0", "100.00", "StatusError")
    galina.is_refused("G-0", "100.00", "StatusError", BonusesToPay="50.00")
    galina.on("2026-07-20T12:00:00")
    ever = "10750 10500 10500 10500"
    galina.has("10750 0 10400 0", ever=ever, ends="10000 2027-04-30", tier=GOLD)


def the_year_2027(galina: Life) -> None:
    ever = "10750 10500 10500 10500"
    # The year turns and months end for frozen points as for all. Gold is kept until its end.
    galina.on("2026-12-31T23:59:59").has("10750 0 10400 0", ever=ever, ends="10000 2027-04-30", tier=GOLD)
    galina.on("2027-01-01T00:00:00").has("10750 0 0 0", ever=ever, ends="10000 2027-04-30", tier=GOLD)
    galina.on("2027-05-01T00:00:00")
    galina.has("750 0 0 0", ever=ever, burned="10000", ends="250 2027-06-30", tier=GOLD)
    galina.jobs()
    galina.on("2027-07-01T00:00:00")
    galina.has("500 0 0 0", ever=ever, burned="10250", ends="500 2027-07-31", tier=GOLD)

    # A year later she asks for another card. All that is hers is with the new one; the old one is dead for good.
    galina.on("2027-07-01T12:00:00")
    old, galina.card = galina.card, CardFactory(new=True).number
    replace_card(NINA, Role.CC_OPERATOR, number=old, new_number=galina.card, reason_name="Never found")
    galina.has("500 0 0 0", ever=ever, burned="10250", ends="500 2027-07-31", tier=GOLD)
    assert galina.sell(old, "G-0", "100.00")["Key"] == "StatusError"
    found = {"Number": old, "UnBlockReasonCode": 0}
    assert galina.call_centre.post("/api/card/unblock", found)["Key"] == "UnBlockReasonError"
    galina.on("2027-07-02T12:00:00").buys("G-3", "600.00", pays="300.00")
    ever = "10750 10800 10500 10800"
    galina.has("200 300 0 300", ever=ever, burned="10250", ends="200 2027-07-31", tier=GOLD)
    galina.on("2027-08-01T00:00:00").has("0 300 0 300", ever=ever, burned="10450", tier=GOLD)
    galina.on("2027-08-01T12:00:00")
    ever = "11050 10800 10800 10800"
    galina.has("300 0 300 0", ever=ever, burned="10450", ends="300 2028-08-31", tier=GOLD)


def the_year_2028(galina: Life) -> None:
    ever = "11050 10800 10800 10800"
    # 2027 brought 300 of 10,000. One step down: Silver for a year. The job books it in the middle of February.
    galina.on("2027-12-31T23:59:59").has("300 0 300 0", ever=ever, burned="10450", ends="300 2028-08-31", tier=GOLD)
    galina.on("2028-01-01T00:00:00").has("300 0 0 0", ever=ever, burned="10450", ends="300 2028-08-31", tier=SILVER)
    galina.on("2028-02-15T03:00:00").jobs("year end")

    # March 2028: she is blocked herself. She earns, and the points land and burn, but nothing can be spent.
    galina.on("2028-03-01T12:00:00")
    block_contact(PETR, galina.contact.pk, "Receipts of other people")
    galina.buys("G-4", "100.00")
    ever = "11050 10900 10800 10900"
    galina.has("300 100 0 100", ever=ever, burned="10450", ends="300 2028-08-31", tier=SILVER)
    galina.is_refused("G-0", "100.00", "StatusError", BonusesToPay="50.00")
    galina.on("2028-03-31T12:00:00")
    ever = "11150 10900 10900 10900"
    galina.has("400 0 100 0", ever=ever, burned="10450", ends="300 2028-08-31", tier=SILVER)
    galina.on("2028-09-01T00:00:00")
    galina.has("100 0 100 0", ever=ever, burned="10750", ends="100 2029-03-31", tier=SILVER)

    # October: welcome again.
    galina.on("2028-10-01T12:00:00")
    unblock_contact(PETR, galina.contact.pk, "It was a mistake")
    galina.buys("G-5", "100.00", pays="50.00")
    galina.has("50 50 100 50", ever="11150 10950 10900 10950", burned="10750", ends="50 2029-03-31", tier=SILVER)
    galina.on("2028-10-31T12:00:00")
    ever = "11200 10950 10950 10950"
    galina.has("100 0 150 0", ever=ever, burned="10750", ends="50 2029-03-31", tier=SILVER)


def afterwards(galina: Life) -> None:
    ever = "11200 10950 10950 10950"
    # One step down again. A gift that was not meant for her is taken back and leaves a debt; the next gift pays it.
    galina.on("2029-01-01T00:00:00")
    galina.has("100 0 0 0", ever=ever, burned="10750", ends="50 2029-03-31", tier=BASE_AGAIN)
    galina.on("2029-01-02T12:00:00")
    adjust(galina, Account.SPENDABLE, "-150.00", "Meant for another", may_owe=True)
    galina.has("0 0 0 0", ever=ever, burned="10750", debt="50", tier=BASE_AGAIN)
    galina.on("2029-01-03T12:00:00")
    adjust(galina, Account.SPENDABLE, "80.00", "We are sorry")
    ever = "11280 10950 10950 10950"
    galina.has("30 0 0 0", ever=ever, burned="10750", ends="30 2030-01-31", tier=BASE_AGAIN)


def test_three_years_of_galina_who_is_blocked(story_clock: MovingClock) -> None:
    TierSystem.objects.update(assessment="one_down")
    galina = Life(story_clock, "79001234504", firstname="Galina", surname="Mor", birthDate="1960-01-01")
    the_year_2026(galina)
    the_year_2027(galina)
    the_year_2028(galina)
    afterwards(galina)
    galina.looks_back(
        ("Base", "enrolled", "2026-03-02 12:00:00"),
        ("Gold", "upgraded", "2026-04-01 12:00:00", "2028-01-01 00:00:00"),
        ("Silver", "assessed", "2028-01-01 00:00:00", "2029-01-01 00:00:00"),
        ("Base", "assessed", "2029-01-01 00:00:00"),
    )
