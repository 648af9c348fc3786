"""Returns in the books: own lots first, then others, then a debt; restored bonuses go back where they came from."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from loyalty.core.errors import InsufficientPoints
from loyalty.ledger import balances, burning, holds, invariants, locks, posting, returns, rollover
from loyalty.ledger.posting import Fact
from loyalty.ledger.returns import Reach
from tests.conftest import MOSCOW

pytestmark = pytest.mark.django_db

CONTACT = 77
START = datetime(2026, 3, 2, 12, 0, tzinfo=MOSCOW)
ONLY_PENDING = Reach(landed=False, others=False, debt=False)
WITHIN_BALANCE = Reach(landed=True, others=True, debt=False)
ALLOW_NEGATIVE = Reach(landed=True, others=True, debt=True)


class Books:
    """One contact's books and a moment that moves."""

    def __init__(self) -> None:
        self.now = START
        self.serial = 0

    def fact(self, corrects: int | None = None) -> Fact:
        self.serial += 1
        return Fact(CONTACT, f"k{self.serial}", "f", self.now, self.now, "system:test", "test", "", corrects)

    def settle(self) -> None:
        rollover.roll_over([CONTACT], as_of=self.now, recorded_at=self.now, actor="system:test", cause="maturity")
        burning.burn([CONTACT], as_of=self.now, recorded_at=self.now, actor="system:test")

    def earn(self, points: str, expires_in: int = 400) -> int:
        with transaction.atomic():
            return posting.accrue(
                self.fact(),
                spendable=Decimal(points),
                qualifying=Decimal(points),
                matures_at=self.now + timedelta(days=30),
                expires_at=self.now + timedelta(days=expires_in),
            ).operation_id

    def later(self, days: int) -> None:
        self.now += timedelta(days=days)
        with transaction.atomic():
            self.settle()

    def spend(self, points: str) -> int:
        with transaction.atomic():
            locks.lock_balances(CONTACT, self.now)
            return posting.redeem(self.fact(), amount=Decimal(points)).operation_id

    def take_back(self, accrual: int, points: str, reach: Reach) -> Decimal:
        with transaction.atomic():
            locks.lock_balances(CONTACT, self.now)
            taken = returns.take_back(
                self.fact(accrual),
                accrual_id=accrual,
                spendable=Decimal(points),
                qualifying=Decimal(points),
                reach=reach,
            )
        return taken.spendable

    def restore(self, redemption: int, points: str, grace_until: datetime | None = None) -> None:
        with transaction.atomic():
            locks.lock_balances(CONTACT, self.now)
            self.settle()
            returns.restore(
                self.fact(redemption), redemption_id=redemption, amount=Decimal(points), grace_until=grace_until
            )

    def hold(self, points: str, minutes: int = 15) -> holds.Hold:
        self.serial += 1
        with transaction.atomic():
            locks.lock_balances(CONTACT, self.now)
            return holds.place(
                holds.HoldRequest(
                    CONTACT,
                    f"h{self.serial}",
                    "f",
                    Decimal(points),
                    self.now,
                    self.now + timedelta(minutes=minutes),
                    "system:test",
                    "test",
                )
            )

    def four(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        for law in invariants.check():
            assert not law.broken, law
        read = balances.read(CONTACT, self.now)
        return read.spendable, read.spendable_escrow, read.qualifying, read.qualifying_escrow


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.mark.parametrize("reach", [ONLY_PENDING, WITHIN_BALANCE, ALLOW_NEGATIVE])
def test_in_escrow_every_policy_takes_from_the_own_lots_of_both_accounts(books: Books, reach: Reach) -> None:
    accrual = books.earn("100")
    assert books.take_back(accrual, "30", reach) == Decimal(30)
    assert books.four() == (0, 70, 0, 70)


@pytest.mark.parametrize(
    ("reach", "taken", "left"), [(ONLY_PENDING, 0, 100), (WITHIN_BALANCE, 30, 70), (ALLOW_NEGATIVE, 30, 70)]
)
def test_after_rollover_the_policy_decides(books: Books, reach: Reach, taken: int, left: int) -> None:
    accrual = books.earn("100")
    books.later(days=30)
    assert books.take_back(accrual, "30", reach) == taken
    assert books.four() == (left, 0, left, 0)


@pytest.mark.parametrize(
    ("reach", "taken", "spendable"),
    [(ONLY_PENDING, 0, 10), (WITHIN_BALANCE, 10, 0), (ALLOW_NEGATIVE, 100, -90)],
)
def test_spent_points_are_owed_only_where_a_debt_is_allowed(
    books: Books, reach: Reach, taken: int, spendable: int
) -> None:
    accrual = books.earn("100")
    books.later(days=30)
    books.spend("90")
    assert books.take_back(accrual, "100", reach) == taken
    assert books.four()[0] == spendable


def test_other_lots_pay_before_a_debt_and_the_next_accrual_absorbs_it(books: Books) -> None:
    first = books.earn("100")
    books.later(days=30)
    books.spend("100")
    books.earn("40")
    books.later(days=30)
    assert books.take_back(first, "100", ALLOW_NEGATIVE) == Decimal(100)
    assert books.four()[0] == -60
    books.earn("80")
    books.later(days=30)
    assert books.four()[0] == 20


def test_restored_bonuses_go_back_into_their_lots_and_never_more_than_was_taken(books: Books) -> None:
    books.earn("50", expires_in=100)
    books.earn("50", expires_in=200)
    books.later(days=30)
    redemption = books.spend("80")
    books.restore(redemption, "40")
    read = balances.read(CONTACT, books.now)
    # 30 came back into the lot that expires last, then 10 into the other.
    assert (read.spendable, read.expiring and read.expiring.amount) == (60, 10)
    with pytest.raises(ValueError, match="more than it took"):
        books.restore(redemption, "40.01")
    books.restore(redemption, "40")
    assert books.four() == (100, 0, 100, 0)


def test_bonuses_restored_into_an_expired_lot_burn_again_unless_there_is_grace(books: Books) -> None:
    books.earn("50", expires_in=60)
    books.later(days=30)
    redemption = books.spend("20")
    books.later(days=60)
    assert books.four()[0] == 0
    books.restore(redemption, "10")
    assert books.four()[0] == 0
    assert balances.read(CONTACT, books.now).burned == 40
    books.later(days=1)
    books.restore(redemption, "10", grace_until=books.now + timedelta(days=7))
    assert books.four()[0] == 10
    books.later(days=7)
    assert books.four()[0] == 0


def test_what_is_restored_pays_a_debt_first(books: Books) -> None:
    accrual = books.earn("100")
    books.later(days=30)
    redemption = books.spend("100")
    books.take_back(accrual, "60", ALLOW_NEGATIVE)
    assert books.four()[0] == -60
    books.restore(redemption, "100")
    assert books.four()[0] == 40


@pytest.mark.parametrize("reach", [WITHIN_BALANCE, ALLOW_NEGATIVE])
def test_what_has_burned_of_the_purchase_is_not_taken_again(books: Books, reach: Reach) -> None:
    accrual = books.earn("100", expires_in=60)
    books.earn("500")
    books.later(days=30)
    books.spend("30")
    books.later(days=30)
    assert balances.read(CONTACT, books.now).burned == 70
    # Only the 30 that were spent are taken from other points, whatever the parts in which the goods come back.
    assert books.take_back(accrual, "20", reach) == 20
    assert books.take_back(accrual, "50", reach) == 10
    assert books.take_back(accrual, "30", reach) == 0
    assert books.four() == (470, 0, 500, 0)


def test_points_returned_before_the_rest_burned_count_as_taken(books: Books) -> None:
    accrual = books.earn("100", expires_in=60)
    assert books.take_back(accrual, "50", ALLOW_NEGATIVE) == 50
    books.later(days=60)
    assert balances.read(CONTACT, books.now).burned == 50
    assert books.take_back(accrual, "50", ALLOW_NEGATIVE) == 0
    assert books.four() == (0, 0, 0, 0)


def test_bonuses_that_came_back_and_burned_are_not_taken_again_with_the_purchase_that_earned_them(
    books: Books,
) -> None:
    accrual = books.earn("100", expires_in=60)
    books.later(days=30)
    redemption = books.spend("100")
    books.later(days=60)
    books.restore(redemption, "60")
    books.later(days=0)
    assert balances.read(CONTACT, books.now).burned == 60
    assert books.take_back(accrual, "100", ALLOW_NEGATIVE) == 40
    assert books.four()[0] == -40


def test_a_hold_counts_at_once_ends_by_the_clock_and_resolves_once(books: Books) -> None:
    books.earn("100")
    books.later(days=30)
    hold = books.hold("70")
    assert balances.read(CONTACT, books.now).available == 30
    with pytest.raises(InsufficientPoints) as refused:
        books.spend("31")
    assert refused.value.data["available"] == 30
    with pytest.raises(InsufficientPoints):
        books.hold("31")
    with transaction.atomic():
        locks.lock_balances(CONTACT, books.now)
        holds.capture(hold, books.fact(), Decimal(50))
    assert balances.read(CONTACT, books.now).available == 50
    with pytest.raises(ValueError, match="only an open hold"):
        holds.void(hold, books.now)
    other = books.hold("50")
    books.now += timedelta(minutes=15)
    assert balances.read(CONTACT, books.now).available == 50
    assert not holds.is_open(other, books.now)
    assert holds.sweep(books.now) == 1
    assert books.four()[0] == 50
