"""Each law finds its own breach. The guards are lifted for it as only a database's owner could."""

import json
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from loyalty.ledger import closing, invariants, returns
from loyalty.ledger.accounts import Account
from loyalty.ledger.move_laws import MOVE_LAWS
from loyalty.ledger.returns import Reach
from tests.ledger.books import adjust, assert_laws_hold, capture, earn, fact, give_up, hold, land, owe, spend

pytestmark = pytest.mark.django_db

CLOSES_EXACTLY = "a year close moves exactly what its lots held when the year was over, and nothing else is closed"
TAKES_EXACTLY = "a redemption takes, and an expiry burns, exactly what it draws from spendable lots"
BREACHES = [
    ("UPDATE ledger_bonusbalance SET amount = amount + 1 WHERE account = 1 AND contact_id = 1", {
        "a balance is the sum of its transfers",
        "a balance is what its lots still hold, less debt",
        "nothing appears or vanishes: what contacts hold is what was issued, less what was taken",
    }),
    ("DELETE FROM ledger_bonusbalance WHERE account = 4 AND contact_id = 1", {
        "a balance is the sum of its transfers",
        "a lifetime value is all that ever entered",
        "a balance is what its lots still hold, less debt",
        "nothing appears or vanishes: what contacts hold is what was issued, less what was taken",
    }),
    ("UPDATE ledger_bonusbalance SET lifetime = lifetime + 1 WHERE account = 3", {
        "a lifetime value is all that ever entered",
    }),
    ("UPDATE ledger_lot SET remaining = remaining - 1 WHERE account = 1 AND remaining > 1", {
        "a balance is what its lots still hold, less debt",
        "a lot holds what was earned less what was drawn",
    }),
    ("UPDATE ledger_transfer SET operation_id = 999999999 WHERE target = 6 AND contact_id = 1", {
        "a transfer moves a positive amount between two accounts, for an operation of its contact",
        TAKES_EXACTLY,
    }),
    ("UPDATE ledger_transfer SET amount = amount + 1 WHERE target = 6 AND contact_id = 1", {
        TAKES_EXACTLY,
        "a balance is the sum of its transfers",
        "nothing appears or vanishes: what contacts hold is what was issued, less what was taken",
    }),
    ("DROP TRIGGER {append_only} ON ledger_transfer", {
        "every guard against changing history is there and switched on",
    }),
    ("ALTER TABLE ledger_transfer DISABLE TRIGGER {append_only}", {
        "every guard against changing history is there and switched on",
    }),
    ("UPDATE ledger_operationkey SET contact_id = 77", {
        "a key names one operation of its contact, and no other key names it",
    }),
    ("INSERT INTO ledger_operationkey SELECT key || '-2', fingerprint, contact_id, operation_id"
     " FROM ledger_operationkey", {
        "a key names one operation of its contact, and no other key names it",
    }),
    ("DELETE FROM ledger_draw WHERE contact_id = 1", {
        "a lot holds what was earned less what was drawn",
        TAKES_EXACTLY,
    }),
    ("UPDATE ledger_operation SET recorded_at = effective_at - interval '1 second' WHERE kind = 'rollover'", {
        "what the clock does is booked when its moment has come, not before",
    }),
    ("UPDATE ledger_lot SET landed = operation_id WHERE contact_id = 1 AND account = 1 AND landed IS NOT NULL", {
        "a lot lands by a rollover, at its maturity or later, or by the adjustment or the merge that made it",
        "a rollover moves exactly what its lots held",
    }),
    ("UPDATE ledger_transfer SET amount = amount + 1 WHERE source = 4 AND target = 3", {
        "a balance is the sum of its transfers",
        "a lifetime value is all that ever entered",
        "a rollover moves exactly what its lots held",
    }),
    ("UPDATE ledger_lot SET expired = landed WHERE contact_id = 1 AND landed IS NOT NULL", {
        "a lot expires once, after landing, by an expiry of its contact, not before its time",
    }),
    ("UPDATE ledger_transfer SET amount = amount + 1 WHERE target = 9", {
        "a balance is the sum of its transfers",
        "nothing appears or vanishes: what contacts hold is what was issued, less what was taken",
        CLOSES_EXACTLY,
    }),
    ("UPDATE ledger_operation SET effective_at = effective_at - interval '1 year' WHERE kind = 'year_close'", {
        CLOSES_EXACTLY,
    }),
    ("UPDATE ledger_transfer SET target = 9 WHERE target = 6 AND contact_id = 1", {CLOSES_EXACTLY, TAKES_EXACTLY}),
    ("UPDATE ledger_draw SET operation_id = (SELECT max(id) FROM ledger_operation WHERE contact_id = 5)"
     " WHERE contact_id = 5 AND amount = 5", {"a closed lot is not drawn again"}),
    ("UPDATE ledger_operation SET effective_at = effective_at + interval '1 year' WHERE kind = 'year_close'", {
        "qualifying points that count landed after the last close of their contact",
        "what the clock does is booked when its moment has come, not before",
    }),
    ("UPDATE ledger_operation SET effective_at = effective_at - interval '1 second' WHERE kind = 'adjustment'", {
        "a lot lands by a rollover, at its maturity or later, or by the adjustment or the merge that made it",
    }),
    # A lot that an accrual lands itself, which only an adjustment may.
    ("UPDATE ledger_operation SET kind = 'accrual' WHERE kind = 'adjustment'"
     " AND id IN (SELECT operation_id FROM ledger_lot)", {
        "a lot lands by a rollover, at its maturity or later, or by the adjustment or the merge that made it",
    }),
    ("UPDATE ledger_transfer SET amount = amount + 1 WHERE source = 8 AND target = 3", {
        "a balance is the sum of its transfers",
        "a lifetime value is all that ever entered",
        "nothing appears or vanishes: what contacts hold is what was issued, less what was taken",
        "an adjustment gives its one lot, or takes what it draws and leaves owed, in one account",
    }),
    ("UPDATE ledger_transfer SET source = 5 WHERE source = 8 AND target = 3", {
        "an adjustment gives its one lot, or takes what it draws and leaves owed, in one account",
    }),
    ("UPDATE ledger_draw SET amount = amount + 1 WHERE operation_id IN"
     " (SELECT operation_id FROM ledger_transfer WHERE source = 3 AND target = 8)", {
        "a lot holds what was earned less what was drawn",
        "an adjustment gives its one lot, or takes what it draws and leaves owed, in one account",
    }),
    ("UPDATE ledger_hold SET captured = captured - 1 WHERE captured > 0", {
        "a captured hold has a redemption of its contact and its amount, for itself alone",
    }),
    ("UPDATE ledger_hold SET contact_id = 77 WHERE captured > 0", {
        "a captured hold has a redemption of its contact and its amount, for itself alone",
    }),
    ("UPDATE ledger_hold SET operation_id = other.operation_id FROM ledger_transfer other"
     " WHERE captured > 0 AND other.source = 1 AND other.target = 8 AND other.amount = captured", {
        "a captured hold has a redemption of its contact and its amount, for itself alone",
    }),
    ("INSERT INTO ledger_hold (public_id, contact_id, key, fingerprint, amount, made_at, ends_at, actor, cause,"
     " resolved_at, captured, operation_id) SELECT gen_random_uuid(), contact_id, key || '-2', 'f', amount, made_at,"
     " ends_at, actor, cause, resolved_at, captured, operation_id FROM ledger_hold WHERE captured > 0", {
        "a captured hold has a redemption of its contact and its amount, for itself alone",
    }),
    ("UPDATE ledger_draw SET amount = amount - 1 WHERE operation_id IN"
     " (SELECT id FROM ledger_operation WHERE kind = 'forfeiture')", {
        "a lot holds what was earned less what was drawn",
        "a forfeiture burns what it draws, of points that could be or become spendable",
    }),
    ("UPDATE ledger_transfer SET target = 8 WHERE source = 2 AND target = 7", {
        "a forfeiture burns what it draws, of points that could be or become spendable",
    }),
    ("UPDATE ledger_operation SET kind = 'restoration' WHERE kind = 'return' AND contact_id < 5", {
        "a balance below zero is spendable, and comes from a return, an adjustment or a merge",
    }),
    ("UPDATE ledger_operation SET effective_at = 'infinity' WHERE kind = 'return'", {
        "an operation has a known kind, an actor, a cause and two times; an adjustment has a reason",
    }),
    ("UPDATE ledger_operation SET corrects_id = id WHERE kind = 'return'", {
        "a correction names an earlier operation of its contact, or of one who was merged with it",
    }),
]  # fmt: skip


@pytest.fixture
def books(story_clock):
    """Contacts with landed, spent, held, adjusted and waiting points, two in debt, and one whose year was closed."""
    earn(1, 100)
    accrual = earn(5, 20).operation_id
    story_clock.forward(days=30)
    land(5)
    give_back(5, accrual, 5)
    with transaction.atomic():
        turn = story_clock.forward(seconds=1)
        assert closing.close([5], turns=[turn], recorded_at=turn, actor="system:test").points == 15
    earn(5, 7)
    spend(1, 40)
    earn(1, 50)
    owe(2, 30)
    earn(2, 10)
    story_clock.forward(days=30)
    land(2)
    land(5)
    owe(3, 5)
    adjust(4, 100)
    adjust(4, 100, Account.QUALIFYING)
    capture(hold(4, 20), 7)
    adjust(4, -7)
    adjust(4, -30, Account.QUALIFYING)
    earn(6, 20)
    give_up(6)


def give_back(contact: int, accrual: int, amount: int) -> None:
    """Take qualifying points of an accrual back, as a return does."""
    with transaction.atomic():
        returns.take_back(
            replace(fact(contact), corrects_id=accrual), accrual_id=accrual, spendable=Decimal(0),
            qualifying=Decimal(amount), reach=Reach(landed=True, others=True, debt=True),
        )  # fmt: skip


def breach(sql: str) -> None:
    """Run SQL as the owner of the database could: with every guard of the books switched off for its time."""
    guards = [(table, name) for table, name in invariants.guards() if table.startswith("ledger_")]
    append_only = next(name for table, name in guards if table == "ledger_transfer" and "append_only" in name)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_of_operation_of_contact")
        for table, name in guards:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        if not sql.startswith(("DROP", "ALTER")):
            cursor.execute(sql)
        for table, name in guards:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")
        if sql.startswith(("DROP", "ALTER")):
            cursor.execute(sql.format(append_only=append_only))


@pytest.mark.usefixtures("books")
def test_the_books_of_honest_work_break_no_law():
    assert_laws_hold()
    counted = {finding.name: finding.counted for finding in invariants.check()}
    idle = {law.name for law in MOVE_LAWS} | {
        name for name in counted if "correction" in name or "expires once" in name
    }
    assert all(counted[name] for name in counted if name not in idle)


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize(("sql", "names"), BREACHES, ids=[sql[:60] for sql, _ in BREACHES])
def test_a_breach_is_found_by_its_law_and_by_no_other(sql, names):
    breach(sql)
    assert {finding.name for finding in invariants.broken()} == names


@pytest.mark.usefixtures("story_clock")
def test_every_law_but_the_one_on_expiry_draws_has_a_breach_that_it_finds():
    # Those on merges have theirs in test_merging.
    laws = {law.name for law in invariants.LAWS} - {law.name for law in MOVE_LAWS}
    assert laws == set().union(*(names for _, names in BREACHES))


@pytest.mark.usefixtures("story_clock")
def test_only_the_first_ids_are_named_however_many_are_broken():
    for contact in range(1, 31):
        earn(contact, 10)
    breach("UPDATE ledger_bonusbalance SET lifetime = lifetime + 1 WHERE account = 2")
    [finding] = invariants.broken()
    assert (finding.broken, len(finding.ids), finding.counted) == (30, invariants.SHOWN, 120)
    assert finding.ids[0] == "1/2"


@pytest.mark.usefixtures("books")
def test_one_statement_a_law_and_two_for_the_planner(django_assert_num_queries):
    with django_assert_num_queries(len(invariants.LAWS) + 2):
        assert_laws_hold()


@pytest.mark.usefixtures("books")
def test_a_check_leaves_the_planner_as_it_was():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '5MB'")
        assert_laws_hold()
        cursor.execute("SELECT current_setting('work_mem'), current_setting('enable_nestloop')")
        assert cursor.fetchone() == ("5MB", "on")


@pytest.fixture
def inside_the_test(monkeypatch):
    """The snapshot needs a transaction of its own; here the test's own is as good."""
    monkeypatch.setattr("loyalty.services.books.snapshot", connection.cursor)


@pytest.mark.usefixtures("books", "inside_the_test")
def test_the_command_prints_every_law_and_is_content():
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 1 + len(invariants.LAWS)
    assert lines[1].split()[-2:] == ["24", "0"]


@pytest.mark.usefixtures("books", "inside_the_test")
def test_the_command_names_what_is_broken_and_exits_non_zero():
    breach("UPDATE ledger_bonusbalance SET lifetime = lifetime + 1 WHERE account = 2")
    out = StringIO()
    with pytest.raises(CommandError, match=f"1 of {len(invariants.LAWS)} laws are broken") as refused:
        call_command("verify_ledger", stdout=out)
    assert refused.value.returncode == 1
    assert "1/2, 2/2, 3/2, 4/2" in out.getvalue()


@pytest.mark.usefixtures("books", "inside_the_test")
def test_the_command_speaks_json():
    out = StringIO()
    call_command("verify_ledger", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert [each["name"] for each in told] == [law.name for law in invariants.LAWS]
    assert told[0] == {"number": 1, "name": told[0]["name"], "counted": 24, "broken": 0, "ids": []}


@pytest.mark.django_db(transaction=True)
def test_the_check_holds_one_moment_and_may_not_write():
    from loyalty.services import books

    findings = books.verify()
    next(findings)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
        assert cursor.fetchone() == ("repeatable read", "on")
    assert not [each for each in findings if each.broken]
