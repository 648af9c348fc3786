"""Batches of codes: ordered as a row, made in chunks by a job that may die at any moment, handed out by name."""

from datetime import timedelta
from decimal import Decimal
from itertools import islice

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.core import actors, clock
from loyalty.core.errors import InvalidParameter
from loyalty.models import JobRun, JournalEntry
from loyalty.services import code_orders, promotions
from promos import code_services, codes
from promos.errors import PromoCodeTaken, PromotionNotFound, PromotionStatusRefused
from promos.models import CodeBatch, PromoCode, Promotion
from tests.promos.marketing import MARKETER, coded, draft, live

pytestmark = pytest.mark.django_db

JOB = actors.system(code_orders.MAKE_CODES)


@pytest.fixture(autouse=True)
def _small_chunks(settings: object) -> None:
    settings.PROMO_CODES_PER_CHUNK = 100  # type: ignore[attr-defined]


def order(promotion: Promotion | None = None, **given: object) -> CodeBatch:
    values = {"count": 250, "prefix": "", "length": 12, "reason": "flyer"} | given
    return code_orders.order_codes(MARKETER, (promotion or coded()).pk, **values)  # type: ignore[arg-type]


def made(batch: CodeBatch) -> int:
    return PromoCode.objects.filter(batch=batch).count()


def test_the_job_makes_exactly_what_was_ordered() -> None:
    first, second = order(prefix="NY26"), order(count=30)
    assert code_orders.make_codes(JOB) == 280
    for batch in (first, second):
        stored = CodeBatch.objects.get(pk=batch.pk)
        assert (stored.status, stored.made, made(batch)) == ("done", batch.count, batch.count)
    some = PromoCode.objects.filter(batch=first)[0]
    assert (some.single_use, some.promotion_id, some.code[:4], len(some.code)) == (True, first.promotion_id, "NY26", 16)
    assert code_orders.make_codes(JOB) == 0


def test_the_run_shows_how_far_it_is() -> None:
    order()
    code_orders.make_codes(JOB)
    run = JobRun.objects.get()
    assert (run.job, run.done, run.total, run.result) == ("make_promo_codes", 250, 250, {"codes": 250})
    assert run.finished_at is not None
    code_orders.make_codes(JOB)
    assert JobRun.objects.count() == 1, "where nothing is to do nothing is left behind"


def test_killed_in_the_middle_the_next_run_goes_on_and_ends_with_the_number_ordered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch, chunks = order(), iter(range(10))
    whole = code_services.make_chunk

    def dying(*args: object) -> int:
        if next(chunks) == 2:
            whole(*args)  # type: ignore[arg-type]
            raise KeyboardInterrupt  # after the codes were written, before they are committed
        return whole(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(code_services, "make_chunk", dying)
        with pytest.raises(KeyboardInterrupt):
            code_orders.make_codes(JOB)
    half = CodeBatch.objects.get(pk=batch.pk)
    assert (half.status, half.made, made(half), JobRun.objects.get().finished_at) == ("running", 200, 200, None)
    assert code_orders.make_codes(JOB) == 50
    assert (made(batch), CodeBatch.objects.get(pk=batch.pk).status) == (250, "done")


def test_codes_that_are_there_already_are_topped_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance will not do it in our lifetime, so the test makes every second code a double."""
    whole, given = codes.make, []

    def doubling(count: int, prefix: str, length: int) -> list[str]:
        fresh = whole(count, prefix, length)
        given.append(count)
        return [fresh[number - number % 2] for number in range(count)]

    monkeypatch.setattr(codes, "make", doubling)
    batch = order()
    assert code_orders.make_codes(JOB) == 250
    assert made(batch) == 250
    assert given[:4] == [100, 100, 100, 100]


def test_a_million_is_the_most_and_short_codes_are_for_few() -> None:
    promotion = coded()
    for given, name in (
        ({"count": 0}, "count"), ({"count": 1_000_001}, "count"),
        ({"count": 1_000_000, "length": 11}, "length"), ({"count": 35, "length": 8}, "length"),
        ({"length": 25}, "length"), ({"prefix": "SALE"}, "prefix"), ({"prefix": "222222222"}, "prefix"),
    ):  # fmt: skip
        with pytest.raises(InvalidParameter) as refused:
            order(promotion, **given)
        assert refused.value.data["name"] == name, given
    assert not CodeBatch.objects.exists()
    assert order(promotion, count=1_000_000).count == 1_000_000


def test_what_was_ordered_before_in_the_same_form_counts_too() -> None:
    promotion = coded()
    order(promotion, count=30, length=8)
    with pytest.raises(InvalidParameter):
        order(promotion, count=30, length=8)
    assert order(promotion, count=30, length=8, prefix="NY").made == 0


@pytest.mark.parametrize("length", [8, 12, 24])
def test_the_usual_length_suits_every_batch(length: int) -> None:
    assert code_orders.USUAL_LENGTH == 12
    assert codes.shortest_length(1_000_000) <= code_orders.USUAL_LENGTH


def test_only_promotions_by_codes_that_have_not_ended_get_codes() -> None:
    ended = promotions.end(MARKETER, coded().pk, "over")
    for promotion, refusal in ((live(), InvalidParameter), (ended, PromotionStatusRefused)):
        for act in (
            lambda pk: code_orders.add_shared_code(MARKETER, pk, "SUMMER2026", "poster"),
            lambda pk: order(Promotion.objects.get(pk=pk)),
        ):
            with pytest.raises(refusal):
                act(promotion.pk)
    with pytest.raises(PromotionNotFound):
        code_orders.add_shared_code(MARKETER, 404, "SUMMER2026", "poster")
    waiting = draft(trigger="code", kind="fixed", value=Decimal(5))
    assert code_orders.add_shared_code(MARKETER, waiting.pk, "SUMMER2026", "poster").code == "SUMMER2026"


def test_a_shared_code_is_taken_once_however_it_is_written() -> None:
    first, second = coded(name="Summer"), coded()
    code_orders.add_shared_code(MARKETER, first.pk, "Summer 2026", "poster")
    for promotion in (first, second):
        with pytest.raises(PromoCodeTaken) as refused:
            code_orders.add_shared_code(MARKETER, promotion.pk, "SUMMER-2026", "poster")
        assert refused.value.data == {"name": "code", "promotion": "Summer"}
    assert JournalEntry.objects.filter(action="promo_code.add").count() == 1


def test_every_act_asks_why_and_the_journal_keeps_no_secret() -> None:
    batch = order(count=5, reason="flyer of May")
    code_orders.make_codes(JOB)
    with pytest.raises(InvalidParameter):
        order(reason=" ")
    with pytest.raises(InvalidParameter):
        code_orders.export_codes(MARKETER, batch.pk, "")
    code_orders.export_codes(MARKETER, batch.pk, "for the printer")
    ordered, exported = JournalEntry.objects.filter(action__startswith="code_batch").order_by("id")
    assert (ordered.reason, ordered.details) == (
        "flyer of May", {"batch": batch.pk, "count": 5, "prefix": "", "length": 12},
    )  # fmt: skip
    assert (exported.actor, exported.reason, exported.details) == (
        "staff:olga", "for the printer", {"batch": batch.pk, "count": 5},
    )  # fmt: skip


def test_an_export_reads_as_it_goes_and_shows_codes_as_they_are_printed() -> None:
    batch = order(prefix="NY26")
    code_orders.make_codes(JOB)
    rows = code_orders.export_codes(MARKETER, batch.pk, "printer").rows
    with CaptureQueriesContext(connection) as captured:
        first = list(islice(rows, 100))
    assert len(captured) == 1
    everything = [*first, *rows]
    assert len({code for code, _ in everything}) == 250
    assert all(codes.read(code).startswith("NY26") and code[4] == "-" for code, _ in everything)
    assert {used for _, used in everything} == {None}


def test_codes_that_are_still_being_made_are_not_handed_out() -> None:
    batch = order()
    with pytest.raises(InvalidParameter, match="still being made"):
        code_orders.export_codes(MARKETER, batch.pk, "printer")


def test_ordering_wakes_the_worker_after_the_commit(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("loyalty.core.wake._send", lambda task, _args: sent.append(task))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        order(count=1)
    assert sent == ["loyalty.tasks.make_promo_codes"]


@pytest.mark.parametrize("change", [
    {"made": 251}, {"count": 1_000_001}, {"status": "lost"}, {"prefix": "SALE"}, {"length": 7},
    {"status": "done"}, {"finished_at": clock.now() + timedelta(days=1)},
])  # fmt: skip
def test_the_database_itself_keeps_a_batch_true(change: dict[str, object]) -> None:
    batch = order()
    with pytest.raises(IntegrityError), transaction.atomic():
        CodeBatch.objects.filter(pk=batch.pk).update(**change)


def test_a_chunk_is_two_statements_whatever_its_size(settings: object) -> None:
    lengths = []
    for size in (10, 200):
        settings.PROMO_CODES_PER_CHUNK = size  # type: ignore[attr-defined]
        batch = order(count=size)
        batch.start()
        with transaction.atomic(), CaptureQueriesContext(connection) as captured:
            code_services.make_chunk(batch, size, clock.now())
        lengths.append(len([each for each in captured.captured_queries if "SAVEPOINT" not in each["sql"]]))
    assert lengths == [2, 2]
