"""Rolling points over, for one contact inside a use case or for everyone in ranges (specs/points_and_tiers.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy, InvalidParameter
from loyalty.ledger import burning, locks, rollover
from loyalty.ledger.rollover import ContactRange, Landed
from loyalty.ledger.rounding import ZERO
from loyalty.models import JobRun
from loyalty.services import program
from loyalty.services.unit_of_work import unit_of_work
from tiers import services as tiers

ROLLOVER = "roll_over_escrow"
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class RolloverSummary:
    """What a run rolled over, or would roll over: contacts, lots, points, and contacts that moved up.

    `busy`: ranges left for the next run, because another call kept one of their rows locked.
    """

    contacts: int = 0
    lots: int = 0
    spendable: Decimal = ZERO
    qualifying: Decimal = ZERO
    upgraded: int = 0
    busy: int = 0

    def add(self, landed: Landed, upgraded: int) -> None:
        """Count one range."""
        self.lots += landed.lots
        self.spendable += landed.spendable
        self.qualifying += landed.qualifying
        self.upgraded += upgraded


def settle(contact_id: int, actor: Actor, zone: ZoneInfo) -> None:
    """Land what has matured for one contact and move its tier, inside the caller's transaction."""
    _land([contact_id], clock.now(), actor, zone)


def settle_fully(contact_id: int, actor: Actor, zone: ZoneInfo) -> None:
    """Lock the contact's balances, land what has matured and book what has expired, in the caller's transaction."""
    now = clock.now()
    if locks.lock_balances(contact_id, now).due:
        _land([contact_id], now, actor, zone)
    burning.burn([contact_id], as_of=now, recorded_at=now, actor=str(actor))


def roll_over_escrow(
    actor: Actor, *, as_of: datetime | None = None, progress: Progress | None = None
) -> RolloverSummary:
    """Land every lot that has matured at `as_of` (now unless given), range of contacts by range.

    Safe to kill, to run twice at once, to run late: each range is a transaction of its own, and what is
    landed is not due again. Raises InvalidParameter for an `as_of` in the future.
    """
    moment = as_of or clock.now()
    if moment > clock.now():
        raise InvalidParameter("A time in the future goes only with a dry run.", name="as_of")
    ranges = rollover.due_ranges(moment, settings.ROLLOVER_LOTS_PER_RANGE)
    summary = RolloverSummary(contacts=sum(len(each.contacts) for each in ranges))
    if ranges:
        _run(actor, moment, ranges, summary, progress or _silent)
    return summary


def preview_rollover(as_of: datetime) -> RolloverSummary:
    """Return what a rollover at `as_of` would take, writing nothing; the future is allowed."""
    return RolloverSummary(*rollover.preview(as_of))


def _run(
    actor: Actor, as_of: datetime, ranges: list[ContactRange], summary: RolloverSummary, progress: Progress
) -> None:
    zone = program.settings().tzinfo
    now = clock.now()
    total = sum(each.lots for each in ranges)
    run = JobRun.objects.create(
        job=ROLLOVER, actor=str(actor), as_of=as_of, started_at=now, updated_at=now, total=total
    )
    for each in ranges:
        try:
            _roll_over_range(actor, as_of, each, zone, run, summary)
        except Busy:
            summary.busy += 1
        progress(summary.lots, total)
    JobRun.objects.filter(pk=run.pk).update(
        finished_at=clock.now(),
        result={
            "lots": summary.lots,
            "spendable": str(summary.spendable),
            "qualifying": str(summary.qualifying),
            "upgraded": summary.upgraded,
            "busy_ranges": summary.busy,
        },
    )


def _roll_over_range(
    actor: Actor, as_of: datetime, each: ContactRange, zone: ZoneInfo, run: JobRun, summary: RolloverSummary
) -> None:
    with unit_of_work():
        rollover.commit_without_waiting()
        landed, upgraded = _land(each.contacts, as_of, actor, zone)
        JobRun.objects.filter(pk=run.pk).update(done=F("done") + landed.lots, updated_at=clock.now())
    summary.add(landed, upgraded)


def _land(contacts: Sequence[int], as_of: datetime, actor: Actor, zone: ZoneInfo) -> tuple[Landed, int]:
    now = clock.now()
    landed = rollover.roll_over(contacts, as_of=as_of, recorded_at=now, actor=str(actor), cause="maturity")
    return landed, len(tiers.upgrade(landed.qualified, now, zone))


def _silent(_done: int, _total: int) -> None:
    return None
