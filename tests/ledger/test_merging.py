"""Merges in the books: everything goes over, lot by lot, and everything comes back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from loyalty.core import clock
from loyalty.core.errors import PointsPassedOn
from loyalty.ledger import balances, burning, invariants, locks, merging, posting, returns, rollover, unmerging
from loyalty.ledger.models import Lot, Move, Transfer
from loyalty.ledger.move_laws import MOVE_LAWS
from loyalty.ledger.returns import Reach
from tests.ledger.books import assert_laws_hold, booked, earn, fact, four, land, owe, read, spend
from tests.ledger.test_invariants import breach

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]

BORIS, ANNA, VERA = 1, 2, 3
ANYWAY = Reach(landed=True, others=True, debt=True)


def settle(*contacts: int) -> None:
    now = clock.now()
    with transaction.atomic():
        rollover.roll_over(contacts, as_of=now, recorded_at=now, actor="system:x", cause="maturity")
        burning.burn(list(contacts), as_of=now, recorded_at=now, actor="system:x")


def merge(gone: int = BORIS, stays: int = ANNA) -> Move:
    settle(*sorted((gone, stays)))
    with transaction.atomic():
        locks.lock_many(sorted((gone, stays)))
        return merging.move(fact(gone), fact(stays))


def undo(move: Move) -> Move:
    settle(*sorted((move.in_contact, move.out_contact)))
    with transaction.atomic():
        locks.lock_many(sorted((move.in_contact, move.out_contact)))
        ends = clock.now() + timedelta(days=365)
        undone = unmerging.move_back(move, fact(move.in_contact), fact(move.out_contact), expires_at=ends)
    settle(*sorted((move.in_contact, move.out_contact)))
    assert_laws_hold()
    return undone


def take_back(contact: int, accrual: posting.Posted, amount: int, reach: Reach = ANYWAY) -> None:
    settle(contact)
    correction = posting.Fact(**{**_parts(fact(contact)), "corrects_id": accrual.operation_id})
    with transaction.atomic():
        points = Decimal(amount)
        returns.take_back(correction, accrual_id=accrual.operation_id, spendable=points, qualifying=points, reach=reach)


def restore(contact: int, redemption: posting.Posted, amount: int) -> None:
    settle(contact)
    correction = posting.Fact(**{**_parts(fact(contact)), "corrects_id": redemption.operation_id})
    with transaction.atomic():
        returns.restore(correction, redemption_id=redemption.operation_id, amount=Decimal(amount))
    settle(contact)


def _parts(entry: posting.Fact) -> dict:
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}


def lots(contact: int) -> list[tuple]:
    """The lots that hold something, as anybody would describe them."""
    found = Lot.objects.filter(contact_id=contact, remaining__gt=0).order_by("account", "matures_at", "earned")
    return [(each.account, each.earned, each.remaining, each.matures_at, each.expires_at, each.landed is None)
            for each in found]  # fmt: skip


def everything(contact: int) -> tuple:
    now = clock.now()
    seen = balances.read(contact, now)
    accounts = [(each.account, each.amount, each.lifetime) for each in seen.accounts]
    return seen.burned, seen.expiring, accounts, balances.portions(contact, now), lots(contact)


@pytest.fixture
def two(story_clock):
    """Boris has landed, partly spent and waiting points; Anna her own."""
    earn(BORIS, 100)
    story_clock.forward(days=31)
    spend(BORIS, 40)
    earn(BORIS, 50)
    earn(ANNA, 70)
    story_clock.forward(days=5)
    settle(BORIS, ANNA)


def test_everything_goes_over_with_its_dates(two):
    boris, anna = lots(BORIS), lots(ANNA)
    lifetimes = [each.lifetime for each in balances.read(BORIS, clock.now()).accounts]
    own = [each.lifetime for each in balances.read(ANNA, clock.now()).accounts]
    merge()
    assert_laws_hold()
    assert booked(BORIS) == four(0, 0, 0, 0)
    assert booked(ANNA) == four(60, 120, 100, 120)
    assert lots(BORIS) == []
    assert sorted(lots(ANNA), key=str) == sorted(boris + anna, key=str)
    read_now = balances.read(ANNA, clock.now()).accounts
    assert [each.lifetime for each in read_now] == [a + b for a, b in zip(lifetimes, own, strict=True)]
    assert [each.lifetime for each in balances.read(BORIS, clock.now()).accounts] == [0, 0, 0, 0]


def test_undone_at_once_both_are_as_they_were(two):
    before = everything(BORIS), everything(ANNA)
    undo(merge())
    assert (everything(BORIS), everything(ANNA)) == before


def test_undone_after_some_time_both_are_what_the_clock_says(two, story_clock):
    with transaction.atomic():
        point = transaction.savepoint()
        story_clock.forward(days=400)
        settle(BORIS, ANNA)
        alone = everything(BORIS), everything(ANNA)
        transaction.savepoint_rollback(point)
    story_clock.forward(days=-400)
    move = merge()
    story_clock.forward(days=400)
    undo(move)
    assert (everything(BORIS), everything(ANNA)) == alone
    assert alone[0][0] == Decimal("60.00")


def test_what_was_spent_since_comes_out_of_the_other_one_s_points(two, story_clock):
    move = merge()
    story_clock.forward(days=30)
    spend(ANNA, 100)
    undo(move)
    assert read(BORIS) == four(110, 0, 150, 0)
    assert read(ANNA) == four(-30, 0, 70, 0)


def test_a_debt_moves_and_comes_back(story_clock):
    owe(BORIS, 30)
    earn(BORIS, 20)
    earn(ANNA, 50)
    story_clock.forward(days=30)
    settle(ANNA)
    before = everything(ANNA)
    with transaction.atomic():
        # Boris's own points pay his debt first.
        settle(BORIS)
    boris = everything(BORIS)
    assert read(BORIS).spendable == -10
    move = merge()
    assert read(ANNA).spendable == 40
    assert_laws_hold()
    undo(move)
    assert (everything(BORIS), everything(ANNA)) == (boris, before)


def test_the_debt_of_who_stays_is_paid_and_comes_back(story_clock):
    owe(ANNA, 30)
    earn(BORIS, 20)
    story_clock.forward(days=30)
    move = merge()
    assert read(ANNA).spendable == -10
    assert_laws_hold()
    undo(move)
    assert (read(BORIS).spendable, read(ANNA).spendable) == (20, -30)


def test_points_that_paid_a_debt_of_the_other_come_back_even_where_no_lot_is_left(story_clock):
    owe(BORIS, 30)
    settle(BORIS, ANNA)
    move = merge()
    earn(ANNA, 30)
    story_clock.forward(days=30)
    settle(ANNA)
    assert read(ANNA).spendable == 0
    undo(move)
    assert (read(BORIS).spendable, read(ANNA).spendable) == (-30, 30)
    [lot] = Lot.objects.filter(contact_id=ANNA, account=1, remaining__gt=0)
    assert lot.expires_at == clock.now() + timedelta(days=365)


def test_a_return_after_the_merge_takes_from_the_lot_that_took_over(story_clock):
    accrual = earn(BORIS, 100)
    earn(ANNA, 70)
    move = merge()
    take_back(ANNA, accrual, 30)
    assert read(ANNA) == four(0, 140, 0, 140)
    undo(move)
    assert (read(BORIS), read(ANNA)) == (four(0, 70, 0, 70), four(0, 70, 0, 70))


def test_a_return_that_reached_the_other_one_s_points_is_paid_back(story_clock):
    accrual = earn(BORIS, 100)
    story_clock.forward(days=30)
    spend(BORIS, 100)
    earn(ANNA, 70)
    story_clock.forward(days=30)
    settle(ANNA)
    own = everything(ANNA)
    move = merge()
    take_back(ANNA, accrual, 60)
    assert read(ANNA) == four(10, 0, 110, 0)
    undo(move)
    assert (read(BORIS), read(ANNA)) == (four(-60, 0, 40, 0), four(70, 0, 70, 0))
    assert everything(ANNA) == own


def test_bonuses_of_the_other_one_s_purchase_go_back_into_their_lot(story_clock):
    earn(BORIS, 100)
    story_clock.forward(days=30)
    redemption = spend(BORIS, 100)
    move = merge()
    restore(ANNA, redemption, 40)
    [lot] = Lot.objects.filter(contact_id=ANNA, account=1, remaining__gt=0)
    assert (lot.remaining, lot.expires_at) == (40, Lot.objects.get(contact_id=BORIS, account=1).expires_at)
    undo(move)
    assert (read(BORIS).spendable, read(ANNA).spendable) == (40, 0)
    # The rest comes back to him, and no more than that.
    restore(BORIS, redemption, 60)
    assert read(BORIS).spendable == 100
    with pytest.raises(ValueError, match="more than it took"):
        restore(BORIS, redemption, 1)


def test_bonuses_spent_together_go_back_after_the_undoing_too(two, story_clock):
    move = merge()
    redemption = spend(ANNA, 50)
    undo(move)
    restore(ANNA, redemption, 50)
    assert (read(BORIS).spendable, read(ANNA).spendable) == (60, 0)
    assert_laws_hold()
    again = merge()
    both = spend(ANNA, 60)
    restore(ANNA, both, 60)
    undo(again)
    assert (read(BORIS).spendable, read(ANNA).spendable) == (60, 0)


def test_what_burned_meanwhile_burned_for_its_owner(two, story_clock):
    move = merge()
    story_clock.forward(days=500)
    settle(ANNA)
    assert balances.read(ANNA, clock.now()).burned == Decimal("180.00")
    undo(move)
    assert balances.read(BORIS, clock.now()).burned == Decimal("110.00")
    assert balances.read(ANNA, clock.now()).burned == Decimal("70.00")


def test_a_chain_comes_apart_from_its_end(two, story_clock):
    earn(VERA, 5)
    before = [everything(each) for each in (BORIS, ANNA, VERA)]
    first, second = merge(BORIS, ANNA), merge(ANNA, VERA)
    assert booked(VERA) == four(60, 125, 100, 125)
    assert_laws_hold()
    undo(second)
    undo(first)
    assert [everything(each) for each in (BORIS, ANNA, VERA)] == before


def test_a_return_at_the_end_of_a_chain_finds_the_lot(story_clock):
    accrual = earn(BORIS, 100)
    merge(BORIS, ANNA)
    last = merge(ANNA, VERA)
    take_back(VERA, accrual, 30)
    assert read(VERA) == four(0, 70, 0, 70)
    undo(last)
    assert read(ANNA) == four(0, 70, 0, 70)
    # Whose return it was cannot be told two merges deep: rather a clear refusal than a wrong sum.
    with pytest.raises(PointsPassedOn):
        undo(Move.objects.get(out_contact=BORIS, undoes=None))


def test_a_merge_sends_as_many_statements_whatever_the_history(django_assert_num_queries, story_clock):
    for _ in range(12):
        earn(BORIS, 10)
    settle(BORIS, ANNA)
    with django_assert_num_queries(16):
        move = merging.move(fact(BORIS), fact(ANNA))
    assert Transfer.objects.filter(operation_id=move.out_operation).count() == 2


BREACHES = [
    ("UPDATE ledger_transfer SET amount = amount + 1 WHERE target = 10 AND source = 1",
     "a merge gives to one customer what it takes from the other"),
    ("DELETE FROM ledger_move",
     "nothing passes between customers but by a merge: two operations of that kind, which no other merge names"),
    ("INSERT INTO ledger_move (out_contact, out_operation, in_contact, in_operation, undoes_id)"
     " SELECT out_contact, in_operation + 1000, in_contact, out_operation + 1000, id FROM ledger_move",
     "a merge is undone by a later one between the same two customers, the other way"),
    ("UPDATE ledger_movedlot SET amount = amount + 1",
     "a lot that came by a merge stands for one of the other customer: the same size, maturity and account"),
    ("UPDATE ledger_carriedlifetime SET amount = amount + 1", "a lifetime value is all that ever entered"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "name"), BREACHES, ids=[name[:40] for _, name in BREACHES])
def test_a_breach_of_a_merge_is_found(two, sql, name):
    merge()
    assert_laws_hold()
    breach(sql)
    assert name in {finding.name for finding in invariants.broken()}


def test_every_law_on_merges_has_its_breach():
    assert {law.name for law in MOVE_LAWS} < {name for _, name in BREACHES}


def test_nothing_can_be_written_into_the_moves_by_hand(two):
    merge()
    for table in ("move", "movedlot", "carriedlifetime"):
        for act in (f"DELETE FROM ledger_{table}", f"UPDATE ledger_{table} SET id = id"):
            with pytest.raises(Exception, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(act)


def test_land_is_of_no_concern_to_who_went(two, story_clock):
    merge()
    story_clock.forward(days=60)
    assert land(BORIS).lots == 0
