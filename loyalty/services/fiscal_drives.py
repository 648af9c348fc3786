"""Fiscal drives of tills: they tell the store of a scanned receipt (specs/koshelek.md, call 12)."""

import re
from collections.abc import Sequence

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.models import FiscalDrive
from loyalty.services import journal, locks, reasons
from loyalty.services.errors import FiscalDriveInvalid
from loyalty.services.unit_of_work import unit_of_work

_NUMBER = re.compile(r"[0-9]{16}")


def add_drives(actor: Actor, store_id: int, numbers: Sequence[str], reason: str) -> int:
    """Say that tills with these fiscal drives (16 digits each) stand in a store; return how many are new to it.

    A drive that stood in another store until now has moved; receipts that are decided from now on are of this one.
    Raises InvalidParameter without a reason, FiscalDriveInvalid (`number`; "" when there is none at all).
    """
    why, wanted = reasons.required(reason), _read(numbers)
    with unit_of_work():
        store = locks.lock_store(store_id)
        known = set(FiscalDrive.objects.filter(store=store, number__in=wanted).values_list("number", flat=True))
        new = [number for number in wanted if number not in known]
        # In the order of the numbers, so that two lists at once do not wait for each other; the last word counts.
        FiscalDrive.objects.bulk_create(
            [FiscalDrive(number=number, store=store, created_at=clock.now()) for number in new],
            update_conflicts=True, unique_fields=["number"], update_fields=["store"],
        )  # fmt: skip
        if new:
            journal.record(actor, "store.add_drives", store.code, reason=why, fiscal_drives=new)
    return len(new)


def remove_drives(actor: Actor, store_id: int, numbers: Sequence[str], reason: str) -> int:
    """Forget fiscal drives of a store: their tills are gone; return how many. What was decided by them stays.

    Raises InvalidParameter without a reason, FiscalDriveInvalid (`number`), also for a drive that is not this store's.
    """
    why, wanted = reasons.required(reason), _read(numbers)
    with unit_of_work():
        store = locks.lock_store(store_id)
        there = FiscalDrive.objects.filter(store=store, number__in=wanted)
        missing = set(wanted) - set(there.values_list("number", flat=True))
        if missing:
            raise FiscalDriveInvalid(name="fiscal_drives", number=min(missing), elsewhere=True)
        there.delete()
        journal.record(actor, "store.remove_drives", store.code, reason=why, fiscal_drives=wanted)
    return len(wanted)


def _read(numbers: Sequence[str]) -> list[str]:
    wrong = next((number for number in numbers if not _NUMBER.fullmatch(number)), None)
    if wrong is not None or not numbers:
        raise FiscalDriveInvalid(name="fiscal_drives", number=wrong or "")
    return sorted(set(numbers))
