"""A crowd of contacts as a large shop has them, with all that audiences ask for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection

from loyalty.bench import books_seeding, seeding
from loyalty.bench.bulk import loading
from loyalty.bench.scale import Stage
from loyalty.bench.seeding import Progress
from loyalty.models import Store
from promos.models import Segment
from tiers import selectors as tiers

CHUNK = 20_000
REGIONS = ("North", "South", "East", "West")
_STORES = 20
_PEOPLE = ("customers_contact", "customers_consent", "cards_card", "tiers_standing")
_DEEDS = ("loyalty_purchase", "promos_segmentmember")

# One in five was asked, half of them want nothing.
_CONSENTS = """
INSERT INTO customers_consent (contact_id, channel, allowed, source, actor, given_at)
SELECT n, 'sms', n %% 10 = 0, 'bench', 'system:bench', %(now)s
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n WHERE n %% 5 = 0
"""

# One in ten never bought; the others twice, on any two of the last two years' days.
_PURCHASES = """
INSERT INTO loyalty_purchase (purchase_id, fingerprint, contact_id, card_id, store_id, purchased_at, recorded_at,
    actor, offline, amount, paid, accrued, qualifying, status, terms, answer)
SELECT 'bench-' || turn || '-' || card.contact_id, 'bench', card.contact_id, card.id,
    (%(stores)s::bigint[])[1 + card.contact_id %% %(store_count)s::bigint],
    %(now)s::timestamptz - (card.contact_id * (7 + 4 * turn) %% 730) * interval '1 day', %(now)s::timestamptz,
    'client:bench', false, 100 + card.contact_id %% 900, 0, 0, 0, 'completed', '{}', '{}'
FROM cards_card card, generate_series(1, 2) AS turn
WHERE card.contact_id BETWEEN %(first)s AND %(last)s AND card.contact_id %% 10 <> 3
"""

_MEMBERS = """
INSERT INTO promos_segmentmember (segment_id, contact_id, added_at)
SELECT %(segment)s, n, %(now)s FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n WHERE n %% 5 = 1
"""


def seed(count: int, now: datetime, stage: Stage) -> Segment:
    """Make `count` contacts with cards, tiers, points, purchases and consents; return a segment of a fifth of them."""
    people = stage("contacts")
    with loading(_PEOPLE):
        ladder = [tier.pk for tier in tiers.ladder()]
        seeding.seed_contacts(count, now, people, tiers_of_contacts=ladder)
        _in_chunks(_CONSENTS, count, {"now": now}, people)
    books_seeding.seed_books(count, now, stage("points"), books_seeding.short_course())
    segment = Segment.objects.create(name="Bench", created_at=now, updated_at=now)
    stores = [
        Store(code=f"B{place:03}", region=REGIONS[place % len(REGIONS)], created_at=now) for place in range(_STORES)
    ]
    shops = [store.pk for store in Store.objects.bulk_create(stores)]
    deeds = stage("purchases")
    with loading(_DEEDS):
        _in_chunks(_PURCHASES, count, {"now": now, "stores": shops, "store_count": _STORES}, deeds)
        _in_chunks(_MEMBERS, count, {"now": now, "segment": segment.pk}, deeds)
    seeding.analyse()
    return segment


def _in_chunks(statement: str, count: int, values: dict[str, Any], progress: Progress) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        for first, last in _chunks(count):
            cursor.execute(statement, values | {"first": first, "last": last})
            progress(last, count)


def _chunks(count: int) -> Iterator[tuple[int, int]]:
    for first in range(1, count + 1, CHUNK):
        yield first, min(first + CHUNK - 1, count)
