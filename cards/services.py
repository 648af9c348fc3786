"""Changes to cards, series and reservations. Called by loyalty.services inside its transaction only."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from cards import locks
from cards.blocking import BlockReason
from cards.models import BlockRecord, Card, CardStatus, Reservation


@dataclass(frozen=True, slots=True)
class BlockAct:
    """Who blocks or unblocks, in which role and through which door, why, and when: what a record keeps."""

    actor: str
    role: str
    channel: str
    reason_code: int
    reason_name: str
    at: datetime


def issue(card: Card, now: datetime) -> None:
    """Make a locked card Issued."""
    card.issue()
    card.issued_at = card.issued_at or now
    card.save(update_fields=["status", "issued_at"])


def bind(card: Card, contact_id: int, now: datetime) -> None:
    """Bind a locked, Issued card to a contact and end its reservation."""
    card.contact_id = contact_id
    card.bound_at = now
    card.save(update_fields=["contact", "bound_at"])
    Reservation.objects.filter(card_id=card.pk).delete()


def activate(card: Card, now: datetime) -> None:
    """Make a locked, bound card Active."""
    card.activate()
    card.activated_at = card.activated_at or now
    card.save(update_fields=["status", "activated_at"])


def block(card: Card, act: BlockAct) -> BlockRecord:
    """Make a locked, bound card Blocked, for good when the reason is a replacement; return the record of it."""
    before = card.status
    card.block()
    card.blocked_for_good = act.reason_code == BlockReason.REPLACEMENT
    card.save(update_fields=["status", "blocked_for_good"])
    return _record(card, act, blocking=True, before=before)


def block_for_good(card: Card, act: BlockAct) -> BlockRecord:
    """Give up a locked card that is Blocked already: it is being replaced. Return the record of it."""
    card.blocked_for_good = True
    card.save(update_fields=["blocked_for_good"])
    return _record(card, act, blocking=True, before=CardStatus.BLOCKED)


def unblock(card: Card, act: BlockAct, *, data_suffice: bool) -> BlockRecord:
    """Make a locked, Blocked card Active when the holder's data suffice, else Issued; return the record of it."""
    before = card.status
    if data_suffice:
        card.unblock_to_active()
        card.activated_at = card.activated_at or act.at
    else:
        card.unblock_to_issued()
    card.save(update_fields=["status", "activated_at"])
    return _record(card, act, blocking=False, before=before)


def reserve(card: Card, *, minutes: int, actor: str, now: datetime) -> Reservation:
    """Hold a locked, free number for `minutes`."""
    reservation, _ = Reservation.objects.update_or_create(
        card=card,
        defaults={"reserved_at": now, "reserved_until": now + timedelta(minutes=minutes), "actor": actor},
    )
    return reservation


# A number that another call reserved since it was locked is not taken from it: the conflict leaves it alone.
_LEND = """
INSERT INTO cards_reservation AS held (card_id, reserved_at, reserved_until, actor)
SELECT card_id, %(now)s, %(until)s, %(actor)s FROM unnest(%(cards)s::bigint[]) AS card_id ORDER BY card_id
ON CONFLICT (card_id) DO UPDATE
SET reserved_at = excluded.reserved_at, reserved_until = excluded.reserved_until, actor = excluded.actor
WHERE held.reserved_until <= %(now)s
"""


def lend(count: int, *, until: datetime, actor: str, now: datetime) -> int:
    """Reserve up to `count` free virtual numbers until a moment, for an actor; return how many (2 statements)."""
    parameters: dict[str, Any] = {
        "cards": locks.lock_free_numbers(count, now),
        "until": until,
        "actor": actor,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEND, parameters)
        return int(cursor.rowcount)


def renew(*, until: datetime, actor: str, now: datetime) -> int:
    """Let an actor keep what it has reserved until a later moment; return how many numbers it holds (1 statement)."""
    held = Reservation.objects.filter(actor=actor, reserved_until__gt=now)
    return held.update(reserved_at=now, reserved_until=until)


def _record(card: Card, act: BlockAct, *, blocking: bool, before: int) -> BlockRecord:
    return BlockRecord.objects.create(
        card=card,
        blocking=blocking,
        reason_code=act.reason_code,
        reason_name=act.reason_name,
        actor=act.actor,
        role=act.role,
        channel=act.channel,
        status_before=before,
        status_after=card.status,
        recorded_at=act.at,
    )


def give_up(card: Card, act: BlockAct) -> BlockRecord:
    """Block a locked, bound card for good, whether it is blocked already or not; return the record of it."""
    return block_for_good(card, act) if card.status == CardStatus.BLOCKED else block(card, act)


def take_up(card: Card, act: BlockAct, status: int, former: BlockRecord | None) -> None:
    """Undo `give_up`: a locked card is again what it was. `former`: the record of the block that it then had.

    That record is written anew, so that the last one goes on telling what the card is blocked for and by whom.
    """
    card.blocked_for_good = False
    if status == CardStatus.ACTIVE:
        card.unblock_to_active()
    elif status == CardStatus.ISSUED:
        card.unblock_to_issued()
    card.save(update_fields=["status", "blocked_for_good"])
    _record(card, act, blocking=False, before=CardStatus.BLOCKED)
    if status == CardStatus.BLOCKED and former is not None:
        told = replace(act, actor=former.actor, role=former.role, channel=former.channel)
        told = replace(told, reason_code=former.reason_code, reason_name=former.reason_name)
        _record(card, told, blocking=True, before=CardStatus.BLOCKED)


def rebind(cards: Iterable[int], contact_id: int) -> None:
    """Give locked cards to another contact, with all their history (1 statement)."""
    Card.objects.filter(pk__in=list(cards)).update(contact=contact_id)
