"""Marketers say which fiscal drives stand in which store: that is how a scanned receipt finds its store."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.core import clock
from loyalty.core.errors import LoyaltyError
from loyalty.models import FiscalDrive, JournalEntry, Store
from loyalty.services import fiscal_drives
from tests.admin.conftest import browser as browser_of_staff
from tests.concurrency.threads import overlapping, race
from tests.factories import CardFactory
from tests.receipts.scanning import DRIVE, WORKER, add, campaign, decided, receipt, sell

browser = browser_of_staff
OTHER = "1111111111111111"


def store(code: str) -> Store:
    return Store.objects.create(code=code, created_at=clock.now())


def stands(number: str) -> str:
    return str(FiscalDrive.objects.get(number=number).store.code)


@pytest.mark.django_db
def test_a_drive_entered_in_the_back_office_tells_the_store_of_a_scanned_receipt(browser, story_clock):
    campaign()
    card, nevsky = CardFactory(), Store.objects.get(code="0001")
    client = browser("marketer")
    sent = {"fiscal_drives": f"{DRIVE}\n {OTHER} \n{DRIVE}", "reason": "new tills"}
    page = client.post(reverse("admin:loyalty_store_add-drives", args=[nevsky.pk]), sent, follow=True)
    assert "Fiscal drives new to this store: 2." in page.content.decode()
    assert DRIVE in page.content.decode()
    assert (stands(DRIVE), stands(OTHER)) == ("0001", "0001")
    # A sale for the same sum in another store is another sale, now that the store is known.
    add(sell(card, store="0002"))
    assert receipt(decided(card).pk).store == "0001"
    assert receipt(decided(card).pk).status == "credited"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("928200010007219", "928200010007219 is no number of a fiscal drive: it has 16 digits. Nothing was changed."),
        (f"{DRIVE}\nNevsky", "Nevsky is no number of a fiscal drive: it has 16 digits. Nothing was changed."),
        ("９２８２０００１０００７２１９７", "is no number of a fiscal drive"),
        (" \n ", "Enter at least one number, one a line."),
    ],
)
def test_what_is_no_drive_is_refused_and_nothing_is_written(browser, typed, told):
    nevsky = Store.objects.get(code="0001")
    sent = {"fiscal_drives": typed, "reason": "new tills"}
    page = browser("marketer").post(reverse("admin:loyalty_store_add-drives", args=[nevsky.pk]), sent)
    assert told in page.content.decode()
    assert not FiscalDrive.objects.exists()
    assert not JournalEntry.objects.filter(action="store.add_drives").exists()


@pytest.mark.django_db
def test_a_drive_moves_with_its_till_and_only_its_own_store_gives_it_up():
    nevsky, arbat = store("N"), store("A")
    assert fiscal_drives.add_drives(WORKER, nevsky.pk, [DRIVE, OTHER], "opening") == 2
    assert fiscal_drives.add_drives(WORKER, nevsky.pk, [DRIVE], "again") == 0
    assert fiscal_drives.add_drives(WORKER, arbat.pk, [DRIVE], "the till has moved") == 1
    assert (stands(DRIVE), stands(OTHER)) == ("A", "N")
    with pytest.raises(LoyaltyError) as refused:
        fiscal_drives.remove_drives(WORKER, nevsky.pk, [DRIVE, OTHER], "closing")
    assert (refused.value.code, refused.value.data["number"]) == ("FiscalDriveInvalid", DRIVE)
    assert FiscalDrive.objects.count() == 2
    assert fiscal_drives.remove_drives(WORKER, nevsky.pk, [OTHER], "closing") == 1
    assert list(FiscalDrive.objects.values_list("number", flat=True)) == [DRIVE]
    acts = JournalEntry.objects.order_by("id").values_list("action", "target", "details__fiscal_drives")
    assert list(acts) == [
        ("store.add_drives", "N", [OTHER, DRIVE]), ("store.add_drives", "A", [DRIVE]),
        ("store.remove_drives", "N", [OTHER]),
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_long_list_costs_no_more_statements_than_a_short_one():
    counts = []
    for length in (1, 300):
        numbers = [f"{length:04d}{serial:012d}" for serial in range(length)]
        with CaptureQueriesContext(connection) as seen:
            fiscal_drives.add_drives(WORKER, store(str(length)).pk, numbers, "opening")
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_stores_that_enter_one_drive_at_once_end_with_one_of_them(monkeypatch):
    nevsky, arbat = store("N"), store("A")
    monkeypatch.setattr(fiscal_drives.journal, "record", overlapping(fiscal_drives.journal.record))
    answers = race(
        lambda: fiscal_drives.add_drives(WORKER, nevsky.pk, [DRIVE, OTHER], "opening"),
        lambda: fiscal_drives.add_drives(WORKER, arbat.pk, [OTHER, DRIVE], "opening"),
    )
    assert answers == [2, 2]
    assert stands(DRIVE) == stands(OTHER)
