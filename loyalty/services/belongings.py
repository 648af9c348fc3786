"""What a contact has done and owns, row by row: it goes over with a merge and comes back when that is undone.

Consents, journal and the books stay where they were written: they are append-only, and are read for both.
"""

from collections.abc import Collection, Mapping

from django.db import connection
from django.db.models import Exists, Model, OuterRef

from cards import locks as card_locks
from cards.models import Card
from loyalty.ledger.models import Operation
from loyalty.models import AdjustmentRequest, Purchase
from loyalty.services import locks
from promos.merging import Share
from promos.models import CodeUse, FiscalReceipt, PromoCode

Ids = dict[str, list[int]]

GOES_OVER: tuple[tuple[type[Model], str], ...] = (
    (AdjustmentRequest, "contact_id"),
    (Purchase, "contact_id"),
    (FiscalReceipt, "contact_id"),
    (PromoCode, "used_by_id"),
    (CodeUse, "contact_id"),
)
"""Tables whose rows name their contact, and by which column."""

_AWARDED = """
SELECT award.key::bigint, sum(award.value::numeric), sum(given.times) FROM (
    SELECT terms -> 'awarded' AS awards, 0 AS times FROM loyalty_purchase WHERE id = ANY(%(purchases)s)
    UNION ALL SELECT awards, 1 FROM promos_fiscalreceipt WHERE id = ANY(%(receipts)s) AND status = 'credited'
) given, jsonb_each_text(given.awards) award
WHERE award.key::bigint = ANY(%(promotions)s) GROUP BY 1
"""


def lock_all(contact_id: int) -> None:
    """Lock everything that names a contact: first in the order of locks, as returns and receipts are (5 statements)."""
    for model, column in GOES_OVER:
        locks.lock_records(model, **{column: contact_id})


def lock_these(found: Ids) -> None:
    """Lock the rows with these keys."""
    for model, _ in GOES_OVER:
        locks.lock_records(model, pk__in=found.get(model._meta.label_lower, []))


def hand_over(giver: int, taker: int) -> Ids:
    """Give everything of one contact to another; return the keys, by table (10 statements)."""
    found: Ids = {}
    for model, column in GOES_OVER:
        rows = model._default_manager.filter(**{column: giver})
        found[model._meta.label_lower] = list(rows.order_by("pk").values_list("pk", flat=True))
        rows.update(**{column: taker})
    return found


def going_back(found: Ids, keeper: int) -> Ids:
    """Return those keys whose rows go back: what was undecided when it came, and gave points since, stays with
    `keeper`, who has those points (2 statements)."""
    back = dict(found)
    for model in (AdjustmentRequest, FiscalReceipt):
        rows = model._default_manager.filter(pk__in=found.get(model._meta.label_lower, []))
        here = Operation.objects.filter(pk=OuterRef("operation_id"), contact_id=keeper)
        back[model._meta.label_lower] = list(rows.exclude(Exists(here)).order_by("pk").values_list("pk", flat=True))
    return back


def hand_back(found: Ids, giver: int, taker: int) -> None:
    """Give the rows with these keys that `giver` has to another contact (5 statements)."""
    for model, column in GOES_OVER:
        rows = model._default_manager.filter(pk__in=found.get(model._meta.label_lower, []), **{column: giver})
        rows.update(**{column: taker})


def lock_cards(*contacts: int) -> list[Card]:
    """Lock the cards of contacts in the order of their keys."""
    numbers = Card.objects.filter(contact_id__in=contacts).values_list("number", flat=True)
    return list(card_locks.lock_by_numbers(numbers).values())


def awarded(found: Ids, promotions: Collection[int]) -> Mapping[int, Share]:
    """Return what promotions gave for these purchases and receipts, less what has come back of it (1 statement).

    Only receipts are counted by times.
    """
    given = {"purchases": found[Purchase._meta.label_lower], "receipts": found[FiscalReceipt._meta.label_lower]}
    if not promotions or not any(given.values()):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_AWARDED, given | {"promotions": list(promotions)})
        return {promotion: Share(points, int(times)) for promotion, points, times in cursor.fetchall()}
