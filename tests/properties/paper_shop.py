"""A shop on paper: receipts, returns, holds and merges of customers, over `paper.PaperBook`. Not from the code.

Serves specs/points_and_tiers.md, Returns, Spending and Settled points. One merge stands at a time.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.properties.paper import (
    Drawn,
    PaperBook,
    PaperLot,
    PaperStars,
    end_of_month_a_year_later,
    take,
    total,
)

Policy = str


@dataclass(eq=False)
class PaperReceipt:
    """One purchase: `lines` as sold, `left` of each; whose it is (`owner`) and whose it was when it was made."""

    number: str
    owner: int
    maker: int
    lines: list[int]
    left: list[int]
    paid: int
    rate: int
    earned: int
    lot: PaperLot | None = None
    stars: PaperStars | None = None
    draws: list[tuple[PaperLot, int]] = field(default_factory=list)
    returned: int = 0
    restored: int = 0
    unearned: int = 0
    taken: int = 0

    @property
    def amount(self) -> int:
        return sum(self.lines)


@dataclass
class PaperHold:
    """Points set aside."""

    owner: int
    receipt: str
    amount: int
    ends: datetime
    hold_id: str = ""


@dataclass(eq=False)
class PaperMerge:
    """What went over, as it stood, and what became of it: by returns of who went, out of whose lots."""

    survivor: int
    absorbed: int
    book: PaperBook
    copies: dict[PaperLot, PaperLot]
    stars: dict[PaperStars, PaperStars]
    amounts: dict[PaperLot, int]
    returned: Counter[PaperLot] = field(default_factory=Counter)
    restored: Counter[PaperLot] = field(default_factory=Counter)
    advanced: Counter[PaperLot] = field(default_factory=Counter)
    given_back: int = 0


class PaperShop:
    """All books, receipts and holds. `rate`: points per unit of money, in ten thousandths."""

    def __init__(self, customers: int, start: datetime, rate: int, policy: Policy, grace: int) -> None:
        self.books = [PaperBook(start) for _ in range(customers)]
        self.receipts: dict[str, PaperReceipt] = {}
        self.holds: list[PaperHold] = []
        self.merge: PaperMerge | None = None
        self.rate, self.policy, self.grace = rate, policy, timedelta(days=grace)

    # Time and reading.

    def pass_until(self, now: datetime) -> None:
        for book in self.books:
            book.pass_until(now)

    def held(self, customer: int, now: datetime) -> int:
        return sum(hold.amount for hold in self.holds if hold.owner == customer and hold.ends > now)

    def available(self, customer: int, now: datetime) -> int:
        return max(self.books[customer].seen(now).spendable(now) - self.held(customer, now), 0)

    # Buying.

    def earns(self, lines: list[int], paid: int, rate: int | None = None) -> int:
        """Each line earns by itself, rounded down; what bonuses paid of it earns nothing."""
        parts = spread(paid, lines)
        rate = self.rate if rate is None else rate
        return sum((line - part) * rate // 10_000 for line, part in zip(lines, parts, strict=True))

    def buy(self, customer: int, number: str, lines: list[int], paid: int, bought: datetime, now: datetime) -> int:
        book, earned = self.books[customer], self.earns(lines, paid)
        receipt = PaperReceipt(number, customer, customer, lines, list(lines), paid, self.rate, earned)
        if paid:
            receipt.draws = book.spend(paid, now)
        if earned:
            receipt.lot, receipt.stars = book.earn(earned, bought, now)
            if receipt.lot.matures <= now:
                book.land(now)
        self.receipts[number] = receipt
        return earned

    # Returning.

    def refund(self, number: str, parts: list[int], now: datetime) -> tuple[int, int]:
        """Take goods back, so much of each line; return the points taken back and the bonuses restored."""
        receipt = self.receipts[number]
        book, whole = self.books[receipt.owner], receipt.amount
        receipt.left = [left - part for left, part in zip(receipt.left, parts, strict=True)]
        receipt.returned += sum(parts)
        rest = sum(receipt.left)
        restored = receipt.paid - receipt.restored if not rest else receipt.paid * sum(parts) // whole
        receipt.restored += restored
        kept = self.earns(receipt.left, min(receipt.paid - receipt.restored, rest), receipt.rate) if rest else 0
        unearned = max(receipt.earned - receipt.unearned - kept, 0)
        receipt.unearned += unearned
        book.settle(now)
        if restored:
            self._put_back(receipt, book, restored, now)
        taken = self._take_back(receipt, book, unearned, now)
        if book.left:
            book.give_up(now)
        return taken, restored

    def _put_back(self, receipt: PaperReceipt, book: PaperBook, restored: int, now: datetime) -> None:
        """Bonuses go back into their lots, the one that lives longest first; a debt is paid by them at once."""
        open_draws = list(receipt.draws)
        order = sorted(open_draws, key=lambda drawn: (self._here(drawn[0]).expires, _place(book, self._here(drawn[0]))))
        wanted = restored
        for lot, drawn in reversed(order):
            here, given = self._here(lot), min(drawn, wanted)
            if not given:
                continue
            assert here.earned - here.left >= given
            here.left += given
            wanted -= given
            receipt.draws[receipt.draws.index((lot, drawn))] = (lot, drawn - given)
            if here.expires <= now and self.grace:
                here.expires = now + self.grace
            if self._of_who_went(receipt) and self.merge is not None:
                self.merge.restored[here] += given
        assert wanted == 0
        book.pay_debt(lambda _: True)
        book.burn(now)

    def _take_back(self, receipt: PaperReceipt, book: PaperBook, unearned: int, now: datetime) -> int:
        """Own lots first, then others, then a debt, as the policy reaches; what has burned is not taken again."""
        if receipt.lot is None or receipt.stars is None or not unearned:
            return 0
        lot, stars = self._here(receipt.lot), self._here_stars(receipt.stars)
        if stars.lands > now or (self.policy != "only_pending" and stars.count(now)):
            take(stars, unearned)
        burned = receipt.lot.burned + (lot.burned if lot is not receipt.lot else 0)
        bound = min(unearned, receipt.earned - burned - receipt.taken)
        drawn: Drawn = []
        if self.policy != "only_pending" or lot.matures > now:
            drawn = [(lot, take(lot, unearned))]
        missing = max(bound - total(drawn), 0) if self.policy != "only_pending" else 0
        others = book.draw(missing, [each for each in book.live(now) if each is not lot])
        owed = missing - total(others) if self.policy == "allow_negative" else 0
        book.debt += owed
        taken = total(drawn) + total(others) + owed
        receipt.taken += taken
        if self._of_who_went(receipt):
            self._note_return([*drawn, *others], taken)
        return taken

    def _note_return(self, drawn: Drawn, taken: int) -> None:
        assert self.merge is not None
        self.merge.given_back += taken
        for lot, amount in drawn:
            (self.merge.returned if lot in self.merge.amounts else self.merge.advanced)[lot] += amount

    def _of_who_went(self, receipt: PaperReceipt) -> bool:
        return self.merge is not None and receipt.maker == self.merge.absorbed

    def _here(self, lot: PaperLot) -> PaperLot:
        return self.merge.copies.get(lot, lot) if self.merge else lot

    def _here_stars(self, stars: PaperStars) -> PaperStars:
        return self.merge.stars.get(stars, stars) if self.merge else stars

    # Merging: what stands at who stays is a copy of what stood at who went.

    def join(self, survivor: int, absorbed: int, now: datetime) -> None:
        stays, goes = self.books[survivor], self.books[absorbed]
        stays.settle(now)
        goes.settle(now)
        copies = {lot: PaperLot(lot.left, lot.earned, lot.matures, lot.expires, lot.landed) for lot in goes.lots}
        counting = [each for each in goes.stars if each.left and (each.lands > now or each.count(now))]
        stars = {each: PaperStars(each.left, each.lands) for each in counting}
        amounts = {copy: lot.left for lot, copy in copies.items()}
        self.merge = PaperMerge(survivor, absorbed, goes, copies, stars, amounts)
        stays.lots += copies.values()
        stays.stars += stars.values()
        stays.debt += goes.debt
        for lot, amount in stays.pay_debt(lambda _: True):
            if lot not in amounts:
                self.merge.advanced[lot] += amount
        self.books[absorbed] = PaperBook(now, burned=goes.burned)
        for receipt in self.receipts.values():
            receipt.owner = survivor if receipt.owner == absorbed else receipt.owner

    def part(self, now: datetime) -> None:
        """Who went has every lot as it stood, but for his own returns; all else is settled by who stayed."""
        merge = self.merge
        assert merge is not None
        stays, goes = self.books[merge.survivor], merge.book
        stays.settle(now)
        own = {lot: merge.amounts[copy] - merge.returned[copy] + merge.restored[copy]
               for lot, copy in merge.copies.items()}  # fmt: skip
        owed = goes.debt + merge.given_back - sum(merge.returned.values())
        self._leave_to_who_stayed(merge, stays, sum(own.values()) - owed, now)
        for lot, copy in merge.copies.items():
            lot.left = own[lot]
            lot.expires = copy.expires if merge.restored[copy] else lot.expires
        for stars, copied in merge.stars.items():
            stars.left, copied.left = copied.left, 0
        goes.debt, goes.burned = owed, self.books[merge.absorbed].burned
        goes.pay_debt(lambda lot: lot.expires > now)
        goes.pay_debt(lambda _: True)
        goes.settle(now)
        goes.seen_at = now
        self.books[merge.absorbed] = goes
        for receipt in self.receipts.values():
            receipt.owner = merge.absorbed if receipt.maker == merge.absorbed else receipt.owner
        self.merge = None

    def _leave_to_who_stayed(self, merge: PaperMerge, stays: PaperBook, leaves: int, now: datetime) -> None:
        """Who stayed keeps what both had together, what burned of the other's included, less what leaves."""
        burned = sum(copy.burned for copy in merge.amounts)
        together = sum(lot.left for lot in stays.lots) - stays.debt + burned
        stays.burned -= burned
        for copy in merge.amounts:
            copy.left = 0
        for lot, amount in merge.advanced.items():
            lot.left += amount
        waiting = sum(lot.left for lot in stays.lots if not lot.landed)
        keeps = together - leaves - waiting
        landed = sum(lot.left for lot in stays.lots if lot.landed)
        stays.debt = max(-keeps, 0)
        if landed < keeps:
            stays.given(keeps - landed, now)
            return
        surplus = landed - max(keeps, 0)
        surplus -= total(stays.draw(surplus, stays.live(now)))
        stays.draw(surplus, [lot for lot in stays.lots if lot.landed])
        stays.settle(now)


def spread(paid: int, lines: list[int]) -> list[int]:
    """Share `paid` among lines in proportion, to the last hundredth."""
    until = [paid * sum(lines[: position + 1]) // sum(lines) for position in range(len(lines))]
    return [here - before for here, before in zip(until, [0, *until], strict=False)]


def _place(book: PaperBook, lot: PaperLot) -> int:
    return next(position for position, each in enumerate(book.lots) if each is lot)


__all__ = ["PaperHold", "PaperShop", "end_of_month_a_year_later", "spread"]
