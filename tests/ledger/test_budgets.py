"""Statements sent, counted: as many for a newcomer as after many years, as many for five contacts as for fifty."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.core import actors, clock
from loyalty.ledger import balances
from loyalty.selectors import cards
from loyalty.services import points, purchases
from loyalty.services.purchases import Sale
from promos.basket import Line
from tests.factories import CardFactory, StandingFactory
from tests.ledger.books import assert_laws_hold, booked, earn, owe, spend

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]

TILL = actors.client("till-1", "till", "cash_desk")
ACCRUAL, READ, RANGE, PURCHASE = 8, 2, 12, 12


def sale(card, number, **given):
    lines = (Line(Decimal("60.00"), sku="A"), Line(Decimal("40.00"), sku="B"))
    values = {"phone": "", "purchased_at": clock.now(), "store": "0001", "amount": Decimal("100.00"), "lines": lines}
    return Sale(f"receipt-{number}", card.number, **(values | given))


def statements(action):
    """Return the statements an action sends, without the savepoints that stand for BEGIN and COMMIT in a test."""
    with CaptureQueriesContext(connection) as captured:
        action()
    sent = [each["sql"] for each in captured.captured_queries]
    return [sql for sql in sent if "SAVEPOINT" not in sql]


def write_history(contact, size):
    """Give a contact `size` accruals of the past, each landed and partly spent, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, {"contact": contact, "size": size, "now": clock.now()})
    assert_laws_hold()


HISTORY = """
WITH accrual AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT %(contact)s, 'accrual', moment, moment, 'client:till', 'purchase:' || n
    FROM (SELECT n, %(now)s::timestamptz - interval '40 days' - n * interval '1 minute' AS moment
          FROM generate_series(1, %(size)s::int) n) AS past
    RETURNING id, effective_at
), rollover AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT %(contact)s, 'rollover', effective_at + interval '30 days', %(now)s, 'system:test', 'maturity' FROM accrual
    RETURNING id, effective_at
), lot AS (
    INSERT INTO ledger_lot
        (contact_id, operation_id, account, earned, remaining, matures_at, expires_at, landed)
    SELECT %(contact)s, accrual.id, account, 10, 10, rollover.effective_at,
        CASE account WHEN 1 THEN rollover.effective_at + interval '1 year' END, rollover.id
    FROM accrual JOIN rollover ON rollover.effective_at = accrual.effective_at + interval '30 days',
        (VALUES (1), (3)) AS lands (account)
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT %(contact)s, id, 5, target, 10 FROM accrual, (VALUES (2), (4)) AS escrow (target)
    UNION ALL
    SELECT %(contact)s, id, target + 1, target, 10 FROM rollover, (VALUES (1), (3)) AS lands (target)
)
INSERT INTO ledger_bonusbalance (contact_id, account, public_id, amount, lifetime)
SELECT %(contact)s, account, gen_random_uuid(), CASE WHEN account IN (1, 3) THEN 10 ELSE 0 END * %(size)s::int,
    10 * %(size)s::int
FROM generate_series(1, 4) AS account
"""


def test_an_accrual_is_as_short_after_five_hundred_purchases_as_after_none():
    write_history(2, 500)
    newcomer = statements(lambda: earn(1, 10))
    regular = statements(lambda: earn(2, 10))
    assert len(newcomer) == len(regular) == 1 <= ACCRUAL


def test_a_balance_is_read_in_one_statement_whatever_the_history():
    write_history(2, 500)
    spend(2, 3)
    for contact in (1, 2):
        assert len(statements(lambda each=contact: balances.read(each, clock.now()))) == 1 <= READ


def test_a_whole_purchase_keeps_its_length_whatever_the_history():
    newcomer, regular = CardFactory(), CardFactory()
    write_history(regular.contact_id, 500)
    first, second = (statements(lambda card=card, n=n: purchases.add_purchase(TILL, sale(card, n)))
                     for n, card in enumerate((newcomer, regular)))  # fmt: skip
    assert len(first) == len(second) <= ACCRUAL


def test_a_purchase_that_spends_keeps_its_length_whatever_the_history():
    few, many = CardFactory(), CardFactory()
    write_history(few.contact_id, 5)
    write_history(many.contact_id, 500)
    first, second = (
        statements(lambda card=card, n=n: purchases.add_purchase(TILL, sale(card, n, bonuses_to_pay=Decimal(50))))
        for n, card in enumerate((few, many))
    )
    assert len(first) == len(second) <= PURCHASE
    assert booked(many.contact_id).spendable == 4950
    assert_laws_hold()


def test_the_lines_of_a_receipt_cost_no_statement_of_their_own():
    card = CardFactory()
    long = tuple(Line(Decimal("1.00"), sku=str(each)) for each in range(100))
    short = statements(lambda: purchases.add_purchase(TILL, sale(card, 1)))
    assert len(statements(lambda: purchases.add_purchase(TILL, sale(card, 2, lines=long)))) == len(short)


def test_a_purchase_of_the_past_stays_within_the_budget_of_a_whole_purchase():
    card = CardFactory()
    purchases.add_purchase(TILL, sale(card, 0))
    past = clock.now() - timedelta(days=31)
    assert len(statements(lambda: purchases.add_purchase(TILL, sale(card, 1, purchased_at=past)))) <= PURCHASE


def test_a_card_and_its_points_are_read_in_two_statements():
    card = CardFactory()
    write_history(card.contact_id, 500)
    selected = statements(lambda: cards.by_number(card.number))
    assert len([sql for sql in selected if "ledger_" in sql]) == 1
    assert len(selected) <= READ + 1


def make_due(size, story_clock):
    """Contacts with points due: every third in debt, every fourth about to move up to Silver, several lots each."""
    contacts = [StandingFactory().contact_id for _ in range(size)]
    for number, contact in enumerate(contacts):
        if number % 3 == 0:
            owe(contact, 15)
        earn(contact, 10, qualifying=2_000 if number % 4 == 0 else 10)
        story_clock.forward(minutes=1)
        earn(contact, 10)
    story_clock.forward(days=31)
    return contacts


def rollover_statements(size, story_clock):
    make_due(size, story_clock)
    sent = statements(lambda: points.roll_over_escrow(actors.system("test")))
    first = next(number for number, sql in enumerate(sent) if "WITH locked AS" in sql)
    last = max(number for number, sql in enumerate(sent) if 'UPDATE "loyalty_jobrun" SET "done"' in sql)
    assert_laws_hold()
    return sent[first : last + 1]


def test_a_range_of_fifty_contacts_rolls_over_in_as_few_statements_as_one_of_five(story_clock):
    few, many = (rollover_statements(size, story_clock) for size in (5, 50))
    begin_and_commit = 2
    assert len(few) == len(many) <= RANGE - begin_and_commit


def test_the_number_of_ranges_is_that_of_the_setting(story_clock, settings):
    settings.ROLLOVER_LOTS_PER_RANGE = 28
    make_due(20, story_clock)
    sent = statements(lambda: points.roll_over_escrow(actors.system("test")))
    assert len([sql for sql in sent if "landed AS (" in sql and "UPDATE ledger_lot" in sql]) == 3
