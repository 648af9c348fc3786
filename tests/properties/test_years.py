"""Late jobs and prompt ones book the same standings, whatever the history."""

from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.tiers.test_assessment import BERLIN, DAYS, NEVER, NEXT_YEAR, at, ladder, start
from tiers import assessment, rules
from tiers.models import AssessmentPolicy

moments = st.datetimes(datetime(2026, 1, 2), datetime(2030, 12, 30)).map(lambda moment: moment.replace(tzinfo=BERLIN))  # noqa: DTZ001
amounts = st.sampled_from([500, 1500, 2000, 4000, 10_000])
histories = st.lists(st.tuples(moments, amounts.map(Decimal)), max_size=12).map(sorted)
ladders = st.builds(
    ladder,
    st.sampled_from(AssessmentPolicy.values),
    expiry=st.sampled_from([NEXT_YEAR, DAYS]),
    days=st.sampled_from([30, 365, 500]),
    zone=st.just(BERLIN),
    platinum=st.sampled_from([None, 12_000]),
    since=st.none() | moments,
).map(lambda rungs: rungs if rungs.tiers[2].expiry_policy == DAYS else _without_days(rungs))


def _without_days(rungs):
    for tier in rungs.tiers:
        tier.expiry_days = None
    return rungs


def _target(target):
    return lambda rungs, now: rungs.tiers[2].change({"target": Decimal(target)}, now)


def _policy(policy):
    return lambda rungs, now: rungs.tiers[0].system.assess_by(policy, now)


def _expiry(rank, policy, days):
    return lambda rungs, now: rungs.tiers[rank].change({"expiry_policy": policy, "expiry_days": days}, now)


changes_of_a_ladder = st.one_of(
    st.sampled_from([400, 1200, 1900, 6000]).map(_target),
    st.sampled_from(AssessmentPolicy.values).map(_policy),
    st.builds(_expiry, st.sampled_from([2, 3]), st.just(DAYS), st.sampled_from([40, 500])),
    st.builds(_expiry, st.sampled_from([2, 3]), st.sampled_from([NEXT_YEAR, NEVER]), st.none()),
)


@given(ladders, histories, st.lists(moments, max_size=6))
def test_a_late_job_books_what_prompt_ones_would_have_booked(rungs, landings, jobs):
    end = at("2031-06-01", BERLIN)
    held = start(rungs, "Base", "2026-01-01", reason="enrolled")
    late = assessment.walk(held, landings, rungs, end)
    prompt = _by_prompt_jobs(held, landings, jobs, lambda _: rungs)
    assert [_facts(each) for each in prompt] == [_facts(each) for each in late]


@given(
    st.sampled_from([(NEXT_YEAR, None), (DAYS, 40), (DAYS, 500)]),
    histories,
    st.lists(st.tuples(moments, changes_of_a_ladder), max_size=4),
    st.lists(moments, max_size=6),
)
def test_a_late_job_judges_by_what_stood_that_day(expiry, landings, changes, jobs):
    """Prompt jobs know the ladder of their own day alone; the late one knows what stood before each change."""

    def known(moment):
        rungs = ladder(expiry=expiry[0], days=expiry[1], zone=BERLIN)
        for changed_at, change in sorted(changes, key=lambda each: each[0]):
            if changed_at <= moment:
                change(rungs, changed_at)
        return rungs

    end = at("2031-06-01", BERLIN)
    held = start(known(at("2020-01-01")), "Base", "2026-01-01", reason="enrolled")
    late = assessment.walk(held, landings, known(end), end)
    prompt = _by_prompt_jobs(held, landings, jobs, known)
    assert [_facts(each) for each in prompt] == [_facts(each) for each in late]


def _by_prompt_jobs(held, landings, jobs, known):
    """Each job takes up the open standing and the points of years that are not over, as the books would hand them."""
    periods, closed_before = [held], at("2020-01-01", BERLIN)
    for job in [*sorted(jobs), at("2031-06-01", BERLIN)]:
        last = periods.pop()
        reopened = assessment.opened(
            last.public_id, last.tier, last.entered_at, last.ends_at, last.reason, last.joined_at, BERLIN
        )
        counting = [each for each in landings if closed_before <= each[0] <= job]
        periods += assessment.walk(reopened, counting, known(job), job)
        closed_before = rules.year_began(job, BERLIN)
    return periods


def _facts(period):
    return (period.public_id, period.tier.name, period.reason, period.entered_at, period.left_at, period.ends_at,
            period.joined_at, period.year)  # fmt: skip


@given(ladders, histories)
def test_periods_follow_one_another_without_gap_or_overlap(rungs, landings):
    periods = assessment.walk(start(rungs, "Base", "2026-01-01"), landings, rungs, at("2031-06-01", BERLIN))
    for earlier, later in pairwise(periods):
        assert earlier.left_at == later.entered_at
        assert earlier.entered_at <= later.entered_at
    assert all(period.entered_at < period.left_at for period in periods[1:-1])
    assert periods[-1].left_at is None
    assert periods[-1].ends_at is None or periods[-1].ends_at > at("2031-06-01", BERLIN)
