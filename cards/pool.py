"""Card numbers in sets: adding them, and making the next ones of a series.

Called by loyalty.services inside its transaction only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from cards import locks, numbers
from cards.models import CardCategory, CardSeries, CardStatus

AT_ONCE = 10_000
"""Numbers that one statement adds."""

FARTHEST = 50_000
"""Serials that one statement looks over where imported numbers stand in the way."""

# In the order given, so that two calls that add the same numbers wait for each other and never in a ring. A number
# that another call has added and not committed yet is waited for; when it is there, it is passed over.
_ADD = f"""
INSERT INTO cards_card (number, series_id, category, card_type, status, blocked_for_good, created_at)
SELECT given.number, %(series)s, %(category)s, %(card_type)s, {CardStatus.NEW.value}, false, %(now)s
FROM unnest(%(numbers)s::text[]) WITH ORDINALITY AS given (number, place)
WHERE NOT EXISTS (SELECT 1 FROM cards_card WHERE cards_card.number = given.number)
ORDER BY given.place LIMIT %(most)s
ON CONFLICT (number) DO NOTHING
RETURNING number
"""

# Status and category are written out: as parameters they would hide the index of the pool.
_FREE = f"""
SELECT count(*) FROM (
    SELECT 1 FROM cards_card card
    WHERE card.status = {CardStatus.NEW.value} AND card.category = {CardCategory.VIRTUAL.value}
      AND NOT EXISTS (SELECT 1 FROM cards_reservation WHERE card_id = card.id AND reserved_until > %(now)s)
    LIMIT %(most)s
) AS free
"""


def add_numbers(
    series: CardSeries, given: Sequence[str], category: int, now: datetime, *, most: int | None = None
) -> list[str]:
    """Make New cards of those numbers that are not in the system, at most `most`; return them, in order (1 statement).

    Give them in ascending order: the locks of all callers then come in one order.
    """
    parameters: dict[str, Any] = {
        "series": series.pk,
        "category": category,
        "card_type": series.card_type,
        "now": now,
        "numbers": list(given),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD, parameters)
        return sorted(row[0] for row in cursor.fetchall())


def known(given: Sequence[str]) -> set[str]:
    """Return those of the numbers that are in the system (1 statement)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM cards_card WHERE number = ANY(%s::text[])", [list(given)])
        return {row[0] for row in cursor.fetchall()}


def make_cards(series_id: int, count: int, category: CardCategory, now: datetime) -> list[str]:
    """Make `count` New cards with the next free numbers of a series; return the numbers.

    Numbers that were imported are stepped over, many at a time. Raises ValueError when the series has fewer
    numbers left; then nothing is made.
    """
    series = locks.lock_series(series_id)
    serial, made = series.next_serial, list[str]()
    window = min(count, AT_ONCE)
    while len(made) < count:
        missing = min(count - len(made), AT_ONCE)
        candidates = numbers.make_numbers(series, serial, max(window, missing))
        if not candidates:
            raise ValueError(f"series {series.prefix} has no numbers left")
        added = add_numbers(series, candidates, category, now, most=missing)
        made += added
        # After the last one made, not after the last one looked at: what a call that is not committed yet kept from
        # us may be followed by free ones.
        serial = numbers.serial_of(series, added[-1]) + 1 if added else serial + len(candidates)
        window = missing if len(added) == missing else min(2 * window, FARTHEST)
    CardSeries.objects.filter(pk=series.pk).update(next_serial=serial)
    return made


def free_numbers(now: datetime, most: int) -> int:
    """Count the free virtual numbers of the pool - New, not reserved - and stop at `most`."""
    with connection.cursor() as cursor:
        cursor.execute(_FREE, {"now": now, "most": most})
        return int(cursor.fetchone()[0])
