"""What the bench fills its databases with is valid and whole, so that what it measures is worth something."""

import json
import subprocess

import pytest
from django.db import connection

from loyalty.bench import audience_scale, books_seeding, crowd, seeding, year_scale
from loyalty.bench.bulk import loading
from loyalty.core import actors, clock
from loyalty.ledger import invariants
from loyalty.ledger.models import Operation, Transfer
from loyalty.selectors import audiences
from loyalty.services import year_end
from tests.bench.test_bench_runs import COMMAND, databases, environment
from tests.conftest import MOSCOW

KEYS = """
SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'x') ORDER BY conname
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename = ANY(%s) ORDER BY indexname"


def unheard(_done: int, _total: int) -> None:
    """Nobody looks at the progress."""


@pytest.mark.django_db(transaction=True)
def test_the_books_of_a_large_shop_hold_every_law_and_every_kind_of_operation() -> None:
    made = books_seeding.seed_books(7, clock.now(), unheard)
    assert made == Transfer.objects.count() == 7 * books_seeding.TRANSFERS_OF_A_CONTACT
    assert invariants.broken() == []
    kinds = set(Operation.objects.values_list("kind", flat=True))
    assert kinds == {"accrual", "rollover", "redemption", "return", "expiry"}


@pytest.mark.django_db(transaction=True)
def test_a_crowd_has_somebody_for_each_condition_but_not_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeding, "analyse", lambda: None)
    segment = crowd.seed(400, clock.now(), lambda _name: unheard)
    assert invariants.broken() == []
    reached = {
        name: audiences.count(conditions, MOSCOW).contacts for name, conditions in audience_scale.kinds(segment.pk)
    }
    everybody = ("everybody", "cards", "cards or none")
    assert {name for name, contacts in reached.items() if contacts == 400} == set(everybody)
    # Cards for all, so nobody is without; and seven conditions together leave few, if any.
    rest = set(reached) - {*everybody, "no card", "seven of them together"}
    assert all(0 < reached[name] < 400 for name in rest), reached


@pytest.mark.django_db(transaction=True)
def test_a_year_that_ends_has_points_to_close_for_all_and_a_tier_to_judge_for_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seeding, "analyse", lambda: None)
    year = clock.now().astimezone(MOSCOW).year - 1
    year_scale.seed(30, year, lambda _name: unheard)
    assert invariants.broken() == []
    summary = year_end.close_year(actors.system("test"), year)
    assert (summary.contacts, summary.lots, summary.reasons) == (30, 30, {"assessed": 20})
    assert invariants.broken() == []
    assert year_end.close_year(actors.system("test"), year).contacts == 0


@pytest.mark.django_db(transaction=True)
def test_after_a_load_every_key_and_index_is_back() -> None:
    tables = ["ledger_transfer", "ledger_lot", "cards_card", "tiers_standing"]

    def present() -> list[object]:
        with connection.cursor() as cursor:
            cursor.execute(KEYS, [tables])
            keys = cursor.fetchall()
            cursor.execute(INDEXES, [tables])
            return [keys, cursor.fetchall()]

    before = present()
    with loading(tables):
        assert present() != before
    assert present() == before


@pytest.mark.xdist_group("bench")
def test_codes_are_made_by_a_worker_and_read_over_http_and_the_database_is_dropped() -> None:
    done = subprocess.run(
        [*COMMAND, "codes", "--json"], env=environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [row["note"] for row in found["rows"]] == ["300 codes", "300 lines of CSV"]
    assert all(row["process_mb"] > 0 for row in found["rows"])
    assert found["failures"] == []
    assert databases() == set()
