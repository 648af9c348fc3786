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
from loyalty.ledger import burning, closing, locks, rollover
from loyalty.ledger.closing import Closed
from loyalty.ledger.rollover import Landed
from loyalty.ledger.rounding import ZERO
from loyalty.services import program, ranges
from loyalty.services.ranges import Progress, RangeJob
from tiers import courses, rules
from tiers import services as tiers
from tiers.services import Moved

ROLLOVER = "roll_over_escrow"


@dataclass(frozen=True, slots=True)
class Settled:
    """What the clock had done to some contacts and is booked now: landings, moves between tiers, closed years."""

    landed: Landed
    moved: Moved
    closed: Closed


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

    def add(self, part: Settled) -> None:
        """Count one range."""
        self.lots += part.landed.lots
        self.spendable += part.landed.spendable
        self.qualifying += part.landed.qualifying
        self.upgraded += part.moved.upgraded

    def result(self) -> dict[str, Any]:
        """Return what the row of the run keeps."""
        return {"spendable": str(self.spendable), "qualifying": str(self.qualifying), "upgraded": self.upgraded}


def settle(contact_id: int, actor: Actor, zone: ZoneInfo) -> None:
    """Land what has matured for one contact, move its tier, close its year, inside the caller's transaction."""
    settle_many([contact_id], clock.now(), actor, zone)


def settle_fully(contact_id: int, actor: Actor, zone: ZoneInfo, *, not_before: datetime | None = None) -> None:
    """Lock the contact's balances, land what has matured, judge the standing that has ended, close its year and book
    what has expired, in the caller's transaction.

    `not_before`: when the points came, for those that came after their maturity, their expiry or their year.
    """
    now = clock.now()
    if locks.lock_balances(contact_id, now).due or courses.is_due(contact_id, now, zone):
        settle_many([contact_id], now, actor, zone, ended=True, not_before=not_before)
    burning.burn([contact_id], as_of=now, recorded_at=now, actor=str(actor), not_before=not_before)


def join(contact_id: int, actor: Actor, zone: ZoneInfo) -> bool:
    """Enrol a contact, also one who left; return False when it takes part already. Inside the caller's transaction.

    Who left may hold points of a year that is over: they are closed first, or the old year would lift into the new one.
    """
    if tiers.has_left(contact_id):
        settle_fully(contact_id, actor, zone)
    return tiers.join(contact_id, clock.now(), zone)


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
        work=lambda contacts: settle_many(contacts, moment, actor, zone),
        size=lambda part: part.landed.lots,
        count=summary.add,
        result=summary.result,
    )
    summary.busy = ranges.run(job, due, progress)
    return summary


def preview_rollover(as_of: datetime) -> RolloverSummary:
    """Return what a rollover at `as_of` would take, writing nothing; the future is allowed."""
    return RolloverSummary(*rollover.preview(as_of))


def settle_many(
    contacts: Sequence[int],
    as_of: datetime,
    actor: Actor,
    zone: ZoneInfo,
    *,
    ended: bool = False,
    not_before: datetime | None = None,
) -> Settled:
    """Book what the clock has done to the contacts up to `as_of`, inside the caller's transaction.

    Lots land first; then standings are judged, by the points of the year in which each landed; then points of years
    that are over are moved out. `ended`: standings that have ended are judged although nothing lands.
    `not_before`: when the points came to the contact, where that was after they matured.
    """
    now = clock.now()
    landed = rollover.roll_over(
        contacts,
        as_of=as_of,
        recorded_at=now,
        actor=str(actor),
        cause="maturity",
        year_began=rules.year_began(as_of, zone),
        not_before=not_before,
    )
    # Nothing is closed before the standings of all these contacts are judged by it.
    moved = tiers.assess(contacts if landed.year_over or ended else landed.qualified, as_of, zone)
    if not landed.year_over:
        return Settled(landed, moved, Closed())
    turns = rules.turns_until(as_of, zone)
    closed = closing.close(contacts, turns=turns, recorded_at=now, actor=str(actor), not_before=not_before)
    return Settled(landed, moved, closed)
