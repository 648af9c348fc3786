"""The books on paper: what a clerk with a pencil would write. Nothing here is taken from the kernel.

Hundredths as whole numbers, one list of lots a customer. The clerk knows no job: points are spendable from their
moment of maturity on and gone from their moment of expiry on, and a debt is paid by what matures next. Which lot has
paid is settled for good only when points land, for a purchase of the past may still bring an earlier one.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MOSCOW = ZoneInfo("Europe/Moscow")


@dataclass
class PaperLot:
    """Points of one purchase. `left` of the spendable ones; the tier-qualifying ones are never spent."""

    left: int
    earned: int
    matures: datetime
    expires: datetime


@dataclass
class PaperBook:
    """One customer."""

    lots: list[PaperLot] = field(default_factory=list)
    debt: int = 0

    def earn(self, hundredths: int, bought: datetime) -> None:
        matures = bought + timedelta(days=30)
        self.lots.append(PaperLot(hundredths, hundredths, matures, end_of_month_a_year_later(matures)))

    def land(self, now: datetime) -> None:
        """Whatever has matured pays first what the customer owes, the earliest first."""
        for lot in sorted(self.lots, key=lambda lot: lot.matures):
            if lot.matures <= now and self.debt:
                paid = min(lot.left, self.debt)
                lot.left -= paid
                self.debt -= paid

    def seen(self, now: datetime) -> "PaperBook":
        """The book as anybody reads it: as if all that has matured had landed."""
        book = deepcopy(self)
        book.land(now)
        return book

    def live(self, now: datetime) -> list[PaperLot]:
        """Spendable lots, the one that expires first at the front."""
        there = [lot for lot in self.lots if lot.matures <= now < lot.expires and lot.left]
        return sorted(there, key=lambda lot: lot.expires)

    def spendable(self, now: datetime) -> int:
        live = sum(lot.left for lot in self.live(now))
        return live - self.debt

    def escrow(self, now: datetime) -> int:
        return sum(lot.left for lot in self.lots if lot.matures > now)

    def qualifying(self, now: datetime) -> int:
        return sum(lot.earned for lot in self.lots if lot.matures <= now)

    def qualifying_escrow(self, now: datetime) -> int:
        return sum(lot.earned for lot in self.lots if lot.matures > now)

    def burned(self, now: datetime) -> int:
        return sum(lot.left for lot in self.lots if lot.expires <= now)

    def next_to_expire(self, now: datetime) -> tuple[int, datetime] | None:
        live = self.live(now)
        if not live:
            return None
        first = live[0].expires
        return sum(lot.left for lot in live if lot.expires == first), first

    def spend(self, hundredths: int, now: datetime) -> None:
        for lot in self.live(now):
            taken = min(lot.left, hundredths)
            lot.left -= taken
            hundredths -= taken

    def owe(self, hundredths: int) -> None:
        self.debt += hundredths


def end_of_month_a_year_later(moment: datetime) -> datetime:
    """Midnight after the last day of the same month of the next year, in Moscow."""
    day = moment.astimezone(MOSCOW).date()
    month = date(day.year + 1 + day.month // 12, day.month % 12 + 1, 1)
    return datetime(month.year, month.month, 1, tzinfo=MOSCOW)
