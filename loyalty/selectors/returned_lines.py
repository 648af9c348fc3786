"""What came back of a contact's purchases, line by line (specs/koshelek.md, call 5). No writes, no locks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection

from loyalty.ledger import rounding
from promos import basket
from promos.basket import Line

# A cancelled purchase did not happen, and neither did what came back of it before.
_RETURNED = """
SELECT back.id, back.recorded_at, back.taken_back, coalesce(nullif(line.name, ''), line.sku),
    part.amount, part.quantity, line.amount, line.quantity, coalesce(nullif(store.name, ''), store.code)
FROM loyalty_purchase purchase
JOIN loyalty_purchasereturn back ON back.purchase_id = purchase.id AND back.kind = 'refund'
JOIN loyalty_store store ON store.id = purchase.store_id
CROSS JOIN LATERAL jsonb_to_recordset(back.lines) AS part (position smallint, amount numeric, quantity numeric)
JOIN loyalty_purchaseline line ON line.purchase_id = purchase.id AND line.position = part.position
WHERE purchase.contact_id = %(contact)s AND purchase.status <> 'cancelled'
  AND back.recorded_at >= %(since)s AND back.recorded_at < %(until)s
ORDER BY back.recorded_at DESC, back.id DESC, line.position LIMIT %(most)s
"""
_SMALLEST_PIECE = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """What came back of one line, in positive numbers: money, pieces, and the points that the return took with it."""

    moment: datetime
    item: str
    amount: Decimal
    quantity: Decimal
    location: str
    taken_back: Decimal


class _Row(NamedTuple):
    return_id: int
    moment: datetime
    taken_back: Decimal
    item: str
    amount: Decimal
    quantity: Decimal
    line_amount: Decimal
    line_quantity: Decimal
    location: str


def returned_lines(contact_id: int, since: datetime, until: datetime, most: int) -> list[ReturnedLine]:
    """Return the lines of a contact's refunds of a time, newest first (1 statement).

    The points that a refund took back stand on its lines in proportion to their money, and sum to what it took.
    """
    parameters: dict[str, Any] = {"contact": contact_id, "since": since, "until": until, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(_RETURNED, parameters)
        rows = [_Row._make(row) for row in cursor.fetchall()]
    return [line for _, part in groupby(rows, key=lambda row: row.return_id) for line in _lines(list(part))]


def _lines(rows: list[_Row]) -> Iterator[ReturnedLine]:
    points = basket.spread(rows[0].taken_back, [Line(row.amount) for row in rows])
    for row, taken_back in zip(rows, points, strict=True):
        yield ReturnedLine(row.moment, row.item, row.amount, _pieces(row), row.location, taken_back)


def _pieces(row: _Row) -> Decimal:
    """Return how many pieces came back: of money that came back without naming any, its part of the line's."""
    if row.quantity or not row.line_amount:
        return row.quantity
    return max(rounding.share(row.line_quantity, row.amount, row.line_amount), _SMALLEST_PIECE)
