"""Changes to promo codes: made in chunks, used once. Called by loyalty.services inside its transaction only."""

from datetime import datetime
from decimal import Decimal

from django.db import connection

from promos import codes
from promos.errors import PromoCodeAlreadyUsed, PromoCodeTaken
from promos.models import CodeBatch, CodeBatchStatus, CodeUse, PromoCode, Promotion

# A code that is there already, by whatever improbable chance, is passed over; the next chunk makes up for it.
_INSERT = """
INSERT INTO promos_promocode (promotion_id, batch_id, code, single_use)
SELECT %(promotion)s, %(batch)s, code, true FROM unnest(%(codes)s::text[]) AS code
ON CONFLICT (code) DO NOTHING
"""


def make_chunk(batch: CodeBatch, most: int, now: datetime) -> int:
    """Make up to `most` codes of a locked batch and note how many; return that number (2 statements)."""
    wanted = min(most, batch.count - batch.made)
    if batch.status == CodeBatchStatus.WAITING:
        batch.start()
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "promotion": batch.promotion_id,
                "batch": batch.pk,
                "codes": codes.make(wanted, batch.prefix, batch.length),
            },
        )
        made = int(cursor.rowcount)
    batch.made += made
    if batch.made == batch.count:
        batch.finish()
        batch.finished_at = now
    batch.save(update_fields=["made", "status", "finished_at"])
    return made


def add_shared(promotion: Promotion, code: str) -> PromoCode:
    """Add a shared code in its stored form to a locked promotion. Raises PromoCodeTaken, naming who has it."""
    known = PromoCode.objects.select_related("promotion").filter(code=code)
    if not known.exists():
        PromoCode.objects.bulk_create(
            [PromoCode(promotion=promotion, code=code, single_use=False)], ignore_conflicts=True
        )
        made = known.filter(promotion=promotion).first()
        if made is not None:
            return made
    raise PromoCodeTaken(name="code", promotion=known.get().promotion.name)


def use_up(code: PromoCode, contact_id: int, now: datetime) -> None:
    """Note who used a locked single-use code. Raises PromoCodeAlreadyUsed when somebody has."""
    free = PromoCode.objects.filter(pk=code.pk, used_at__isnull=True)
    if not free.update(used_at=now, used_by=contact_id):
        raise PromoCodeAlreadyUsed()


def record_use(
    code: PromoCode, contact_id: int, points: Decimal, operation_id: int, *, actor: str, now: datetime
) -> CodeUse:
    """Keep what a code gave to a customer, and which operation of the books it was."""
    return CodeUse.objects.create(
        code=code,
        promotion_id=code.promotion_id,
        contact_id=contact_id,
        points=points,
        operation_id=operation_id,
        actor=actor,
        used_at=now,
    )
