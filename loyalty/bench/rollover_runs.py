"""The rollover beside bare SQL, and what an online purchase feels of it."""

import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
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
_WARM_UP = 5


@dataclass(slots=True)
class Stalls:
    """Milliseconds that single online purchases took, alone and while the rollover ran.

    `ranges`: milliseconds that each range of the rollover took, the longest that its locks can have been held.
    """

    lots: int
    alone: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    ranges: list[float] = field(default_factory=list)


def compare(batches: list[Batch], bare: Bare) -> Comparison:
    """Roll over the batches in turns, ours and bare, in the order in which they mature."""
    comparison = Comparison("rollover", aim=0.8, unit=" lots/s")
    size = settings.ROLLOVER_LOTS_PER_RANGE
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
    """Buy with cards of the batch's contacts, first alone, then while its lots are rolled over.

    The buyer stays where the rollover is: every purchase meets locked balances as often as can be.
    """
    stalls = Stalls(batch.lots)
    held = Card.objects.filter(contact_id__gte=batch.first, contact_id__lte=batch.last)
    buyer = _Buyer(list(held.order_by("contact_id").values_list("number", flat=True)))
    buyer.buy(stalls.alone, seconds=seconds_alone)
    buyer.start(stalls.during)
    began = time.perf_counter()

    def follow(done: int, total: int) -> None:
        nonlocal began
        now = time.perf_counter()
        stalls.ranges.append((now - began) * 1000)
        began = now
        buyer.follow(done, total)

    try:
        points.roll_over_escrow(_JOB, as_of=batch.matures_at, progress=follow)
    finally:
        buyer.stop()
    # Before the first range the rollover also looks for what is due, without a lock.
    del stalls.ranges[:1]
    return stalls


class _Buyer:
    """A thread that makes one online purchase after another, with a connection of its own."""

    def __init__(self, numbers: list[str]) -> None:
        self.numbers = numbers
        self._place = 0.0
        self._chance = random.Random(2)  # noqa: S311 - not a secret
        self._done = threading.Event()
        self._thread = threading.Thread()

    def buy(self, taken: list[float], seconds: float) -> None:
        """Buy for some seconds, and note the milliseconds of each purchase."""
        self.start(taken)
        time.sleep(seconds)
        self.stop()

    def start(self, taken: list[float]) -> None:
        """Begin to buy."""
        self._done.clear()
        self._thread = threading.Thread(target=self._run, args=(taken,))
        self._thread.start()

    def stop(self) -> None:
        """Make an end, and wait for the purchase that is under way."""
        self._done.set()
        self._thread.join()

    def follow(self, done: int, total: int) -> None:
        """Go on where the rollover goes on: the ranges are in the order of the contacts."""
        self._place = done / total

    def _run(self, taken: list[float]) -> None:
        prefix = f"bench-{time.monotonic_ns()}"
        size = settings.ROLLOVER_LOTS_PER_RANGE
        try:
            for turn in itertools.count():
                if self._done.is_set():
                    return
                chosen = int(self._place * len(self.numbers)) + self._chance.randrange(size)
                sale = _sale(f"{prefix}-{turn}", self.numbers[chosen % len(self.numbers)])
                started = time.perf_counter()
                purchases.add_purchase(TILL, sale)
                # The first ones prepare the statements of the thread's connection.
                if turn >= _WARM_UP:
                    taken.append((time.perf_counter() - started) * 1000)
        finally:
            connection.close()


def _sale(purchase_id: str, number: str) -> Sale:
    return Sale(
        purchase_id=purchase_id,
        number=number,
        phone="",
        purchased_at=clock.now(),
        store="0001",
        amount=Decimal("10.00"),
        lines=(Line(Decimal("4.00")), Line(Decimal("6.00"))),
    )
