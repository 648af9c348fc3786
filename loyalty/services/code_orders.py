"""Promo codes as marketers make them: shared words, and batches of up to a million single-use codes.

An order is a row; the job makes it in chunks, a transaction each, and the row says how far it is. Killed in the
middle, the job goes on where it was: what a chunk made and what the row says are committed together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F, Sum

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.core.wake import wake
from loyalty.models import JobRun
from loyalty.services import journal, reasons
from loyalty.services.unit_of_work import unit_of_work
from promos import code_services, codes, locks, selectors
from promos.errors import CodesTooShort, PromotionStatusRefused
from promos.models import (
    LARGEST_BATCH,
    CodeBatch,
    CodeBatchStatus,
    PromoCode,
    Promotion,
    PromotionStatus,
    PromotionTrigger,
)

MAKE_CODES = "make_promo_codes"
TASK = "loyalty.tasks.make_promo_codes"
USUAL_LENGTH = codes.shortest_length(LARGEST_BATCH)
"""Long enough for the largest batch."""


@dataclass(frozen=True, slots=True)
class Export:
    """A batch and its codes as they are printed, each with the moment of its use (None: free), read as they go out."""

    batch: CodeBatch
    rows: Iterator[tuple[str, datetime | None]]


def add_shared_code(actor: Actor, promotion_id: int, text: str, reason: str) -> PromoCode:
    """Add a code that many customers may use, such as SUMMER2026, to a promotion by codes that has not ended.

    Raises PromotionNotFound, PromotionStatusRefused, InvalidParameter (`code`), PromoCodeTaken.
    """
    why = reasons.required(reason)
    code = codes.read_shared(text)
    with unit_of_work():
        promotion = _locked(promotion_id)
        made = code_services.add_shared(promotion, code)
        journal.record(actor, "promo_code.add", code, reason=why, promotion=promotion.name)
    return made


def order_codes(actor: Actor, promotion_id: int, *, count: int, prefix: str, length: int, reason: str) -> CodeBatch:
    """Order `count` single-use codes of `length` characters behind a prefix; a worker makes them soon after.

    Raises PromotionNotFound, PromotionStatusRefused, InvalidParameter (`count`, `prefix`), CodesTooShort when
    they could be guessed.
    """
    why = reasons.required(reason)
    if not 1 <= count <= LARGEST_BATCH:
        raise InvalidParameter(f"Write a whole number from 1 to {LARGEST_BATCH}.", name="count")
    beginning = codes.read_prefix(prefix)
    with unit_of_work():
        promotion = _locked(promotion_id)
        _require_unguessable(count, beginning, length)
        batch = CodeBatch.objects.create(
            promotion=promotion,
            prefix=beginning,
            length=length,
            count=count,
            actor=str(actor),
            created_at=clock.now(),
        )
        journal.record(
            actor, "code_batch.order", promotion.name, reason=why,
            batch=batch.pk, count=count, prefix=beginning, length=length,
        )  # fmt: skip
        wake(TASK)
    return batch


def make_codes(actor: Actor) -> int:
    """Make what was ordered, the oldest order first, chunk by chunk; return how many codes this run made.

    Safe to kill, to repeat and to run twice at once: a batch that another worker holds is passed over.
    """
    made, run = 0, None
    while True:
        with unit_of_work():
            batch = locks.lock_next_batch()
            if batch is None:
                break
            run = run or _begin(actor)
            chunk = code_services.make_chunk(batch, settings.PROMO_CODES_PER_CHUNK, clock.now())
            JobRun.objects.filter(pk=run.pk).update(done=F("done") + chunk, updated_at=clock.now())
        made += chunk
    if run is not None:
        JobRun.objects.filter(pk=run.pk).update(finished_at=clock.now(), result={"codes": made})
    return made


def export_codes(actor: Actor, batch_id: int, reason: str) -> Export:
    """Hand out the codes of a batch that is done; the journal says to whom. Never more than a chunk in memory.

    Raises InvalidParameter while the batch is being made.
    """
    why = reasons.required(reason)
    with unit_of_work():
        batch = CodeBatch.objects.select_related("promotion").get(pk=batch_id)
        if batch.status != CodeBatchStatus.DONE:
            raise InvalidParameter("The codes are still being made. Wait until all of them are there.", name="batch")
        journal.record(actor, "code_batch.export", batch.promotion.name, reason=why, batch=batch.pk, count=batch.count)
    rows = selectors.codes_of(batch.pk, settings.PROMO_CODES_PER_CHUNK)
    return Export(batch, ((codes.printed(code, batch.prefix), used_at) for code, used_at in rows))


def _locked(promotion_id: int) -> Promotion:
    promotion = locks.lock_promotion(promotion_id)
    if promotion.trigger != PromotionTrigger.CODE:
        raise InvalidParameter("This promotion does not give by promo codes.", name="promotion")
    if promotion.status == PromotionStatus.ENDED:
        raise PromotionStatusRefused("The promotion has ended.", status=promotion.status, action="codes")
    return promotion


def _require_unguessable(count: int, prefix: str, length: int) -> None:
    """Refuse a length at which a guess could hit one of these codes, or of those ordered before in the same form."""
    before = CodeBatch.objects.filter(prefix=prefix, length=length).aggregate(codes=Sum("count"))["codes"] or 0
    least = codes.shortest_length(before + count)
    if not least <= length <= codes.LONGEST_GENERATED:
        raise CodesTooShort(name="length", least=least, most=codes.LONGEST_GENERATED)


def _begin(actor: Actor) -> JobRun:
    now = clock.now()
    open_batches = CodeBatch.objects.exclude(status=CodeBatchStatus.DONE)
    total = open_batches.aggregate(codes=Sum(F("count") - F("made")))["codes"] or 0
    return JobRun.objects.create(
        job=MAKE_CODES, actor=str(actor), as_of=now, started_at=now, updated_at=now, total=total
    )
