"""What a contact has done and owns, row by row: it goes over with a merge and comes back when that is undone.

Consents, journal and the books stay where they were written: they are append-only, and are read for both.
"""

from collections.abc import Mapping
from decimal import Decimal

from django.db import connection
from django.db.models import Model

from cards import locks as card_locks
from cards.models import Card
from loyalty.models import AdjustmentRequest, Purchase
from loyalty.services import locks
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
SELECT award.key::bigint, sum(award.value::numeric)
FROM loyalty_purchase purchase, jsonb_each_text(purchase.terms -> 'awarded') award
WHERE purchase.id = ANY(%(purchases)s) AND award.key::bigint = ANY(%(promotions)s) GROUP BY 1
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


def hand_back(found: Ids, taker: int) -> None:
    """Give the rows with these keys to a contact (5 statements)."""
    for model, column in GOES_OVER:
        model._default_manager.filter(pk__in=found.get(model._meta.label_lower, [])).update(**{column: taker})


def lock_cards(*contacts: int) -> list[Card]:
    """Lock the cards of contacts in the order of their keys."""
    numbers = Card.objects.filter(contact_id__in=contacts).values_list("number", flat=True)
    return list(card_locks.lock_by_numbers(numbers).values())


def awarded(purchases: list[int], promotions: list[int]) -> Mapping[int, Decimal]:
    """Return what promotions gave for purchases, less what has come back of it (1 statement)."""
    if not purchases or not promotions:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_AWARDED, {"purchases": purchases, "promotions": promotions})
        return dict(cursor.fetchall())
