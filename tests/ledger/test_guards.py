"""What no code may do to the books, and no SQL by the application's role either (laws 3, 5 and 6)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction

from cards.models import BlockRecord, CardStatus
from customers.models import Consent
from loyalty.core import actors, clock
from loyalty.ledger import invariants
from loyalty.ledger.models import BonusBalance, Draw, Lot, Operation, OperationKey, Transfer
from loyalty.models import JournalEntry
from loyalty.services import journal
from tests.factories import CardFactory, ConsentFactory
from tests.ledger.books import earn, owe, spend

pytestmark = pytest.mark.django_db

APPEND_ONLY = {
    Operation: "actor",
    Transfer: "amount",
    Draw: "amount",
    OperationKey: "fingerprint",
    JournalEntry: "actor",
    Consent: "source",
    BlockRecord: "actor",
}


@pytest.fixture
def history(story_clock):
    """At least one row in every table that only grows."""
    earn(1, 100)
    story_clock.forward(days=30)
    spend(1, 10)
    journal.record(actors.system("test"), "test")
    card = ConsentFactory() and CardFactory()
    BlockRecord.objects.create(
        card=card,
        blocking=True,
        reason_code=1,
        actor="staff:vera",
        role="marketer",
        channel="admin",
        status_before=CardStatus.ACTIVE,
        status_after=CardStatus.BLOCKED,
        recorded_at=clock.now(),
    )
    run("SET CONSTRAINTS ALL IMMEDIATE")


@contextmanager
def refused(text: str) -> Iterator[None]:
    """The database says no, with these words."""
    with pytest.raises(IntegrityError, match=text), transaction.atomic():
        yield


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(("model", "column"), APPEND_ONLY.items(), ids=lambda each: getattr(each, "__name__", each))
def test_history_is_neither_changed_nor_removed(model, column):
    table, row = model._meta.db_table, model.objects.first()
    assert row is not None
    with refused("append-only"):
        row.save()
    with refused("append-only"):
        row.delete()
    with refused("append-only"):
        model.objects.update(**{column: getattr(row, column)})
    with refused("append-only"):
        model.objects.filter(pk=row.pk).delete()
    for sql in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with refused("append-only"):
            run(sql)


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    "change",
    [
        "contact_id = 2",
        "operation_id = operation_id + 1",
        "account = 4 - account",
        "earned = earned + 1",
        "matures_at = matures_at - interval '1 day'",
        "landed = NULL",
        "landed = landed + 1",
        "expired = NULL",
        "expired = expired + 1",
    ],
)
def test_a_lot_keeps_its_origin_and_lands_and_expires_once(change):
    run("UPDATE ledger_lot SET expired = landed")
    with refused("rolls over once and expires once"):
        run(f"UPDATE ledger_lot SET {change}")


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("table", ["ledger_lot", "ledger_bonusbalance"])
def test_lots_and_balances_are_never_removed(table):
    with refused("never deleted"):
        run(f"DELETE FROM {table}")
    with refused("never deleted|append-only"):
        run(f"TRUNCATE {table} CASCADE")


def test_a_spendable_balance_goes_below_zero_only_when_a_return_says_so(story_clock):
    earn(1, 10)
    with refused("only by a return"):
        run("UPDATE ledger_bonusbalance SET amount = -1 WHERE account = 1")
    with refused("only by a return"):
        run(
            "INSERT INTO ledger_bonusbalance (contact_id, account, public_id, amount)"
            " VALUES (2, 1, gen_random_uuid(), -1)"
        )
    owe(1, 5)
    with refused("only by a return"):
        run("UPDATE ledger_bonusbalance SET amount = amount - 1 WHERE account = 1")
    run("UPDATE ledger_bonusbalance SET amount = amount + 1 WHERE account = 1")


@pytest.mark.parametrize("account", [2, 3, 4])
def test_no_other_balance_goes_below_zero_even_by_a_return(account):
    earn(1, 10)
    run("SET LOCAL ledger.debt_allowed = 'yes'")
    with refused("bonus_balance_not_negative"):
        run(f"UPDATE ledger_bonusbalance SET amount = -1 WHERE account = {account}")


OPERATION = "INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause) VALUES (1, "
TRANSFER = (
    "INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)"
    " SELECT contact_id, id, {} FROM ledger_operation LIMIT 1"
)


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        (OPERATION + "'gift', now(), now(), 'a', 'c')", "operation_kind_known"),
        (OPERATION + "'accrual', now(), now(), '', 'c')", "operation_names_actor_and_cause"),
        (OPERATION + "'accrual', now(), now(), 'a', '')", "operation_names_actor_and_cause"),
        (OPERATION + "'adjustment', now(), now(), 'a', 'c')", "operation_adjustment_has_a_reason"),
        (OPERATION + "'accrual', NULL, now(), 'a', 'c')", "effective_at"),
        (OPERATION + "'accrual', now(), NULL, 'a', 'c')", "recorded_at"),
        (TRANSFER.format("5, 2, 0"), "transfer_amount_positive"),
        (TRANSFER.format("5, 2, -1"), "transfer_amount_positive"),
        (TRANSFER.format("2, 2, 1"), "transfer_between_two"),
        (TRANSFER.format("5, 6, 1"), "transfer_touches_the_contact"),
        (TRANSFER.format("11, 2, 1"), "transfer_accounts_known"),
        ("UPDATE ledger_lot SET remaining = -0.01", "lot_never_overdrawn"),
        ("UPDATE ledger_lot SET remaining = earned + 0.01", "lot_never_overdrawn"),
        ("UPDATE ledger_lot SET expires_at = matures_at - interval '1 second'", "lot_expires_after_maturing"),
        ("UPDATE ledger_bonusbalance SET lifetime = -1", "bonus_balance_lifetime"),
        (
            "INSERT INTO ledger_bonusbalance (contact_id, account, public_id) VALUES (1, 5, gen_random_uuid())",
            "bonus_balance_is_held_by_a_contact",
        ),
        (
            "INSERT INTO ledger_bonusbalance (contact_id, account, public_id) VALUES (1, 1, gen_random_uuid())",
            "bonus_balance_once",
        ),
        (
            "INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)"
            " SELECT contact_id, id, operation_id, 0 FROM ledger_lot LIMIT 1",
            "draw_not_zero",
        ),
        (
            "INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)"
            " SELECT contact_id + 1, id, operation_id, 1 FROM ledger_lot LIMIT 1",
            "draw_of_(lot|operation)_of_contact",
        ),
        (
            "INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)"
            " SELECT contact_id + 1, id, 5, 2, 1 FROM ledger_operation LIMIT 1",
            "transfer_of_operation_of_contact",
        ),
        (
            "INSERT INTO ledger_operationkey (key, fingerprint, contact_id, operation_id)"
            " SELECT key, 'other', contact_id, operation_id FROM ledger_operationkey LIMIT 1",
            "ledger_operationkey_pkey",
        ),
    ],
)
def test_a_law_stands_in_the_database(sql, constraint):
    with refused(constraint):
        run(sql)


def test_the_guards_that_the_models_declare_are_those_of_the_specification():
    declared = {table for table, _ in invariants.guards()}
    expected = {model._meta.db_table for model in (*APPEND_ONLY, Lot, BonusBalance)}
    assert expected <= declared
