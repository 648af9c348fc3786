"""Books of many contacts who bought for half a year: every kind of operation, fifty transfers each, and they balance.

Each contact lives the same course a few hours apart, and what it holds at the end is reckoned from the course, never
written down twice. Rows come in the order of time, all contacts for each event, so that the history of one contact
lies scattered over the whole table as it does in a shop.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from loyalty.bench.bulk import loading
from loyalty.bench.seeding import Progress
from loyalty.ledger.accounts import Account, OperationKind

CHUNK = 20_000
"""Contacts in one statement."""

ACCRUALS = 11
_EVERY_DAYS = 20
_ESCROW_DAYS = 30
_LIFE_DAYS = 365
_SHORT_LIFE_DAYS = 81
_LENGTH_DAYS = 207
_TABLES = ("ledger_operation", "ledger_operationkey", "ledger_transfer", "ledger_lot", "ledger_draw")
_LANDING = (Account.SPENDABLE, Account.QUALIFYING)


@dataclass(frozen=True, slots=True)
class Amount:
    """So many times what a purchase of the contact earns, and some points more or less."""

    times: int
    more: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.times + other.times, self.more + other.more)

    def __neg__(self) -> "Amount":
        return Amount(-self.times, -self.more)


EARNED, NOTHING = Amount(1), Amount(0)


@dataclass(frozen=True, slots=True)
class Event:
    """An operation of every contact, `day` days after its first one.

    `purchase`: of which accrual it is, rolls over or is taken back. `draws`: what is taken, by lot (purchase, account).
    """

    kind: OperationKind
    day: int
    purchase: int = 0
    transfers: tuple[tuple[Account, Account, Amount], ...] = ()
    draws: dict[tuple[int, Account], Amount] = field(default_factory=dict)


def course() -> list[Event]:
    """Return what happens to every contact, in the order of time."""
    return sorted([*_accruals(), *_rollovers(), *_spends(), *_returns(), *_burned()], key=lambda event: event.day)


def short_course() -> list[Event]:
    """Return the course of somebody who bought twice: one purchase's points have landed, the other's are in escrow."""
    kept = {(OperationKind.ACCRUAL, 1), (OperationKind.ROLLOVER, 1), (OperationKind.ACCRUAL, ACCRUALS - 1)}
    return [event for event in course() if (event.kind, event.purchase) in kept]


TRANSFERS_OF_A_CONTACT = 50


def _accruals() -> Iterator[Event]:
    for purchase in range(ACCRUALS):
        issued = tuple((Account.ISSUED, Account(account + 1), EARNED) for account in _LANDING)
        yield Event(OperationKind.ACCRUAL, purchase * _EVERY_DAYS, purchase, issued)


def _rollovers() -> Iterator[Event]:
    """The last two purchases are still in escrow."""
    for purchase in range(ACCRUALS - 2):
        landing = tuple((Account(account + 1), account, EARNED) for account in _LANDING)
        yield Event(OperationKind.ROLLOVER, purchase * _EVERY_DAYS + _ESCROW_DAYS, purchase, landing)


def _spends() -> Iterator[Event]:
    """What expires first is spent first; one spend empties a lot and goes on with the next."""
    for day, taken in (
        (75, {0: Amount(0, 5)}),
        (95, {0: Amount(0, 5)}),
        (115, {1: EARNED, 2: Amount(0, 5)}),
        (135, {2: Amount(0, 2)}),
        (155, {2: Amount(0, 1)}),
    ):
        draws = {(purchase, Account.SPENDABLE): amount for purchase, amount in taken.items()}
        spent = sum(draws.values(), NOTHING)
        yield Event(OperationKind.REDEMPTION, day, -1, ((Account.SPENDABLE, Account.REDEEMED, spent),), draws)


def _returns() -> Iterator[Event]:
    """Goods of one purchase come back when its points have landed, of another while they are in escrow."""
    four = Amount(0, 4)
    for day, purchase, escrow in ((165, 4, 0), (191, 9, 1)):
        back = tuple((Account(account + escrow), Account.ISSUED, four) for account in _LANDING)
        draws = {(purchase, account): four for account in _LANDING}
        yield Event(OperationKind.RETURN, day, purchase, back, draws)


def _burned() -> Iterator[Event]:
    """The first purchase's points were given for a short time; two spends have left some of them."""
    left = EARNED + Amount(0, -10)
    moved = ((Account.SPENDABLE, Account.BURNED, left),)
    yield Event(OperationKind.EXPIRY, _ESCROW_DAYS + _SHORT_LIFE_DAYS, 0, moved, {(0, Account.SPENDABLE): left})


# A place in the course times the number of contacts, and the contact: so ids grow with time, and are known beforehand.
_EVENT = """
WITH person AS MATERIALIZED (
    SELECT n, 10 + n %% 40 + 0.25 AS earned,
        %(start)s::timestamptz - n %% 86000 * interval '1 second' + %(day)s * interval '1 day' AS moment,
        %(place)s * %(contacts)s::bigint + n AS operation
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
), operation AS (
    INSERT INTO ledger_operation (id, contact_id, kind, effective_at, recorded_at, actor, cause, corrects_id)
    SELECT operation, n, %(kind)s, moment, moment, 'system:bench', 'bench', %(corrects)s * %(contacts)s::bigint + n
    FROM person
), key AS (
    INSERT INTO ledger_operationkey (key, fingerprint, contact_id, operation_id)
    SELECT 'bench:books:' || operation, 'bench', n, operation FROM person WHERE %(keyed)s
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT n, operation, source, target, times * earned + more FROM person, unnest(%(sources)s::int[],
        %(targets)s::int[], %(times)s::int[], %(more)s::int[]) AS part (source, target, times, more)
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT n, lot * %(contacts)s::bigint + n, operation, times * earned + more FROM person,
        unnest(%(lots)s::bigint[], %(drawn_times)s::int[], %(drawn_more)s::int[]) AS part (lot, times, more)
)
INSERT INTO ledger_lot
    (id, contact_id, operation_id, account, earned, remaining, matures_at, expires_at, landed, expired)
SELECT made * %(contacts)s::bigint + n, n, operation, account, earned, times * earned + more,
    moment + %(escrow)s * interval '1 day',
    CASE WHEN account = 1 THEN moment + (%(escrow)s + %(life)s) * interval '1 day' END,
    %(landed)s * %(contacts)s::bigint + n, CASE WHEN account = 1 THEN %(expired)s * %(contacts)s::bigint + n END
FROM person, unnest(%(made)s::bigint[], %(accounts)s::int[], %(left_times)s::int[], %(left_more)s::int[])
    AS part (made, account, times, more)
"""

_BALANCES = """
INSERT INTO ledger_bonusbalance (contact_id, account, public_id, amount, lifetime)
SELECT n, account, gen_random_uuid(), times * (10 + n %% 40 + 0.25) + more, entered * (10 + n %% 40 + 0.25)
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n, unnest(%(accounts)s::int[], %(times)s::int[],
    %(more)s::int[], %(entered)s::int[]) AS part (account, times, more, entered)
"""


def seed_books(contacts: int, now: datetime, progress: Progress, events: list[Event] | None = None) -> int:
    """Write the course of so many contacts, ids from 1; return how many transfers that made. The books are empty."""
    events = events or course()
    total = contacts * sum(len(event.transfers) for event in events)
    done = 0
    with loading(_TABLES), connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        for place, event in enumerate(events):
            values = _values(place, event, events)
            values |= {"contacts": contacts, "start": now - timedelta(days=_LENGTH_DAYS)}
            for first, last in _chunks(contacts):
                cursor.execute(_EVENT, values | {"first": first, "last": last})
                done += (last - first + 1) * len(event.transfers)
                progress(done, total)
        for first, last in _chunks(contacts):
            cursor.execute(_BALANCES, _held(events) | {"first": first, "last": last})
        cursor.execute("SELECT setval('ledger_operation_id_seq', (SELECT max(id) FROM ledger_operation))")
        cursor.execute("SELECT setval('ledger_lot_id_seq', (SELECT max(id) FROM ledger_lot))")
    return total


def _chunks(contacts: int) -> Iterator[tuple[int, int]]:
    for first in range(1, contacts + 1, CHUNK):
        yield first, min(first + CHUNK - 1, contacts)


def _values(place: int, event: Event, events: list[Event]) -> dict[str, Any]:
    """Return the parameters of one event: its transfers, its draws, and the lots that an accrual makes."""
    places = {(each.kind, each.purchase): where for where, each in enumerate(events)}
    earning = event.kind == OperationKind.ACCRUAL
    made = [(event.purchase, account) for account in _LANDING] if earning else []
    left = [_left(lot, events) for lot in made]
    returned = event.kind == OperationKind.RETURN
    return {
        "place": place,
        "kind": str(event.kind),
        "day": event.day,
        "keyed": event.kind not in (OperationKind.ROLLOVER, OperationKind.EXPIRY),
        "corrects": places[OperationKind.ACCRUAL, event.purchase] if returned else None,
        "sources": [int(source) for source, _, _ in event.transfers],
        "targets": [int(target) for _, target, _ in event.transfers],
        "times": [amount.times for _, _, amount in event.transfers],
        "more": [amount.more for _, _, amount in event.transfers],
        "lots": [_number(lot) for lot in event.draws],
        "drawn_times": [amount.times for amount in event.draws.values()],
        "drawn_more": [amount.more for amount in event.draws.values()],
        "made": [_number(lot) for lot in made],
        "accounts": [int(account) for _, account in made],
        "left_times": [amount.times for amount in left],
        "left_more": [amount.more for amount in left],
        "escrow": _ESCROW_DAYS,
        "life": _LIFE_DAYS if event.purchase else _SHORT_LIFE_DAYS,
        "landed": places.get((OperationKind.ROLLOVER, event.purchase)),
        "expired": places.get((OperationKind.EXPIRY, event.purchase)),
    }


def _number(lot: tuple[int, Account]) -> int:
    purchase, account = lot
    return purchase * len(_LANDING) + _LANDING.index(account)


def _left(lot: tuple[int, Account], events: list[Event]) -> Amount:
    return sum((-event.draws[lot] for event in events if lot in event.draws), EARNED)


def _held(events: list[Event]) -> dict[str, list[int]]:
    """Return what every contact holds at the end and all that ever entered, by account."""
    held = dict.fromkeys(range(1, 5), NOTHING)
    entered = dict.fromkeys(range(1, 5), 0)
    for event in events:
        for source, target, amount in event.transfers:
            if target in held:
                held[target] += amount
                entered[target] += amount.times
            if source in held:
                held[source] += -amount
    return {
        "accounts": list(held),
        "times": [amount.times for amount in held.values()],
        "more": [amount.more for amount in held.values()],
        "entered": list(entered.values()),
    }
