"""The rollover beside bare SQL, and what an online purchase feels of it."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection

from cards.models import Card
from loyalty.bench.bare import Bare
from loyalty.bench.rounds import Comparison
from loyalty.bench.seeding import Batch
from loyalty.core import actors, clock
from loyalty.services import points, purchases
from loyalty.services.purchases import Sale
from promos.basket import Line

TILL = actors.client("bench", "till", "cash_desk")
_JOB = actors.system("bench")
_SAMPLE = 500


@dataclass(slots=True)
class Stalls:
    """Milliseconds that single online purchases took, alone and while the rollover ran."""

    lots: int
    alone: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)


def compare(batches: list[Batch], bare: Bare) -> Comparison:
    """Roll over the batches in turns, ours and bare, in the order in which they mature."""
    comparison = Comparison("rollover", aim=0.8, unit=" lots/s")
    size = settings.ROLLOVER_CONTACTS_PER_RANGE
    for number, pair in enumerate(zip(batches[::2], batches[1::2], strict=True)):
        rates = {}
        for batch, ours in zip(pair, (number % 2 == 0, number % 2 == 1), strict=True):
            rates[ours] = _rate(batch, _ours(batch) if ours else _bare(bare, batch, size))
        comparison.add(rates[True], rates[False])
    return comparison


def _ours(batch: Batch) -> Callable[[], int]:
    return lambda: points.roll_over_escrow(_JOB, as_of=batch.matures_at).lots


def _bare(bare: Bare, batch: Batch, size: int) -> Callable[[], int]:
    return lambda: bare.roll_over(batch.matures_at, clock.now(), size)


def _rate(batch: Batch, work: Callable[[], int]) -> float:
    started = time.perf_counter()
    lots = work()
    taken = time.perf_counter() - started
    if lots != batch.lots:
        raise RuntimeError(f"{batch.lots} lots were due, {lots} were rolled over")
    return lots / taken


def measure_stalls(batch: Batch, seconds_alone: float) -> Stalls:
    """Buy with cards of the batch's contacts, first alone, then while its lots are rolled over."""
    stalls = Stalls(batch.lots)
    held = Card.objects.filter(contact_id__range=(batch.first, batch.last)).order_by("contact_id")
    numbers = list(held.values_list("number", flat=True))
    chance = random.Random(2)  # noqa: S311 - not a secret
    sample = [chance.choice(numbers) for _ in range(_SAMPLE)]
    # Twice: a thread's connection prepares its statements before anything is measured.
    _buy_in_thread(sample, [], seconds=min(1.0, seconds_alone))
    _buy_in_thread(sample, stalls.alone, seconds=seconds_alone)
    done = threading.Event()
    buyer = threading.Thread(target=_buy, args=(sample, stalls.during, done.is_set))
    buyer.start()
    try:
        points.roll_over_escrow(_JOB, as_of=batch.matures_at)
    finally:
        done.set()
        buyer.join()
    return stalls


def _buy_in_thread(numbers: list[str], taken: list[float], seconds: float) -> None:
    ends = time.monotonic() + seconds
    buyer = threading.Thread(target=_buy, args=(numbers, taken, lambda: time.monotonic() > ends))
    buyer.start()
    buyer.join()


def _buy(numbers: list[str], taken: list[float], enough: Callable[[], bool]) -> None:
    prefix = f"bench-{threading.get_ident()}-{time.monotonic_ns()}"
    try:
        for turn in range(10**9):
            if enough():
                return
            sale = Sale(
                purchase_id=f"{prefix}-{turn}",
                number=numbers[turn % len(numbers)],
                phone="",
                purchased_at=clock.now(),
                store="0001",
                amount=Decimal("10.00"),
                lines=(Line(Decimal("4.00")), Line(Decimal("6.00"))),
            )
            started = time.perf_counter()
            purchases.add_purchase(TILL, sale)
            taken.append((time.perf_counter() - started) * 1000)
    finally:
        connection.close()
