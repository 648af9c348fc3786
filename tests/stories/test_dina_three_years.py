"""Dina and Lina, taken for one person for half a year; then one of them leaves the programme, and comes back."""

from decimal import Decimal

import pytest

from loyalty.core import actors
from loyalty.core.roles import Role
from loyalty.ledger import balances
from loyalty.services.membership import enrol_contact, leave_programme
from loyalty.services.merging import merge_contacts
from loyalty.services.unmerging import unmerge_contacts
from tests.conftest import MovingClock
from tests.stories.life import Life

pytestmark = pytest.mark.django_db

OLGA = actors.staff("olga", "senior_employee")
PETR = actors.staff("petr", "administrator")
BASE = "Base since 2026-03-02 12:00:00"
SILVER = "Silver since 2026-04-01 12:00:00 until 2028-01-01 00:00:00"
LEFT = "Unenrolled since 2027-09-01 12:00:00"


def merge(stays: Life, goes: Life) -> int:
    """Olga makes them one; nothing is left with who goes. Every name of who goes leads to who stays."""
    survivor, absorbed = stays.contact.pk, goes.contact.pk
    merged = merge_contacts(OLGA, Role.SENIOR_EMPLOYEE, survivor, absorbed, "One person, two cards").pk
    empty = balances.read(absorbed, goes.clock.moment)
    assert [(each.amount, each.lifetime) for each in empty.accounts] == [(Decimal(0), Decimal(0))] * 4
    assert (empty.burned, empty.expiring) == (0, None)
    assert goes.till.get(f"/api/card/balance/by/{goes.code}")["Number"] == stays.card
    assert goes.sell(goes.card, "L-0", "10.00")["Key"] == "StatusError"
    return merged


def before(dina: Life, lina: Life) -> None:
    """2026: Lina is Silver by her own 2,500; in December she buys for 600 more."""
    dina.buys("D-1", "300.00")
    lina.buys("L-1", "2500.00")
    dina.has("0 300 0 300", ever="0 300 0 300", tier=BASE)
    lina.has("0 2500 0 2500", ever="0 2500 0 2500", tier=BASE)
    dina.on("2026-04-01T12:00:00")
    dina.has("300 0 300 0", ever="300 300 300 300", ends="300 2027-04-30", tier=BASE)
    lina.has("2500 0 2500 0", ever="2500 2500 2500 2500", ends="2500 2027-04-30", tier=SILVER)
    lina.on("2026-12-15T12:00:00").buys("L-2", "600.00")
    lina.has("2500 600 2500 600", ever="2500 3100 2500 3100", ends="2500 2027-04-30", tier=SILVER)
    dina.has("300 0 300 0", ever="300 300 300 300", ends="300 2027-04-30", tier=BASE)


def as_one(dina: Life) -> None:
    """From 20 December 2026 to 10 May 2027 all of it is Dina's: 300 + 2,500, in escrow 600, Lina's tier as well."""
    dina.has("2800 600 2800 600", ever="2800 3400 2800 3400", ends="2800 2027-04-30", tier=SILVER)
    dina.on("2026-12-31T23:59:59")
    dina.has("2800 600 2800 600", ever="2800 3400 2800 3400", ends="2800 2027-04-30", tier=SILVER)
    dina.on("2027-01-01T00:00:00")
    dina.has("2800 600 0 600", ever="2800 3400 2800 3400", ends="2800 2027-04-30", tier=SILVER)

    # A third of what Lina bought in December comes back, in escrow.
    dina.on("2027-01-05T12:00:00").brings_back("L-2", "F-1", amount="200.00", taken="200")
    dina.has("2800 400 0 400", ever="2800 3400 2800 3400", ends="2800 2027-04-30", tier=SILVER)
    dina.on("2027-01-14T12:00:00")
    dina.has("3200 0 400 0", ever="3200 3400 3200 3400", ends="2800 2027-04-30", tier=SILVER)

    # After it has landed, 100 more of it.
    dina.on("2027-01-20T12:00:00").brings_back("L-2", "F-2", amount="100.00", taken="100")
    dina.has("3100 0 300 0", ever="3200 3400 3200 3400", ends="2800 2027-04-30", tier=SILVER)

    # Dina pays with 1,000: her own 300, and 700 of Lina's, which end on the same day. In March her purchase lands.
    dina.on("2027-02-01T12:00:00").buys("D-2", "2000.00", pays="1000.00")
    dina.has("2100 1000 300 1000", ever="3200 4400 3200 4400", ends="1800 2027-04-30", tier=SILVER)
    dina.on("2027-03-03T12:00:00")
    dina.has("3100 0 1300 0", ever="4200 4400 4200 4400", ends="1800 2027-04-30", tier=SILVER)

    # Nobody spends the 1,800 that are left of Lina's 2,500.
    dina.on("2027-05-01T00:00:00")
    dina.has("1300 0 1300 0", ever="4200 4400 4200 4400", burned="1800", ends="300 2028-01-31", tier=SILVER)


def as_two_again(dina: Life, lina: Life) -> None:
    """10 May 2027: each has her own, by the clock of today."""
    # Dina had 300, spent 1,000, earned 1,000: 300 are left. What burned was not hers, nor was Silver.
    dina.has("300 0 1000 0", ever="1300 1300 1300 1300", ends="300 2028-03-31", tier=BASE)
    # Lina spent nothing: her 2,500 ended with April. 400 of the 600 landed in January, 100 of those came back.
    ever = "2900 3100 2900 3100"
    lina.has("300 0 300 0", ever=ever, burned="2500", ends="300 2028-01-31", tier=SILVER)
    lina.on("2027-06-01T12:00:00").buys("L-3", "700.00", pays="300.00")
    lina.has("0 400 300 400", ever="2900 3500 2900 3500", burned="2500", tier=SILVER)
    lina.on("2027-07-01T12:00:00")
    lina.has("400 0 700 0", ever="3300 3500 3300 3500", burned="2500", ends="400 2028-07-31", tier=SILVER)
    dina.has("300 0 1000 0", ever="1300 1300 1300 1300", ends="300 2028-03-31", tier=BASE)


def leaving(dina: Life) -> None:
    """Autumn 2027: Dina wants nothing more. 300 + 100 are given up; what counts for a tier ends with its year."""
    dina.on("2027-08-20T12:00:00").buys("D-3", "100.00")
    dina.has("300 100 1000 100", ever="1300 1400 1300 1400", ends="300 2028-03-31", tier=BASE)
    dina.on("2027-09-01T12:00:00")
    leave_programme(PETR, Role.ADMINISTRATOR, dina.contact.pk, "She wants nothing more")
    dina.has("0 0 1000 100", ever="1300 1400 1300 1400", burned="400", tier=LEFT)
    dina.is_refused("D-0", "10.00", "StatusError")
    dina.on("2027-09-19T12:00:00")
    dina.has("0 0 1100 0", ever="1300 1400 1400 1400", burned="400", tier=LEFT)


def afterwards(dina: Life, lina: Life) -> None:
    """2028: Lina was not Silver by the 700 points of 2027; Dina joins again in February, at Base."""
    lina_base, dina_base = "Base since 2028-01-01 00:00:00", "Base since 2028-02-01 12:00:00"
    dina.on("2028-01-01T00:00:00").has("0 0 0 0", ever="1300 1400 1400 1400", burned="400", tier=LEFT)
    lina.has("400 0 0 0", ever="3300 3500 3300 3500", burned="2500", ends="400 2028-07-31", tier=lina_base)
    dina.on("2028-02-01T12:00:00")
    enrol_contact(PETR, Role.ADMINISTRATOR, dina.contact.pk, "She is back")
    dina.has("0 0 0 0", ever="1300 1400 1400 1400", burned="400", tier=dina_base)
    dina.on("2028-02-01T12:00:01").buys("D-4", "50.00")
    dina.has("0 50 0 50", ever="1300 1450 1400 1450", burned="400", tier=dina_base)
    # Thirty days later, in a leap year, it is 2 March.
    dina.on("2028-03-02T12:00:01")
    dina.has("50 0 50 0", ever="1350 1450 1450 1450", burned="400", ends="50 2029-03-31", tier=dina_base)
    lina.on("2028-08-01T00:00:00").has("0 0 0 0", ever="3300 3500 3300 3500", burned="2900", tier=lina_base)
    dina.on("2029-01-01T00:00:00")
    dina.has("50 0 0 0", ever="1350 1450 1450 1450", burned="400", ends="50 2029-03-31", tier=dina_base)


def test_three_years_of_dina_and_lina(story_clock: MovingClock) -> None:
    lina = Life(story_clock, "79001234506", firstname="Lina", surname="Roth", birthDate="1992-08-01")
    dina = lina.another("79001234505", firstname="Dina", surname="Roth", birthDate="1964-08-01")
    before(dina, lina)
    dina.on("2026-12-20T12:00:00")
    merged = merge(dina, lina)
    as_one(dina)
    dina.on("2027-05-10T12:00:00")
    unmerge_contacts(OLGA, Role.SENIOR_EMPLOYEE, merged, "Mother and daughter")
    as_two_again(dina, lina)
    leaving(dina)
    afterwards(dina, lina)
    dina.looks_back(
        ("Base", "enrolled", "2026-03-02 12:00:00"),
        ("Unenrolled", "left", "2027-09-01 12:00:00"),
        ("Base", "enrolled", "2028-02-01 12:00:00"),
        tiers_undone=dict.fromkeys(
            [
                "2026-12-20 12:00:00", "2026-12-31 23:59:59", "2027-01-01 00:00:00", "2027-01-05 12:00:00",
                "2027-01-14 12:00:00", "2027-01-20 12:00:00", "2027-02-01 12:00:00", "2027-03-03 12:00:00",
                "2027-05-01 00:00:00",
            ],
            BASE,
        ),
    )  # fmt: skip
    lina.looks_back(
        ("Base", "enrolled", "2026-03-02 12:00:00"),
        ("Silver", "upgraded", "2026-04-01 12:00:00", "2028-01-01 00:00:00"),
        ("Base", "assessed", "2028-01-01 00:00:00"),
    )
