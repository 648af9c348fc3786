"""The course of one run: seed, roll over, read and write, call over HTTP, check the books."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cards.models import Card
from loyalty.bench import databases, laws, rollover_runs, seeding
from loyalty.bench.bare import Bare
from loyalty.bench.kernel_runs import KernelRuns
from loyalty.bench.report import Report
from loyalty.bench.seeding import Batch, Progress
from loyalty.bench.web_runs import WebRuns
from loyalty.core import clock

PAIRS = 4
"""Rounds of the rollover: in each, ours and bare land the same number of lots."""

Stage = Callable[[str], Progress]


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for. `lots` are landed by ours, as many by bare SQL, as many under load."""

    lots: int
    contacts: int
    seconds: float
    http: bool
    connections: int
    web_workers: int


def run(order: Order, stage: Stage) -> Report:
    """Measure in a database of its own, which is dropped at the end; `stage` is told where the run is."""
    sizes = {"lots": order.lots, "contacts": order.contacts, "seconds": order.seconds}
    report = Report(sizes)
    stage("preparing a database")(0, 1)
    with databases.own_database() as url:
        now = clock.now()
        plan = _plan(order, now)
        seeding.seed_contacts(order.contacts, now, stage("contacts and cards"))
        seeding.seed_purchases(plan, now, stage("lots"))
        seeding.analyse()
        with databases.bare_connection() as connection:
            _measure(order, plan, Bare(connection), report, stage)
        if order.http:
            _measure_web(order, url, report, stage)
        stage("checking the books")(0, 1)
        report.broken_laws = laws.broken()
    return report


def _plan(order: Order, now: datetime) -> list[Batch]:
    """Return the batches in the order in which they are rolled over: pairs of equal ones, then one under load."""
    shares = 2 * PAIRS
    share = order.contacts // shares
    purchases = max(1, order.lots // PAIRS // share // 2)
    batches = [
        Batch(part * share + 1, (part + 1) * share, purchases, now - timedelta(days=shares + 1 - part))
        for part in range(shares)
    ]
    last = min(order.contacts, max(1, order.lots // 2 // purchases))
    return [*batches, Batch(1, last, purchases, now)]


def _measure(order: Order, plan: list[Batch], bare: Bare, report: Report, stage: Stage) -> None:
    stage("rollover")(0, 1)
    rollover = rollover_runs.compare(plan[:-1], bare)
    stage("purchases during a rollover")(0, 1)
    report.stalls = rollover_runs.measure_stalls(plan[-1], order.seconds)
    runs = KernelRuns(bare, order.contacts, clock.now())
    for name, measure in (("accrual", runs.accrual), ("spend", runs.spend), ("balance read", runs.balance)):
        stage(name)(0, 1)
        report.comparisons.append(measure(order.seconds))
    report.comparisons.append(rollover)


def _measure_web(order: Order, url: str, report: Report, stage: Stage) -> None:
    numbers = list(Card.objects.filter(contact__isnull=False).values_list("number", flat=True))
    runs = WebRuns(url, numbers, order.connections, order.web_workers)
    rounds = max(2, round(order.seconds * 2))
    stage("calls over HTTP")(0, 1)
    report.comparisons += list(runs.run(order.seconds, rounds))
