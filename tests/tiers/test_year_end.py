"""The job of the year end: in ranges, resumable, late, twice; and the forecast that tells beforehand what it does."""

import random
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.core import actors, clock
from loyalty.core.errors import Busy, InvalidParameter
from loyalty.ledger import balances
from loyalty.ledger.models import Operation
from loyalty.models import JobRun, JournalEntry
from loyalty.services import points, tiers, year_end
from tests.factories import ContactFactory, StandingFactory, tier_named
from tests.ledger.books import MOSCOW, assert_laws_hold, booked, earn, four
from tiers import courses, selectors
from tiers import services as tier_moves
from tiers.models import Standing, Tier, TierSystem

pytestmark = pytest.mark.django_db

JOB = actors.system(year_end.CLOSE)
MARKETER = actors.staff("maria", "marketer")
NEW_YEAR = datetime(2027, 1, 1, tzinfo=MOSCOW)
RANGE = 12


def shoppers(count, story_clock, seed=1):
    """Contacts in any tier, with points of the year that land, that wait, and that land after it."""
    dice = random.Random(seed)
    story_clock.set(datetime(2026, 6, 1, 12, tzinfo=MOSCOW))
    found = []
    for _ in range(count):
        name = dice.choice(["Base", "Base", "Silver", "Gold"])
        ends = None if name == "Base" else dice.choice([NEW_YEAR, NEW_YEAR, NEW_YEAR.replace(year=2028)])
        entered = NEW_YEAR.replace(year=2025 if ends == NEW_YEAR else 2026)
        contact = StandingFactory(tier=tier_named(name), entered_at=entered, ends_at=ends).contact_id
        for _ in range(dice.randint(0, 3)):
            bought = datetime(2026, 6, 1, 12, tzinfo=MOSCOW) + timedelta(hours=dice.randint(0, 200 * 24))
            with clock.at(bought):
                earn(contact, 1, qualifying=dice.choice([600, 1400, 2000, 5000]), at=bought)
        found.append(contact)
    return found


def statements(action):
    with CaptureQueriesContext(connection) as captured:
        action()
    return [each["sql"] for each in captured.captured_queries if "SAVEPOINT" not in each["sql"]]


def held():
    """Tier of every contact now, as booked."""
    return dict(Standing.objects.filter(left_at=None).values_list("contact_id", "tier__name"))


def by_clock(moment, zone=MOSCOW):
    """Tier of every contact at a moment as everybody is told it, whatever a job has booked."""
    return {contact: selectors.standing_at(contact, moment, zone).tier.name for contact in held()}


@pytest.mark.parametrize("policy", ["balance_based", "one_down"])
@pytest.mark.parametrize(("looks", "seed"), [("2026-10-15", 1), ("2026-12-20", 2), ("2027-01-20", 3)])
def test_the_forecast_is_what_the_job_does(story_clock, policy, looks, seed):
    TierSystem.objects.update(assessment=policy)
    shoppers(60, story_clock, seed)
    story_clock.set(datetime.fromisoformat(looks).replace(tzinfo=MOSCOW))
    if seed == 2:
        points.roll_over_escrow(JOB)
    before = by_clock(min(clock.now(), NEW_YEAR - timedelta(microseconds=1)))
    forecast = year_end.preview_year(2026)
    told = Counter({(move.source, move.target): move.contacts for move in forecast.moves})
    assert forecast.contacts == 60
    story_clock.set(datetime(2027, 2, 1, tzinfo=MOSCOW))
    summary = year_end.close_year(JOB)
    after = held()
    assert Counter((before[contact], after[contact]) for contact in before) == told
    assert summary.points == forecast.points
    assert_laws_hold()


def test_a_look_ahead_writes_nothing_and_locks_nothing(story_clock):
    shoppers(5, story_clock)
    sent = statements(year_end.preview_year)
    assert not [sql for sql in sent if sql.startswith(("INSERT", "UPDATE", "DELETE")) or "FOR UPDATE" in sql]
    assert not JobRun.objects.exists()


@pytest.mark.parametrize("year", [2026, 2027, 1990])
def test_a_year_that_is_not_over_is_not_closed(story_clock, year):
    with pytest.raises(InvalidParameter):
        year_end.close_year(JOB, year)
    with pytest.raises(CommandError):
        call_command("close_year", year=year, stdout=StringIO())


def test_a_run_that_is_killed_goes_on_where_it_was(story_clock, monkeypatch, settings):
    settings.YEAR_END_ROWS_PER_RANGE = 5
    shoppers(30, story_clock)
    story_clock.set(datetime(2027, 1, 31, tzinfo=MOSCOW))
    whole, settle, calls = len(courses.due_ranges(clock.now(), MOSCOW, 5)), points.settle_many, []

    def killed_at_the_fourth(*given, **options):
        calls.append(given)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return settle(*given, **options)

    monkeypatch.setattr(points, "settle_many", killed_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        year_end.close_year(JOB)
    assert len(courses.due_ranges(clock.now(), MOSCOW, 5)) < whole
    year_end.close_year(JOB)
    first, second = JobRun.objects.order_by("id")
    assert (first.finished_at, first.done < first.total) == (None, True)
    assert (second.done, second.total) == (first.total - first.done,) * 2
    assert courses.due_ranges(clock.now(), MOSCOW, 5) == []
    assert Operation.objects.filter(kind="year_close").values("contact_id").distinct().count() == (
        Operation.objects.filter(kind="year_close").count()
    )
    assert_laws_hold()


def test_a_second_run_finds_nothing(story_clock):
    shoppers(10, story_clock)
    story_clock.set(datetime(2027, 1, 2, tzinfo=MOSCOW))
    assert year_end.close_year(JOB).contacts > 0
    standings = list(Standing.objects.order_by("id").values())
    assert year_end.close_year(JOB).contacts == 0
    assert list(Standing.objects.order_by("id").values()) == standings
    assert JobRun.objects.count() == 1


def test_a_busy_range_is_left_for_the_next_run(story_clock, monkeypatch, settings):
    settings.YEAR_END_ROWS_PER_RANGE = 1
    shoppers(6, story_clock)
    story_clock.set(datetime(2027, 1, 2, tzinfo=MOSCOW))
    settle, calls = points.settle_many, []

    def busy_once(*given, **options):
        calls.append(given)
        if len(calls) == 2:
            raise Busy
        return settle(*given, **options)

    monkeypatch.setattr(points, "settle_many", busy_once)
    assert year_end.close_year(JOB).busy == 1
    assert year_end.close_year(JOB).contacts == 1


def test_years_forgotten_for_long_are_closed_each_at_its_own_turn(story_clock):
    contact = StandingFactory(entered_at=story_clock.moment - timedelta(days=900)).contact_id
    for moment in ("2026-05-01", "2027-05-01", "2028-05-01"):
        story_clock.set(datetime.fromisoformat(moment).replace(tzinfo=MOSCOW))
        earn(contact, 1, qualifying=2000)
    story_clock.set(datetime(2029, 3, 1, tzinfo=MOSCOW))
    year_end.close_year(JOB, 2026)
    assert booked(contact) == four(1, 2, 0, 4000)
    year_end.close_year(JOB)
    turns = Operation.objects.filter(kind="year_close").order_by("id").values_list("effective_at", flat=True)
    assert [turn.astimezone(MOSCOW).year for turn in turns] == [2027, 2028, 2029]
    assert booked(contact) == four(3, 0, 0, 0)
    assert list(Standing.objects.order_by("id").values_list("reason", flat=True)) == [
        "enrolled", "upgraded", "extended", "extended",
    ]  # fmt: skip
    assert_laws_hold()


def test_closed_points_are_not_burned_ones(story_clock):
    contact = StandingFactory().contact_id
    earn(contact, 1, qualifying=500)
    story_clock.set(datetime(2027, 1, 2, tzinfo=MOSCOW))
    year_end.close_year(JOB)
    held_now = balances.read(contact, clock.now())
    assert (held_now.burned, held_now.qualifying) == (0, 0)
    assert held_now.accounts[2].lifetime == 500


def range_statements(size, story_clock, seed):
    shoppers(size, story_clock, seed)
    story_clock.set(datetime(2027, 1, 2, tzinfo=MOSCOW))
    sent = statements(lambda: year_end.close_year(JOB))
    first = next(number for number, sql in enumerate(sent) if "WITH locked AS" in sql)
    last = max(number for number, sql in enumerate(sent) if 'UPDATE "loyalty_jobrun" SET "done"' in sql)
    return sent[first : last + 1]


def test_a_range_of_many_contacts_takes_as_few_statements_as_one_of_few(story_clock):
    few, many = range_statements(12, story_clock, 4), range_statements(120, story_clock, 5)
    assert len(few) == len(many) <= RANGE
    assert_laws_hold()


def test_nobody_moves_in_one_statement(story_clock, django_assert_num_queries):
    contacts = [StandingFactory().contact_id for _ in range(20)]
    with transaction.atomic(), django_assert_num_queries(1):
        assert tier_moves.assess(contacts, clock.now(), MOSCOW).contacts == ()


def test_a_standing_is_read_in_one_statement_and_in_two_when_something_is_unbooked(
    story_clock, django_assert_num_queries
):
    contact = StandingFactory().contact_id
    earn(contact, 1, qualifying=2000)
    with django_assert_num_queries(1):
        assert selectors.standing_at(contact, clock.now(), MOSCOW).tier.name == "Base"
    story_clock.forward(days=30)
    with django_assert_num_queries(2):
        assert selectors.standing_at(contact, clock.now(), MOSCOW).tier.name == "Silver"
    rungs = selectors.ladder()
    with django_assert_num_queries(1):
        assert selectors.standing_at(contact, clock.now(), MOSCOW, rungs).tier.name == "Silver"


def test_beat_steps_aside_while_a_run_is_at_work_and_takes_over_from_a_dead_one(story_clock):
    shoppers(4, story_clock)
    now = story_clock.set(datetime(2027, 1, 2, tzinfo=MOSCOW))
    JobRun.objects.create(job=year_end.CLOSE, actor="system:x", as_of=now, started_at=now, updated_at=now)
    assert year_end.assess_due(JOB) is None
    story_clock.forward(minutes=3)
    assert year_end.assess_due(JOB).contacts > 0


def test_the_command_closes_and_looks_ahead(story_clock):
    contact = StandingFactory(
        tier=tier_named("Gold"), entered_at=NEW_YEAR.replace(year=2025), ends_at=NEW_YEAR
    ).contact_id
    earn(contact, 1, qualifying=2500)
    told = StringIO()
    call_command("close_year", dry_run=True, stdout=told)
    assert "The end of 2026, 2027-01-01 00:00:00 MSK" in told.getvalue()
    assert "Gold -> Silver            1 contacts" in told.getvalue()
    assert "2500.00 tier-qualifying points will close, 2500.00 of them still in escrow" in told.getvalue()
    story_clock.set(NEW_YEAR)
    told = StringIO()
    call_command("close_year", year=2026, stdout=told)
    assert told.getvalue().strip() == (
        "Looked at 1 contacts; closed 2500.00 tier-qualifying points in 1 lots; new standings: 1 assessed."
    )
    assert held() == {contact: "Silver"}


def test_who_left_is_not_moved_but_the_points_close_all_the_same(story_clock):
    contact = StandingFactory(tier=tier_named("Unenrolled"), reason="left").contact_id
    stranger = ContactFactory().pk
    for each in (contact, stranger):
        earn(each, 1, qualifying=5000)
    story_clock.set(datetime(2027, 1, 2, tzinfo=MOSCOW))
    year_end.assess_due(JOB)
    assert held() == {contact: "Unenrolled"}
    assert (booked(contact), booked(stranger)) == (four(1, 0, 0, 0),) * 2


# The ladder as marketers change it


def values(**changed):
    standard = {"name": "Rose", "target": Decimal(5000), "multiplier": Decimal(1), "expiry_policy": "next_year_end",
                "expiry_days": None}  # fmt: skip
    return standard | changed


@pytest.mark.parametrize(
    ("above", "changed", "name"),
    [
        ("Silver", {"target": Decimal(2000)}, "target"),
        ("Silver", {"target": Decimal(10_000)}, "target"),
        ("Silver", {"target": None}, ""),
        ("Silver", {"name": "Gold"}, ""),
        ("Silver", {"expiry_policy": "days"}, ""),
        ("Silver", {"multiplier": Decimal(0)}, ""),
        ("Silver", {"rank": 7}, "rank"),
        ("Gold", {"target": Decimal(9000)}, "target"),
        ("Unenrolled", {}, "above"),
    ],
)
def test_an_impossible_tier_is_refused_and_nothing_moves(story_clock, above, changed, name):
    with pytest.raises(InvalidParameter) as refused:
        tiers.add_tier(MARKETER, tier_named(above).pk, values(**changed), "why not")
    assert refused.value.data["name"] == name
    assert list(Tier.objects.order_by("rank").values_list("rank", "name")) == [
        (0, "Unenrolled"), (1, "Base"), (2, "Silver"), (3, "Gold"),
    ]  # fmt: skip


def test_base_never_expires(story_clock):
    with pytest.raises(InvalidParameter):
        tiers.change_tier(MARKETER, tier_named("Base").pk, {"expiry_policy": "next_year_end"}, "why not")
    with pytest.raises(IntegrityError, match="tier_base_never_expires"), transaction.atomic():
        Tier.objects.filter(rank=1).update(expiry_policy="next_year_end")


def test_a_new_tier_lifts_everyone_who_meets_it_once_in_ranges(story_clock, settings):
    settings.YEAR_END_ROWS_PER_RANGE = 2
    rich = [StandingFactory().contact_id for _ in range(5)]
    for contact in rich:
        earn(contact, 1, qualifying=6000)
    poor = StandingFactory().contact_id
    earn(poor, 1, qualifying=2500)
    story_clock.forward(days=40)
    points.roll_over_escrow(JOB)
    tiers.add_tier(MARKETER, tier_named("Silver").pk, values(), "spring")
    story_clock.forward(minutes=1)
    assert year_end.assess_due(JOB).reasons == {"upgraded": 5}
    assert held() == dict.fromkeys(rich, "Rose") | {poor: "Silver"}
    assert TierSystem.objects.get().ladder_changed_at is None
    entry = JournalEntry.objects.get(action="tier.add")
    assert (entry.actor, entry.reason, entry.details["rank"]) == ("staff:maria", "spring", 3)
    assert year_end.assess_due(JOB).contacts == 0


def test_a_ladder_that_changes_during_the_run_is_applied_by_the_next(story_clock, monkeypatch):
    StandingFactory()
    tiers.change_tier(MARKETER, tier_named("Silver").pk, {"target": Decimal(1900)}, "spring")
    run = year_end._run

    def changes_meanwhile(*given):
        story_clock.forward(seconds=1)
        tiers.change_tier(MARKETER, tier_named("Silver").pk, {"target": Decimal(1800)}, "once more")
        return run(*given)

    monkeypatch.setattr(year_end, "_run", changes_meanwhile)
    year_end.assess_due(JOB)
    assert TierSystem.objects.get().ladder_changed_at == clock.now()
