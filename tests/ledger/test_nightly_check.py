"""The nightly check tells the engineer: nothing when the books are whole, everything when they are not."""

import pytest
from django.db import connection

from loyalty.core import actors
from loyalty.models import JobRun, JournalEntry
from loyalty.services import books
from tests.factories import CardFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_whole_books_leave_a_finished_run_and_no_alarm() -> None:
    CardFactory()
    assert books.check_nightly(actors.system("night")) == 0
    run = JobRun.objects.get(job=books.CHECK)
    assert run.finished_at is not None
    assert run.result == {"broken": []}
    assert not JournalEntry.objects.filter(action="ledger.law_broken").exists()


def test_a_broken_law_is_in_the_journal_with_its_ids() -> None:
    contact = CardFactory().contact_id
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_bonusbalance (contact_id, account, public_id, amount, lifetime)"
            " VALUES (%s, 2, gen_random_uuid(), 5, 5)",
            [contact],
        )
    assert books.check_nightly(actors.system("night")) > 0
    assert JournalEntry.objects.filter(action="ledger.law_broken").exists()
