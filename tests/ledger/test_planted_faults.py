"""Faults planted on purpose in the real code: the pencil, a law of `verify_ledger` or the database finds each of them.

Each history is a short play of the machine of tests/properties (its rules by name), written down as it found a fault.
The table says of every fault who finds it: `pencil` when an answer or a balance is not what the clerk wrote, the names
of the laws that are broken in the end, `database:` with what the database said when it refused. With nothing planted
nobody finds anything in the same histories.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_UP, Decimal
from types import ModuleType
from typing import Any

import pytest
from django.db import DatabaseError

from loyalty.core.errors import LoyaltyError
from loyalty.ledger import (
    balances,
    burning,
    closing,
    invariants,
    merging,
    moves,
    posting,
    returns,
    rollover,
    rounding,
    unmerging,
)
from loyalty.ledger.accounts import Account
from loyalty.services import expiry, points, refunds
from tests.properties.machine import Books
from tiers import services as tiers

pytestmark = pytest.mark.django_db

LOTS_HOLD = "a balance is what its lots still hold, less debt"
DRAWN = "a lot holds what was earned less what was drawn"
TAKES_EXACTLY = "a redemption takes, and an expiry burns, exactly what it draws from spendable lots"
SUMS = "a balance is the sum of its transfers"
NOTHING_VANISHES = "nothing appears or vanishes: what contacts hold is what was issued, less what was taken"
ROLLS_EXACTLY = "a rollover moves exactly what its lots held"
IN_TIME = "what the clock does is booked when its moment has come, not before"
CLOSED_IN_TIME = "qualifying points that count landed after the last close of their contact"
NO_DEBT = "database: a spendable balance goes below zero only by a return or an adjustment"
PENCIL = "pencil"
ONCE = "database: a lot keeps its origin, rolls over once and expires once"

Patch = pytest.MonkeyPatch
Step = tuple[str, dict[str, Any]]

MATURE = ("wait", {"wait": timedelta(days=31)})
ROLL_OVER: Step = ("roll_over", {})
EXPIRE: Step = ("expire", {})


def buy(*lines: int, customer: int = 0, days_ago: int = 0) -> Step:
    return "buy", {"customer": customer, "lines": list(lines), "since": timedelta(days=days_ago)}


def pay(share: float, *lines: int, customer: int = 0) -> Step:
    return "buy_with_bonuses", {"customer": customer, "share": share, "lines": list(lines)}


def refund(share: float, which: int = 0) -> Step:
    return "refund", {"which": which, "line": 0, "share": share}


def cancel(which: int = 0) -> Step:
    return "cancel", {"which": which}


OPEN: Step = ("open", {})
EARNED = [OPEN, buy(10_000), MATURE, ROLL_OVER, buy(30_000)]
# fmt: off
HISTORIES: dict[str, list[Step]] = {
    "odd hundredths": [("open", {"rate": 3_333}), buy(101, 202)],
    "spent": [*EARNED, pay(0.5, 20_000)],
    "two nights": [OPEN, buy(10_000), MATURE, buy(30_000), ROLL_OVER, buy(500), ROLL_OVER, MATURE, ROLL_OVER],
    "held": [*EARNED, ("hold", {"customer": 0, "share": 0.8}), pay(1.3, 20_000)],
    "returned in escrow": [OPEN, buy(10_000), refund(0.5)],
    "returned in parts": [OPEN, buy(10_000), buy(20_000), MATURE, ROLL_OVER, refund(0.5, 1), refund(1.0, 1)],
    "two lots": [OPEN, buy(10_000), MATURE, buy(20_000), MATURE, ROLL_OVER, pay(0.9, 60_000), refund(0.5)],
    "in debt": [OPEN, buy(10_000), MATURE, pay(1.0, 20_000), cancel(1), MATURE, ROLL_OVER],
    "expired": [
        OPEN,
        buy(10_000),
        ("wait", {"wait": timedelta(days=200)}),
        buy(20_000),
        MATURE,
        ROLL_OVER,
        ("wait", {"wait": timedelta(days=200)}),
        EXPIRE,
    ],
    "merged": [
        OPEN,
        buy(10_000),
        buy(30_000, customer=1),
        MATURE,
        ROLL_OVER,
        buy(500, customer=1),
        ("merge", {"stays": 0, "by": 1}),
        pay(0.5, 50_000),
    ],
    "unmerged": [
        OPEN,
        buy(10_000),
        buy(30_000, customer=1),
        MATURE,
        ROLL_OVER,
        ("merge", {"stays": 0, "by": 1}),
        pay(0.5, 50_000),
        ("unmerge", {}),
    ],
    "years": [
        OPEN,
        buy(300_000),
        MATURE,
        ROLL_OVER,
        ("wait_for_the_turn_of_the_year", {}),
        ("close_year", {}),
        buy(40_000, customer=1),
        buy(40_000),
        MATURE,
        ROLL_OVER,
        ("assess", {}),
        ("give", {"customer": 0, "amount": 100, "account": Account.QUALIFYING}),
        ("close_year", {}),
    ],
    "late year end": [
        OPEN,
        buy(300_000),
        MATURE,
        ROLL_OVER,
        ("wait_for_the_turn_of_the_year", {}),
        buy(40_000),
        MATURE,
        ROLL_OVER,
    ],
}
# fmt: on


def swap(patch: Patch, module: ModuleType, name: str, old: str, new: str) -> None:
    """Change a part of a statement."""
    statement = getattr(module, name)
    assert old in statement, f"{name} does not say that any more"
    patch.setattr(module, name, statement.replace(old, new))


def skip_a_draw(patch: Patch) -> None:
    swap(
        patch, posting, "_REDEEM", "taken.amount FROM taken, claim\n)", "taken.amount FROM taken, claim WHERE false\n)"
    )


def spend_without_the_balance(patch: Patch) -> None:
    swap(patch, posting, "_REDEEM", "SET amount = balance.amount - %(amount)s::numeric", "SET amount = balance.amount")


def round_up(patch: Patch) -> None:
    patch.setattr(rounding, "down", lambda amount: amount.quantize(rounding.PLACES, rounding=ROUND_UP))


def roll_over_what_has_landed(patch: Patch) -> None:
    swap(patch, rollover, "_LAND", "WHERE landed IS NULL AND remaining", "WHERE remaining")


def roll_over_without_a_mark(patch: Patch) -> None:
    swap(patch, rollover, "_LAND", "SET landed = operation.id", "SET landed = lot.landed")


def forget_the_debt(patch: Patch) -> None:
    swap(patch, rollover, "_ABSORB_DEBT", "debt - (running - remaining)", "least(0.01, debt - (running - remaining))")


def forget_the_tier_escrow(patch: Patch) -> None:
    accrue = posting.accrue
    patch.setattr(posting, "accrue", lambda *facts, **given: accrue(*facts, **given | {"qualifying": Decimal(0)}))


def return_without_the_tier_escrow(patch: Patch) -> None:
    swap(
        patch,
        returns,
        "_TAKE_BACK",
        "AND lot.id IN (SELECT id FROM earned) AND lot.remaining",
        "AND lot.id IN (SELECT id FROM earned) AND lot.account = 1 AND lot.remaining",
    )


def land_without_the_tier(patch: Patch) -> None:
    patch.setattr(tiers, "assess", lambda *_, **__: tiers.Moved())


def expire_before_maturity(patch: Patch) -> None:
    patch.setattr(expiry, "date_of", lambda _, matures_at, **__: matures_at - timedelta(days=1))


def expire_too_soon(patch: Patch) -> None:
    swap(patch, burning, "_BURN", "AND expires_at <= %(as_of)s", "AND matures_at <= %(as_of)s")


def expire_without_the_burned_account(patch: Patch) -> None:
    swap(patch, burning, "_BURN", "SELECT contact_id, operation_id, 1, 7,", "SELECT contact_id, operation_id, 1, 6,")


def restore_the_lot_that_dies_first(patch: Patch) -> None:
    swap(patch, returns, "_RESTORE", "ORDER BY expires_at DESC NULLS FIRST, lot_id DESC", "ORDER BY expires_at, lot_id")


def restore_into_another_lot(patch: Patch) -> None:
    swap(
        patch,
        returns,
        "_RESTORE",
        "FROM given, claim WHERE lot.id = given.lot_id AND",
        "FROM given, claim WHERE lot.id = (SELECT min(other.id) FROM ledger_lot other"
        " WHERE other.contact_id = %(contact_id)s AND other.account = 1) AND",
    )


def take_back_more_than_earned(patch: Patch) -> None:
    """The receipt forgets what was taken back before, and the kernel does not look either."""
    apply = refunds.returned_goods.apply

    def forgetful(purchase: Any, reckoning: Any, **given: Any) -> None:
        before = purchase.unearned
        apply(purchase, reckoning, **given)
        type(purchase).objects.filter(pk=purchase.pk).update(unearned=before)

    patch.setattr(refunds.returned_goods, "apply", forgetful)
    swap(patch, returns, "_TAKE_BACK", "least(%(spendable)s::numeric, reclaimable.amount)", "%(spendable)s::numeric")


def ignore_holds(patch: Patch) -> None:
    swap(patch, posting, "_REDEEM", "WHERE contact_id = %(contact_id)s AND resolved_at IS NULL", "WHERE false")


def wait_for_the_job(patch: Patch) -> None:
    """Reads count what the job has landed, not what has matured by the clock."""
    swap(patch, balances, "_BALANCE", "remaining > 0 AND matures_at <= %(now)s", "remaining > 0 AND landed IS NOT NULL")


def merge_forgets_an_account(patch: Patch) -> None:
    held = moves.held
    patch.setattr(moves, "held", lambda contact: [each for each in held(contact) if each[0] != Account.QUALIFYING])


def merge_leaves_the_lots(patch: Patch) -> None:
    swap(patch, merging, "_OPEN_LOTS", "remaining > 0", "remaining > 0 AND account <> 1")


def unmerge_loses_the_dates(patch: Patch) -> None:
    swap(patch, unmerging, "_GIVE", "ELSE lot.expires_at END", "END")


def unmerge_pays_what_the_other_spent(patch: Patch) -> None:
    patch.setattr(unmerging._Moved, "own", property(lambda moved: moved.remaining))


def close_twice(patch: Patch) -> None:
    swap(patch, closing, "_CLOSE", "SET remaining = 0 FROM closed", "SET remaining = lot.remaining FROM closed")


def close_the_next_year(patch: Patch) -> None:
    turns = points.rules.turns_until
    patch.setattr(
        points.rules,
        "turns_until",
        lambda moment, zone: [*turns(moment, zone), points.rules.turn_of(moment.astimezone(zone).year, zone)],
    )


def never_close(patch: Patch) -> None:
    patch.setattr(closing, "close", lambda *_, **__: closing.Closed())


@dataclass(frozen=True)
class Fault:
    """A fault, the history in which it shows, and who finds it."""

    plant: Callable[[Patch], None]
    history: str
    found_by: frozenset[str]


def fault(plant: Callable[[Patch], None], history: str, *found_by: str) -> Any:
    return pytest.param(Fault(plant, history, frozenset(found_by)), id=plant.__name__)


FAULTS = [
    fault(skip_a_draw, "spent", DRAWN, TAKES_EXACTLY),
    fault(spend_without_the_balance, "spent", PENCIL, SUMS, LOTS_HOLD, NOTHING_VANISHES),
    fault(round_up, "odd hundredths", PENCIL),
    fault(
        roll_over_what_has_landed, "two nights", "database: a lot keeps its origin, rolls over once and expires once"
    ),
    fault(roll_over_without_a_mark, "two nights", PENCIL, LOTS_HOLD, ROLLS_EXACTLY, NO_DEBT),
    fault(forget_the_debt, "in debt", PENCIL, LOTS_HOLD),
    fault(forget_the_tier_escrow, "returned in escrow", PENCIL),
    fault(return_without_the_tier_escrow, "returned in escrow", PENCIL),
    fault(land_without_the_tier, "years", PENCIL),
    fault(expire_before_maturity, "spent", "database: lot_expires_after_maturing"),
    fault(expire_too_soon, "expired", PENCIL, IN_TIME),
    fault(expire_without_the_burned_account, "expired", PENCIL, TAKES_EXACTLY),
    fault(restore_the_lot_that_dies_first, "two lots", PENCIL),
    fault(restore_into_another_lot, "two lots", "database: lot_never_overdrawn"),
    fault(take_back_more_than_earned, "returned in parts", PENCIL),
    fault(ignore_holds, "held", PENCIL),
    fault(wait_for_the_job, "two nights", PENCIL),
    fault(merge_forgets_an_account, "merged", PENCIL, LOTS_HOLD),
    fault(merge_leaves_the_lots, "merged", PENCIL, LOTS_HOLD),
    fault(unmerge_loses_the_dates, "unmerged", PENCIL),
    fault(unmerge_pays_what_the_other_spent, "unmerged", PENCIL),
    fault(close_twice, "years", PENCIL, LOTS_HOLD, DRAWN, NO_DEBT, CLOSED_IN_TIME),
    fault(close_the_next_year, "late year end", PENCIL, IN_TIME),
    fault(never_close, "years", PENCIL),
]


def finders(history: list[Step]) -> set[str]:
    """Play a history to its end; return who found something wrong."""
    machine, found = Books(), set()
    for name, given in history:
        try:
            getattr(machine, name)(**given)
            machine.the_pencil_agrees()
        except (AssertionError, LoyaltyError, ValueError, pytest.fail.Exception):
            found.add("pencil")
        except DatabaseError as refused:
            found.add(f"database: {what_it_said(refused)}")
    found |= {law.name for law in invariants.broken()}
    machine.close()
    return found


def what_it_said(refused: DatabaseError) -> str:
    diagnosis = getattr(refused.__cause__, "diag", None)
    return diagnosis.constraint_name or diagnosis.message_primary if diagnosis else str(refused)


@pytest.mark.parametrize("planted", FAULTS)
def test_a_planted_fault_is_found(planted: Fault, monkeypatch: Patch) -> None:
    planted.plant(monkeypatch)
    assert finders(HISTORIES[planted.history]) == planted.found_by


@pytest.mark.parametrize("history", HISTORIES)
def test_without_a_fault_nobody_finds_anything(history: str) -> None:
    assert finders(HISTORIES[history]) == set()
