"""The books on paper: what a clerk with a pencil would write. Nothing here is taken from the kernel.

Serves specs/points_and_tiers.md. Hundredths as whole numbers, plain lists of lots. The clerk knows no job: points are
spendable from their moment of maturity on and gone from their moment of expiry on, qualifying points count for the year
in which they land, and a debt is paid by what matures next. Which lot has paid is settled for good only when points
land, for a purchase of the past may still bring an earlier one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MOSCOW = ZoneInfo("Europe/Moscow")
ESCROW = timedelta(days=30)
SILVER, GOLD = 200_000, 1_000_000


@dataclass(eq=False)
class PaperLot:
    """Spendable points earned together; `burned`: what of them expired and was written off."""

    left: int
    earned: int
    matures: datetime
    expires: datetime
    landed: bool = False
    burned: int = 0

    def lives(self, now: datetime) -> bool:
        return self.left > 0 and self.matures <= now < self.expires


@dataclass(eq=False)
class PaperStars:
    """Tier-qualifying points earned together, and when they land; not before the shop knew of the purchase."""

    left: int
    lands: datetime

    def count(self, now: datetime) -> bool:
        return self.lands <= now and year_of(self.lands) == year_of(now)


Drawn = list[tuple[PaperLot, int]]


@dataclass
class PaperBook:
    """One customer. `rank` of the tier, kept until the end of the year `kept_until` (0: it does not expire)."""

    seen_at: datetime
    lots: list[PaperLot] = field(default_factory=list)
    stars: list[PaperStars] = field(default_factory=list)
    debt: int = 0
    burned: int = 0
    rank: int = 1
    kept_until: int = 0
    left: bool = False

    # What the clock does.

    def land(self, now: datetime) -> None:
        """Whatever has matured pays first what the customer owes, the earliest first."""
        for lot in sorted(self.lots, key=lambda lot: lot.matures):
            if lot.matures <= now and not lot.landed:
                lot.landed = True
                self.debt -= take(lot, self.debt)

    def burn(self, now: datetime) -> None:
        for lot in self.lots:
            if lot.landed and lot.expires <= now:
                lot.burned += lot.left
                self.burned += lot.left
                lot.left = 0

    def settle(self, now: datetime) -> None:
        self.land(now)
        self.burn(now)

    def expires_by(self, now: datetime) -> bool:
        """Tell whether there is anything for the job of the expiry: then it lands first what has matured."""
        return any(lot.left and lot.expires <= now for lot in self.lots)

    def seen(self, now: datetime) -> "PaperBook":
        """The book as anybody reads it: as if everything had been booked at its time."""
        book = replace(self, lots=[replace(lot) for lot in self.lots])
        book.settle(now)
        return book

    def pass_until(self, now: datetime) -> None:
        """Let time pass for the tier: points land, years turn, in their order."""
        landings = [(stars.lands, 1) for stars in self.stars if self.seen_at < stars.lands <= now]
        turns = [(turn_of(year), 0) for year in range(year_of(self.seen_at), year_of(now))]
        for moment, lands in sorted([*landings, *turns]):
            self._rise(moment) if lands else self._turn(year_of(moment) - 1)
        self.seen_at = now

    def give_up(self, now: datetime) -> None:
        """Whatever could be or become spendable burns; a debt and qualifying points stay."""
        for lot in self.lots:
            lot.burned += lot.left
            self.burned += lot.left
            lot.left = 0

    def leave(self, now: datetime) -> None:
        self.settle(now)
        self.give_up(now)
        self.left, self.rank, self.kept_until = True, 0, 0

    def come_again(self, now: datetime) -> None:
        """At Base, and at once where the points of this year lead."""
        self.left, self.rank = False, 1
        self._rise(now)

    def _rise(self, moment: datetime) -> None:
        if self.left:
            return
        rank, year = rank_of(self._stars_of(year_of(moment), moment)), year_of(moment)
        if rank > self.rank or (rank == self.rank > 1 and year + 1 > self.kept_until):
            self.rank, self.kept_until = rank, year + 1

    def _turn(self, year: int) -> None:
        if self.rank > 1 and self.kept_until == year:
            self.rank = rank_of(self._stars_of(year, turn_of(year)))
            self.kept_until = year + 1 if self.rank > 1 else 0

    def _stars_of(self, year: int, moment: datetime) -> int:
        return sum(stars.left for stars in self.stars if year_of(stars.lands) == year and stars.lands <= moment)

    # What people do.

    def earn(self, hundredths: int, bought: datetime, learned: datetime) -> tuple[PaperLot, PaperStars]:
        matures = bought + ESCROW
        lot = PaperLot(hundredths, hundredths, matures, end_of_month_a_year_later(matures))
        stars = PaperStars(hundredths, max(matures, learned))
        self.lots.append(lot)
        self.qualify(stars, learned)
        return lot, stars

    def qualify(self, stars: PaperStars, now: datetime) -> None:
        self.stars.append(stars)
        if stars.lands <= now:
            self._rise(stars.lands)

    def given(self, hundredths: int, now: datetime) -> None:
        """Points by hand: there at once, for a debt first."""
        lot = PaperLot(hundredths, hundredths, now, end_of_month_a_year_later(now), landed=True)
        self.lots.append(lot)
        self.debt -= take(lot, self.debt)

    def draw(self, hundredths: int, lots: Iterable[PaperLot]) -> Drawn:
        """Take from lots in the order of their ends; return what each gave."""
        drawn = []
        for lot in sorted(lots, key=lambda lot: lot.expires):
            taken = take(lot, hundredths)
            hundredths -= taken
            if taken:
                drawn.append((lot, taken))
        return drawn

    def spend(self, hundredths: int, now: datetime) -> Drawn:
        self.land(now)
        return self.draw(hundredths, self.live(now))

    def unqualify(self, hundredths: int, now: datetime) -> None:
        for stars in self.stars:
            if stars.count(now):
                hundredths -= take(stars, hundredths)

    def pay_debt(self, lots: Callable[[PaperLot], bool]) -> Drawn:
        drawn = self.draw(self.debt, [lot for lot in self.lots if lot.landed and lots(lot)])
        self.debt -= total(drawn)
        return drawn

    # What anybody reads, of a book as it is seen.

    def live(self, now: datetime) -> list[PaperLot]:
        """Spendable lots, the one that expires first at the front."""
        return sorted((lot for lot in self.lots if lot.lives(now)), key=lambda lot: lot.expires)

    def waiting(self, now: datetime) -> list[PaperLot]:
        return [lot for lot in self.lots if lot.matures > now and lot.left]

    def spendable(self, now: datetime) -> int:
        return sum(lot.left for lot in self.live(now)) - self.debt

    def escrow(self, now: datetime) -> int:
        return sum(lot.left for lot in self.waiting(now))

    def qualifying(self, now: datetime) -> int:
        return sum(stars.left for stars in self.stars if stars.count(now))

    def qualifying_escrow(self, now: datetime) -> int:
        return sum(stars.left for stars in self.stars if stars.lands > now)

    def portions(self, now: datetime) -> list[tuple[datetime, bool, int]]:
        """When spendable points expire and points in escrow mature, and how many."""
        sums: dict[tuple[datetime, bool], int] = {}
        for lot in [*self.live(now), *self.waiting(now)]:
            key = (lot.expires, True) if lot.lives(now) else (lot.matures, False)
            sums[key] = sums.get(key, 0) + lot.left
        return sorted((moment, mature, left) for (moment, mature), left in sums.items())

    def next_to_expire(self, now: datetime, held: int) -> tuple[int, datetime] | None:
        """What of the points not on hold expires first: holds keep those that expire before."""
        running = 0
        for moment, mature, left in self.portions(now):
            running += left if mature else 0
            if mature and running > held:
                return min(left, running - held), moment
        return None


def take(lot: PaperLot | PaperStars, wanted: int) -> int:
    """Take up to `wanted` from a lot; return what it gave."""
    taken = min(lot.left, wanted)
    lot.left -= taken
    return taken


def total(drawn: Drawn) -> int:
    return sum(amount for _, amount in drawn)


def year_of(moment: datetime) -> int:
    return moment.astimezone(MOSCOW).year


def turn_of(year: int) -> datetime:
    return datetime(year + 1, 1, 1, tzinfo=MOSCOW)


def rank_of(hundredths: int) -> int:
    return 3 if hundredths >= GOLD else 2 if hundredths >= SILVER else 1


def end_of_month_a_year_later(moment: datetime) -> datetime:
    """Midnight after the last day of the same month of the next year, in Moscow."""
    day = moment.astimezone(MOSCOW).date()
    month = date(day.year + 1 + day.month // 12, day.month % 12 + 1, 1)
    return datetime(month.year, month.month, 1, tzinfo=MOSCOW)
