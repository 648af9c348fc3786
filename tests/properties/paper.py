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
    """Points of one purchase. `left` of the spendable ones; the tier-qualifying ones are never spent.

    `counts`: when the tier-qualifying ones land; not before the shop knew of the purchase.
    """

    left: int
    earned: int
    matures: datetime
    expires: datetime
    counts: datetime


@dataclass
class PaperBook:
    """One customer."""

    lots: list[PaperLot] = field(default_factory=list)
    debt: int = 0

    def earn(self, hundredths: int, bought: datetime, learned: datetime) -> None:
        matures = bought + timedelta(days=30)
        expires = end_of_month_a_year_later(matures)
        self.lots.append(PaperLot(hundredths, hundredths, matures, expires, max(matures, learned)))

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
        this_year = now.astimezone(MOSCOW).year
        return sum(lot.earned for lot in self.lots if lot.counts <= now and year_of(lot) == this_year)

    def qualifying_escrow(self, now: datetime) -> int:
        return sum(lot.earned for lot in self.lots if lot.counts > now)

    def tier(self, now: datetime) -> int:
        """The rank, year by year: up at once, kept until the end of the next year, then judged by the year's points."""
        rank, last_year = 1, 0
        for year in range(2025, now.astimezone(MOSCOW).year + 1):
            balance = 0
            for lot in sorted(self.lots, key=lambda lot: lot.counts):
                if year_of(lot) == year and lot.counts <= now:
                    balance += lot.earned
                    if rank_of(balance) >= max(rank, 2):
                        rank, last_year = rank_of(balance), year + 1
            if datetime(year + 1, 1, 1, tzinfo=MOSCOW) <= now and rank > 1 and last_year == year:
                rank, last_year = rank_of(balance), year + 1
        return rank

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


def year_of(lot: PaperLot) -> int:
    return lot.counts.astimezone(MOSCOW).year


def rank_of(hundredths: int) -> int:
    return 3 if hundredths >= 1_000_000 else 2 if hundredths >= 200_000 else 1


def end_of_month_a_year_later(moment: datetime) -> datetime:
    """Midnight after the last day of the same month of the next year, in Moscow."""
    day = moment.astimezone(MOSCOW).date()
    month = date(day.year + 1 + day.month // 12, day.month % 12 + 1, 1)
    return datetime(month.year, month.month, 1, tzinfo=MOSCOW)
