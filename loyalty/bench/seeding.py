"""Shoppers with books that balance, made by a few statements in SQL: an hour of ORM calls in seconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from cards.models import CardCategory, CardSeries, CardStatus
from customers.models import ContactStatus
from loyalty.bench import databases
from tiers import selectors as tiers

CHUNK = 5_000
"""Contacts in one statement: enough for speed, few enough for a progress bar that moves."""

Progress = Callable[[int, int], None]

_CONTACTS = """
INSERT INTO customers_contact (id, public_id, code, phone, first_name, surname, birth_date, attributes,
    status, created_at, updated_at)
SELECT n, gen_random_uuid(), 'C' || lpad(n::text, 9, '0'), '+7900' || lpad(n::text, 7, '0'), 'Name ' || n,
    'Surname ' || n %% 1000, date '1950-01-01' + (n * 37 %% 20000)::int, '{}', %(status)s, %(now)s, %(now)s
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""

# The check digit of EAN-13: weights 1 and 3 from the left of the twelve digits.
_CARDS = """
INSERT INTO cards_card (number, series_id, category, card_type, status, contact_id, blocked_for_good,
    created_at, issued_at, bound_at, activated_at)
SELECT body || (10 - weighed.total %% 10) %% 10, %(series)s, %(category)s, 0, %(status)s,
    CASE WHEN %(bound)s THEN n END, false, %(now)s, CASE WHEN %(bound)s THEN %(now)s::timestamptz END,
    CASE WHEN %(bound)s THEN %(now)s::timestamptz END, CASE WHEN %(bound)s THEN %(now)s::timestamptz END
FROM (
    SELECT n, %(prefix)s || lpad(n::text, 8, '0') AS body
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
) AS serial, LATERAL (
    SELECT sum(substr(body, place, 1)::int * CASE WHEN place %% 2 = 0 THEN 3 ELSE 1 END) AS total
    FROM generate_series(1, 12) AS place
) AS weighed
"""

_STANDINGS = """
INSERT INTO tiers_standing (public_id, contact_id, tier_id, entered_at, reason)
SELECT gen_random_uuid(), n, (%(tiers)s::bigint[])[1 + n %% cardinality(%(tiers)s::bigint[])], %(entered)s, 'enrolled'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""

# What posting.accrue writes, for many contacts at once: `purchases` of each, an hour apart.
_PURCHASES = """
WITH operation AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT n, 'accrual', %(matures_at)s::timestamptz - interval '30 days' - hour * interval '1 hour'
        - n %% 1000 * interval '1 second', %(now)s, 'system:bench', 'bench'
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n, generate_series(0, %(purchases)s - 1) AS hour
    RETURNING id, contact_id, effective_at
), key AS (
    INSERT INTO ledger_operationkey (key, fingerprint, contact_id, operation_id)
    SELECT 'bench:seed:' || id, 'bench', contact_id, id FROM operation
), earned AS (
    SELECT id, contact_id, account, 10 + contact_id %% 40 + 0.25 AS amount,
        effective_at + interval '30 days' AS matures_at,
        CASE WHEN account = 1 THEN effective_at + interval '395 days' END AS expires_at
    FROM operation, (VALUES (1), (3)) AS part (account)
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT contact_id, id, 5, account + 1, amount FROM earned
), lot AS (
    INSERT INTO ledger_lot (contact_id, operation_id, account, earned, remaining, matures_at, expires_at)
    SELECT contact_id, id, account, amount, amount, matures_at, expires_at FROM earned
)
INSERT INTO ledger_bonusbalance (contact_id, account, public_id, amount, lifetime)
SELECT contact_id, held.account, gen_random_uuid(), held.amount, held.amount
FROM (SELECT contact_id, account, sum(amount) AS amount FROM earned GROUP BY contact_id, account) AS landing,
    LATERAL (VALUES (landing.account, 0), (landing.account + 1, landing.amount)) AS held (account, amount)
ORDER BY contact_id, held.account
ON CONFLICT (contact_id, account) DO UPDATE
SET amount = ledger_bonusbalance.amount + EXCLUDED.amount, lifetime = ledger_bonusbalance.lifetime + EXCLUDED.lifetime
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Purchases of neighbouring contacts, all mature at `matures_at` or up to some hours before."""

    first: int
    last: int
    purchases: int
    matures_at: datetime

    @property
    def lots(self) -> int:
        """Lots that the batch makes: a purchase makes one for each landing account."""
        return (self.last - self.first + 1) * self.purchases * 2


def seed_contacts(count: int, now: datetime, progress: Progress, tiers_of_contacts: Sequence[int] = ()) -> None:
    """Make `count` Active contacts, ids 1 to `count`, each with an Active card and in the Base tier.

    `tiers_of_contacts`: ids of tiers that they are in by turns, where the Base tier is not enough.
    """
    chosen = list(tiers_of_contacts) or [tier.pk for tier in tiers.ladder() if tier.rank == tiers.BASE_RANK]
    series = CardSeries.objects.get(issuing=True)
    with connection.cursor() as cursor:
        for first in range(1, count + 1, CHUNK):
            span = {"first": first, "last": min(first + CHUNK - 1, count)}
            cursor.execute(_CONTACTS, span | {"now": now, "status": ContactStatus.ACTIVE.value})
            cursor.execute(_CARDS, span | _card(series, now, bound=True))
            entered = now - timedelta(days=300)
            cursor.execute(_STANDINGS, span | {"tiers": chosen, "entered": entered})
            progress(span["last"], count)
        cursor.execute("SELECT setval('customers_contact_id_seq', %(last)s)", {"last": count})
    CardSeries.objects.filter(pk=series.pk).update(next_serial=count + 1)


def seed_pool(count: int, now: datetime) -> None:
    """Make `count` New virtual cards without a holder."""
    series = CardSeries.objects.get(issuing=True)
    span = {"first": series.next_serial, "last": series.next_serial + count - 1}
    with connection.cursor() as cursor:
        cursor.execute(_CARDS, span | _card(series, now, bound=False))
    CardSeries.objects.filter(pk=series.pk).update(next_serial=series.next_serial + count)


def seed_purchases(batches: list[Batch], now: datetime, progress: Progress) -> None:
    """Put the batches' purchases into escrow, lots and balances agreeing to the hundredth."""
    total = sum(batch.lots for batch in batches)
    done = 0
    with connection.cursor() as cursor:
        for batch in batches:
            for first in range(batch.first, batch.last + 1, CHUNK):
                part = Batch(first, min(first + CHUNK - 1, batch.last), batch.purchases, batch.matures_at)
                cursor.execute(
                    _PURCHASES,
                    {
                        "first": part.first,
                        "last": part.last,
                        "purchases": part.purchases,
                        "matures_at": part.matures_at,
                        "now": now,
                    },
                )
                done += part.lots
                progress(done, total)


def analyse() -> None:
    """Let the planner know the tables as they are, as autovacuum does in a database that has lived.

    Plans made on empty tables go with the connection; nobody measures a shop's first minute.
    """
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        if _may_checkpoint():
            cursor.execute("CHECKPOINT")
    databases.renew_connections()


def _may_checkpoint() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(current_user, 'pg_checkpoint', 'USAGE')")
        return bool(cursor.fetchone()[0])


def _card(series: CardSeries, now: datetime, *, bound: bool) -> dict[str, Any]:
    status = CardStatus.ACTIVE if bound else CardStatus.NEW
    return {
        "series": series.pk,
        "prefix": series.prefix,
        "category": CardCategory.VIRTUAL.value,
        "status": status.value,
        "bound": bound,
        "now": now,
    }
