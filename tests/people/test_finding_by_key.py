"""Whoever looks for a person by a key reads that person, and not everybody."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import selectors as customers
from loyalty.core import clock
from loyalty.selectors import loyalty_data
from loyalty.selectors.loyalty_data import Key
from loyalty.services import merging
from loyalty.services.errors import BonusesOnHold

PEOPLE = """
INSERT INTO customers_contact (public_id, code, phone, email, external_id, attributes, status, created_at, updated_at)
SELECT gen_random_uuid(), 'C' || 5000000000 + n, '+7900' || lpad(n::text, 7, '0'), 'p' || n || '@example.com',
    'X-' || n, '{}', 'active', %(now)s, %(now)s FROM generate_series(1, 3000) n
"""
FINDERS: list[Callable[[], Any]] = [
    lambda: loyalty_data.find(Key.EMAIL, "P77@example.com", incentives=False).external_id,
    lambda: loyalty_data.find(Key.PHONE, "+79000000077", incentives=False).external_id,
    lambda: loyalty_data.find(Key.EXTERNAL_ID, "X-77", incentives=False).external_id,
    lambda: customers.by_email("P77@example.com")[0].external_id,
]


@pytest.mark.parametrize("find", FINDERS)
def test_a_key_leads_to_its_person_and_past_nobody_else(find: Callable[[], Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, {"now": clock.now()})
        cursor.execute("ANALYZE customers_contact")
        # What a wrong guess costs grows with the table: dear reads bring the choice of a million to thousands.
        cursor.execute("SET LOCAL random_page_cost = 40")
    with CaptureQueriesContext(connection) as seen:
        assert find() == "X-77"
    sent = seen.captured_queries[0]["sql"]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + sent)
        ((plan,),) = cursor.fetchone()
    assert max(_rows_of_contacts(plan["Plan"])) <= 1


CAPTURED = """
INSERT INTO ledger_hold (public_id, contact_id, key, fingerprint, amount, made_at, ends_at, actor, cause, resolved_at,
    captured, operation_id)
SELECT gen_random_uuid(), n, 'hold:H-' || n, '', 1, %(now)s, %(now)s + interval '1 minute', '', '', %(now)s, 1, n
FROM generate_series(1, 3000) n
"""


def test_who_leaves_is_asked_for_captured_bonuses_of_their_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CAPTURED, {"now": clock.now()})
        cursor.execute("ANALYZE ledger_hold")
    with CaptureQueriesContext(connection) as seen, pytest.raises(BonusesOnHold):
        merging.refuse_held(77)
    for query in seen.captured_queries[:2]:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (FORMAT JSON) " + query["sql"])
            ((plan,),) = cursor.fetchone()
        assert "Seq Scan" not in str(plan), query["sql"]


def _rows_of_contacts(node: dict[str, Any]) -> list[int]:
    own = [int(node["Actual Rows"])] if node.get("Relation Name") == "customers_contact" else []
    return own + [rows for part in node.get("Plans", []) for rows in _rows_of_contacts(part)]
