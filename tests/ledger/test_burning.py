"""The expiry job: it burns what the clock has burned already, each lot once, and no read changes by it."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from loyalty.core import actors, clock
from loyalty.core.errors import InvalidParameter
from loyalty.ledger import balances, burning
from loyalty.ledger.models import Lot, Operation
from loyalty.models import JobRun
from loyalty.services import expiry, points
from tests.factories import StandingFactory
from tests.ledger.books import adjust, assert_laws_hold, booked, earn, four, hold, land, owe, read, spend
from tests.ledger.test_budgets import statements
from tests.ledger.test_reads_agree import everything

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]

JOB = actors.system(expiry.EXPIRY)


def burned(contact):
    return balances.read(contact, clock.now()).burned


def soon(story_clock, **duration):
    return story_clock.moment + timedelta(**duration)


@pytest.fixture
def shoppers(story_clock):
    """1 holds points of three dates, 2 owes, 3 has points that matured and expired unseen, 4 nothing that expires."""
    adjust(1, 10, expires_at=soon(story_clock, days=10))
    adjust(1, 20, expires_at=soon(story_clock, days=20))
    adjust(1, 40, expires_at=soon(story_clock, days=500))
    owe(2, 60)
    earn(2, 100)
    earn(3, 5)
    spend(1, 3)
    adjust(4, 7)
    return (1, 2, 3, 4)


def test_no_read_changes_by_the_job_however_late_it_comes(story_clock, shoppers):
    for days in (5, 5, 10, 20, 400, 5):
        story_clock.forward(days=days)
        before = [everything(each) for each in shoppers]
        preview = expiry.preview_expiry(clock.now())
        summary = expiry.expire_points(JOB)
        assert [everything(each) for each in shoppers] == before
        assert (preview.contacts, preview.lots, preview.points) == (summary.contacts, summary.lots, summary.points)
        assert expiry.expire_points(JOB).lots == 0
        assert_laws_hold()
    assert [burned(each) for each in shoppers] == [27, 40, 5, 0]
    assert [booked(each).spendable for each in shoppers] == [40, 0, 0, 7]


def test_the_preview_knows_the_future_and_writes_nothing(story_clock, shoppers):
    told = expiry.preview_expiry(soon(story_clock, days=450))
    assert (told.contacts, told.lots, told.points) == (3, 4, Decimal(72))
    assert not Operation.objects.filter(kind="expiry").exists()
    assert expiry.expire_points(JOB).lots == 0
    assert not JobRun.objects.exists()


def test_each_moment_of_expiry_is_an_operation_of_its_own_dated_by_the_clock_not_by_the_job(story_clock, shoppers):
    story_clock.forward(days=25)
    expiry.expire_points(JOB)
    ends = list(Operation.objects.filter(kind="expiry").order_by("id").values_list("effective_at", "recorded_at"))
    now = clock.now()
    assert ends == [(now - timedelta(days=15), now), (now - timedelta(days=5), now)]


def test_points_that_matured_and_expired_unseen_land_and_pay_the_debt_before_they_burn(story_clock, shoppers):
    story_clock.forward(days=450)
    summary = expiry.expire_points(JOB)
    # The qualifying points of the year before closed with it.
    assert read(2) == four(0, 0, 0, 0)
    assert booked(2) == four(0, 0, 0, 0)
    assert (summary.contacts, summary.points) == (3, 72)


def test_a_contact_whose_qualifying_points_land_with_it_moves_up(story_clock):
    contact = StandingFactory().contact
    earn(contact.pk, 10, qualifying=2_500)
    story_clock.forward(days=450)
    expiry.expire_points(JOB)
    assert contact.standings.get(left_at=None).tier.name == "Silver"
    assert burned(contact.pk) == 10


def test_as_of_an_earlier_moment_burns_what_had_expired_by_then(story_clock, shoppers):
    story_clock.forward(days=25)
    assert expiry.expire_points(JOB, as_of=clock.now() - timedelta(days=10)).points == 7
    assert expiry.expire_points(JOB).points == 20
    with pytest.raises(InvalidParameter):
        expiry.expire_points(JOB, as_of=clock.now() + timedelta(seconds=1))


def test_the_run_leaves_its_progress(story_clock, shoppers, settings):
    settings.EXPIRY_LOTS_PER_RANGE = 1
    story_clock.forward(days=450)
    heard = []
    expiry.expire_points(JOB, progress=lambda done, total: heard.append((done, total)))
    run = JobRun.objects.get()
    assert (run.job, run.done, run.total, run.finished_at) == ("expire_points", 4, 4, clock.now())
    assert run.result == {"lots": 4, "burned": "72.00", "busy_ranges": 0}
    assert heard == [(2, 4), (3, 4), (4, 4)]


def test_a_run_that_dies_in_the_middle_keeps_what_it_did_and_the_next_one_takes_the_rest(
    story_clock, shoppers, settings, monkeypatch
):
    settings.EXPIRY_LOTS_PER_RANGE = 1
    story_clock.forward(days=450)
    before = [everything(each) for each in shoppers]
    burn, calls = burning.burn, []

    def die_at_the_second(*given, **named):
        calls.append(given)
        if len(calls) == 2:
            burn(*given, **named)
            raise SystemExit("killed")
        return burn(*given, **named)

    monkeypatch.setattr(burning, "burn", die_at_the_second)
    with pytest.raises(SystemExit):
        expiry.expire_points(JOB)
    half = JobRun.objects.get()
    assert (half.done, half.total, half.finished_at) == (2, 4, None)
    assert [everything(each) for each in shoppers] == before
    assert expiry.expire_points(JOB).points == 45
    assert [everything(each) for each in shoppers] == before
    assert_laws_hold()


def due(size, story_clock):
    """Contacts whose points have expired: some landed, some not, every third in debt."""
    for contact in range(1, size + 1):
        if contact % 3 == 0:
            owe(contact, 15)
        earn(contact, 10)
        story_clock.forward(minutes=1)
        earn(contact, 10)
    story_clock.forward(days=31)
    land(1, size // 2)
    story_clock.forward(days=420)


def test_a_range_of_fifty_contacts_burns_in_as_few_statements_as_one_of_five(story_clock):
    few, many = (burn_statements(size, story_clock) for size in (5, 50))
    assert len(few) == len(many) <= 7


def burn_statements(size, story_clock):
    due(size, story_clock)
    sent = statements(lambda: expiry.expire_points(JOB))
    first = next(number for number, sql in enumerate(sent) if "WITH locked AS" in sql)
    last = max(number for number, sql in enumerate(sent) if 'UPDATE "loyalty_jobrun" SET "done"' in sql)
    assert not Lot.objects.filter(account=1, remaining__gt=0).exists()
    assert_laws_hold()
    return sent[first : last + 1]


def test_what_is_due_is_found_by_indexes_among_many_lots(story_clock):
    """A million lots were tried by hand; here some thousands, so that the planner has a choice."""
    with connection.cursor() as cursor:
        cursor.execute(MANY, {"now": clock.now(), "contacts": 4_000})
        cursor.execute("ANALYZE ledger_lot")
        cursor.execute("EXPLAIN " + burning._RANGES, {"as_of": clock.now(), "size": 200})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan, plan
    assert "lot_to_expire" in plan
    assert "lot_due" in plan or "lot_in_escrow" in plan


MANY = """
WITH operation AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT contact, 'accrual', %(now)s, %(now)s, 'client:till', 'x' FROM generate_series(1, %(contacts)s::int) contact
    RETURNING id, contact_id
)
INSERT INTO ledger_lot (contact_id, operation_id, account, earned, remaining, matures_at, expires_at, landed)
SELECT contact_id, id, 1, 10, CASE WHEN number = 3 THEN 0 ELSE 10 END,
    %(now)s::timestamptz + (contact_id - 10) * interval '1 hour',
    %(now)s::timestamptz + (contact_id + 400) * interval '1 hour', CASE WHEN number < 4 THEN id END
FROM operation, generate_series(1, 6) number
"""


def test_the_command_burns_by_hand_and_says_so(story_clock, shoppers):
    out = StringIO()
    call_command("expire_points", "--dry-run", "--as-of", "2026-03-22T12:00:00+03:00", stdout=out)
    assert out.getvalue() == "Due at 2026-03-22 12:00:00 UTC+03:00: 2 lots of 1 contacts, 27.00 points.\n"
    story_clock.forward(days=25)
    out = StringIO()
    call_command("expire_points", "--as-of", "2026-03-12T12:00:00+03:00", stdout=out, stderr=StringIO())
    assert "Burned" in out.getvalue()
    assert "1 lots of 1 contacts, 7.00 points" in out.getvalue()
    with pytest.raises(CommandError, match="goes only with a dry run"):
        call_command("expire_points", "--as-of", "2036-01-01", stdout=out, stderr=StringIO())


# The first points to expire, in every read.


def test_what_holds_keep_is_not_named_as_the_next_to_expire(story_clock):
    first, second = soon(story_clock, days=10), soon(story_clock, days=20)
    adjust(1, 50, expires_at=first)
    adjust(1, 50, expires_at=second)
    adjust(1, 50)
    for amount, named in ((20, (30, first)), (30, (50, second)), (40, (10, second)), (20, None)):
        hold(1, amount)
        expiring = balances.read(1, clock.now()).expiring
        assert (expiring and (expiring.amount, expiring.expires_at)) == named
    story_clock.forward(minutes=15)
    expiring = balances.read(1, clock.now()).expiring
    assert (expiring.amount, expiring.expires_at) == (50, first)


def test_points_that_matured_and_have_not_landed_are_named_as_the_next_to_expire(story_clock):
    earn(1, 10)
    story_clock.forward(days=31)
    earn(1, 5)
    before = balances.read(1, clock.now()).expiring
    assert before.amount == 10
    land(1)
    assert balances.read(1, clock.now()).expiring == before


# Inactivity: a purchase puts the dates off.


def put_off(contact, until):
    with transaction.atomic():
        return burning.put_off(contact, until=until, now=clock.now())


def test_activity_never_revives_never_shortens_and_reaches_points_in_escrow(story_clock):
    adjust(1, 1, expires_at=soon(story_clock, days=10))
    adjust(1, 2, expires_at=soon(story_clock, days=50))
    adjust(1, 4, expires_at=soon(story_clock, days=900))
    adjust(1, 8)
    earn(1, 16)
    adjust(2, 32, expires_at=soon(story_clock, days=50))
    story_clock.forward(days=10)
    until = soon(story_clock, days=600)
    assert put_off(1, until) == 2
    ends = dict(Lot.objects.filter(account=1).values_list("earned", "expires_at"))
    now = clock.now()
    assert ends[1] == now
    assert ends[2] == ends[16] == until
    assert ends[4] == now + timedelta(days=890)
    assert ends[8] is None
    assert ends[32] == now + timedelta(days=40)
    assert put_off(1, soon(story_clock, days=1)) == 0
    points.roll_over_escrow(JOB)
    expiry.expire_points(JOB)
    assert burned(1) == 1
    assert_laws_hold()
