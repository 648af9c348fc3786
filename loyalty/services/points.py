"""Rolling points over, for one contact inside a use case or for everyone in ranges (specs/points_and_tiers.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.ledger import burning, locks, rollover
from loyalty.ledger.rollover import Landed
from loyalty.ledger.rounding import ZERO
from loyalty.services import program, ranges
from loyalty.services.ranges import Progress, RangeJob
from tiers import services as tiers

ROLLOVER = "roll_over_escrow"


@dataclass(frozen=True, slots=True)
class LandedRange:
    """What landed of some contacts, and how many of them moved up."""

    landed: Landed
    upgraded: int

    @property
    def lots(self) -> int:
        """How many lots landed."""
        return self.landed.lots


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

    def add(self, part: LandedRange) -> None:
        """Count one range."""
        self.lots += part.lots
        self.spendable += part.landed.spendable
        self.qualifying += part.landed.qualifying
        self.upgraded += part.upgraded

    def result(self) -> dict[str, Any]:
        """Return what the row of the run keeps."""
        return {"spendable": str(self.spendable), "qualifying": str(self.qualifying), "upgraded": self.upgraded}


def settle(contact_id: int, actor: Actor, zone: ZoneInfo) -> None:
    """Land what has matured for one contact and move its tier, inside the caller's transaction."""
    land([contact_id], clock.now(), actor, zone)


def settle_fully(contact_id: int, actor: Actor, zone: ZoneInfo) -> None:
    """Lock the contact's balances, land what has matured and book what has expired, in the caller's transaction."""
    now = clock.now()
    if locks.lock_balances(contact_id, now).due:
        land([contact_id], now, actor, zone)
    burning.burn([contact_id], as_of=now, recorded_at=now, actor=str(actor))


def roll_over_escrow(
    actor: Actor, *, as_of: datetime | None = None, progress: Progress | None = None
) -> RolloverSummary:
    """Land every lot that has matured at `as_of` (now unless given), range of contacts by range.

    Safe to kill, to run twice at once, to run late: each range is a transaction of its own, and what is
    landed is not due again. Raises InvalidParameter for an `as_of` in the future.
    """
    moment, zone = ranges.moment_of(as_of), program.settings().tzinfo
    due = rollover.due_ranges(moment, settings.ROLLOVER_LOTS_PER_RANGE)
    summary = RolloverSummary(contacts=sum(len(each.contacts) for each in due))
    job = RangeJob(
        ROLLOVER,
        actor,
        moment,
        work=lambda contacts: land(contacts, moment, actor, zone),
        count=summary.add,
        result=summary.result,
    )
    summary.busy = ranges.run(job, due, progress)
    return summary


def preview_rollover(as_of: datetime) -> RolloverSummary:
    """Return what a rollover at `as_of` would take, writing nothing; the future is allowed."""
    return RolloverSummary(*rollover.preview(as_of))


def land(contacts: Sequence[int], as_of: datetime, actor: Actor, zone: ZoneInfo) -> LandedRange:
    """Lock the contacts' balances, land what has matured at `as_of`, move tiers, in the caller's transaction."""
    now = clock.now()
    landed = rollover.roll_over(contacts, as_of=as_of, recorded_at=now, actor=str(actor), cause="maturity")
    return LandedRange(landed, len(tiers.upgrade(landed.qualified, now, zone)))
