"""A merge undone: both contacts are again what they were, by the clock (docs/decisions/merging.md).

What happened since belongs to the one who stayed, but for what happened to the other's own purchases and cards.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Min

from cards import services as card_services
from cards.blocking import BlockReason
from cards.models import BlockRecord, Card
from customers import locks as customer_locks
from customers import merging as customers
from customers.errors import ContactErased
from customers.models import Contact, ContactStatus
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.roles import Role
from loyalty.ledger import expiry, unmerging
from loyalty.ledger.models import Move, Operation
from loyalty.models import Merge, PointsExpiry, Program, Purchase
from loyalty.services import (
    belongings,
    blocking,
    hopeless_requests,
    journal,
    locks,
    membership,
    merging,
    program,
    reasons,
)
from loyalty.services.errors import MergeNotFound, MergeNotLast, MergeUndone
from loyalty.services.unit_of_work import unit_of_work
from promos import merging as promos
from tiers import courses
from tiers import merging as tiers
from tiers import services as tier_services
from tiers.models import Standing


def unmerge_contacts(actor: Actor, role: Role, merge_id: int, reason: str) -> Merge:
    """Undo a merge; return it. Merges are undone in the reverse of their order.

    Raises InvalidParameter without a reason, MergeNotFound, MergeUndone, MergeNotLast, ContactErased,
    BonusesOnHold, PointsPassedOn, UnblockReasonForbidden, PhoneBelongsToAnother, ExternalIdBelongsToAnother, Busy.
    """
    why = reasons.required(reason)
    with unit_of_work():
        merge = locks.lock_merge(merge_id)
        if merge is None:
            raise MergeNotFound()
        if merge.undone_at is not None:
            raise MergeUndone()
        belongings.lock_these(merge.former["belongings"])
        waiting = hopeless_requests.lock_waiting(merge.survivor_id)
        belongings.lock_cards(merge.survivor_id, merge.absorbed_id)
        contacts = customer_locks.lock_contacts([merge.survivor_id, merge.absorbed_id])
        survivor, absorbed = contacts[merge.survivor_id], contacts[merge.absorbed_id]
        _require(merge, survivor)
        merging.refuse_held(survivor.pk)
        undone = _unmerge(actor, role, merge, survivor, absorbed)
        if tier_services.has_left(survivor.pk):
            hopeless_requests.end_for_who_left(actor, survivor.pk, waiting)
        _keep(actor, merge, survivor, absorbed, why, undone)
    return merge


def last_merge_of(contact_id: int) -> Merge | None:
    """Return the merge of a survivor that may be undone: the last one that still stands."""
    return Merge.objects.filter(survivor=contact_id, undone_at=None).order_by("-id").first()


def _require(merge: Merge, survivor: Contact) -> None:
    if survivor.erased_at is not None:
        raise ContactErased()
    if survivor.status == ContactStatus.MERGED:
        onward = Merge.objects.filter(absorbed=survivor, undone_at=None).first()
        raise MergeNotLast(later=str(onward.public_id) if onward else "")
    last = last_merge_of(survivor.pk)
    if last is not None and last.pk != merge.pk:
        raise MergeNotLast(later=str(last.public_id))


def _unmerge(actor: Actor, role: Role, merge: Merge, survivor: Contact, absorbed: Contact) -> list[Standing]:
    """Take the two apart; return the standings of who stayed that counted while they were one, and are none now."""
    now, settings, former = clock.now(), program.settings(), merge.former
    active_since = _active_since(merge)
    _part_cards(actor, role, merge)
    back = belongings.going_back(former["belongings"], survivor.pk)
    belongings.hand_back(back, survivor.pk, absorbed.pk)
    taken = customers.Taken(**merge.personal, statuses=tuple(former["statuses"]), chain=former["chain"])
    customers.release(survivor, absorbed, taken, now, active_since=active_since is not None)
    _part_promotions(merge, back)
    merging.settle_both(actor, survivor.pk, absorbed.pk)
    joined = tiers.Joined(
        former["standings"]["survivor"],
        former["standings"]["absorbed"],
        datetime.fromisoformat(former["standings"]["at"]),
    )
    tiers.part(joined)
    moved = Move.objects.get(pk=merge.move_id)
    others = unmerging.kin(moved.out_contact)
    move = unmerging.move_back(
        moved,
        merging.fact(actor, survivor.pk, merge.public_id, "undo-out", now),
        merging.fact(actor, absorbed.pk, merge.public_id, "undo-in", now),
        expires_at=_end_of_points(now, settings),
    )
    merge.undone_move_id = move.pk
    # What has matured or expired meanwhile is booked where it belongs, and each one's own points lift each.
    merging.settle_both(actor, survivor.pk, absorbed.pk, not_before=now)
    tier_services.assess([absorbed.pk], now, settings.tzinfo)
    own = courses.since_merge(survivor.pk, moved.in_operation, others)
    undone = tiers.live_again(survivor.pk, joined, own, now, settings.tzinfo, active_since=active_since)
    membership.cards_follow(actor, role, survivor, absorbed, merge.merged_at)
    return undone


def _keep(
    actor: Actor, merge: Merge, survivor: Contact, absorbed: Contact, reason: str, undone: Sequence[Standing]
) -> None:
    merge.undone_at, merge.undone_by, merge.undone_reason = clock.now(), str(actor), reason
    merge.personal = {}
    # Nobody is told these tiers any more; purchases of those months keep what they earned in them.
    tiers_undone = [[each.tier.name, each.entered_at.isoformat()] for each in undone]
    merge.former["tiers"] = merge.former.get("tiers", {}) | {
        "stayed_after": merging.tier_name(survivor.pk),
        "went_after": merging.tier_name(absorbed.pk),
        "undone": tiers_undone,
    }
    merge.save(update_fields=["undone_at", "undone_by", "undone_reason", "undone_move_id", "personal", "former"])
    for contact, details in ((survivor, {"tiers_undone": tiers_undone} if undone else {}), (absorbed, {})):
        journal.record(
            actor,
            "contact.unmerge",
            contact.code,
            contact_id=contact.pk,
            reason=reason,
            merge=str(merge.public_id),
            **details,
        )


def _active_since(merge: Merge) -> datetime | None:
    """Return when the survivor first bought, or got points, by itself."""
    handed = merge.former["belongings"][Purchase._meta.label_lower]
    own = Purchase.objects.filter(contact=merge.survivor_id).exclude(pk__in=handed).aggregate(first=Min("recorded_at"))
    accruals = Operation.objects.filter(contact_id=merge.survivor_id, kind__in=("accrual", "adjustment"))
    return min(filter(None, (own["first"], accruals.aggregate(first=Min("recorded_at"))["first"])), default=None)


def _part_cards(actor: Actor, role: Role, merge: Merge) -> None:
    """Give every card back to whom it belongs.

    A card that came since took the place of the one that was kept, and goes where that one belongs. The card that the
    merge gave up is again what it was, unless its owner has got another one for it by now.
    """
    former, owner = merge.former["cards"], merge.survivor_id
    back = list(former["moved"])
    if former["kept_of"] == merge.absorbed_id:
        since = datetime.fromisoformat(former["at"])
        newer = Card.objects.filter(contact=owner, bound_at__gt=since)
        back += newer.values_list("pk", flat=True)
    if former["given_up"] is None:
        card_services.rebind(back, merge.absorbed_id)
        return
    given_up = Card.objects.get(pk=former["given_up"])
    card_services.rebind(back, merge.absorbed_id)
    given_up.refresh_from_db(fields=["contact"])
    holds_another = Card.objects.filter(contact=given_up.contact_id, blocked_for_good=False).exists()
    if not holds_another:
        told = blocking.act(actor, role, BlockReason.REPLACEMENT, "The merge of two customers was undone")
        blocked_for = BlockRecord.objects.filter(pk=former["block"] or 0).first()
        card_services.take_up(given_up, told, former["status"], blocked_for)
        journal.record(actor, "card.restore", given_up.number, contact_id=given_up.contact_id)


def _part_promotions(merge: Merge, back: belongings.Ids) -> None:
    former = merge.former["promotions"]
    granted, before = _shares(former["granted"]), _shares(former["awarded"])
    after = belongings.awarded(back, granted)
    joined = promos.Joined(
        granted,
        {int(each): most for each, most in former["own_most"].items()},
        {int(each): datetime.fromisoformat(moment) for each, moment in former["segments"].items()},
        former["entered"],
    )
    released = {each: share - after.get(each, promos.NOTHING) for each, share in before.items()}
    promos.part(merge.survivor_id, merge.absorbed_id, joined, released)


def _shares(told: Mapping[str, tuple[str, int]]) -> dict[int, promos.Share]:
    return {int(promotion): promos.Share(Decimal(points), times) for promotion, (points, times) in told.items()}


def _end_of_points(now: datetime, settings: Program) -> datetime | None:
    if settings.points_expiry == PointsExpiry.NEVER:
        return None
    return expiry.expires_at(now, settings.expiry_months, settings.expiry_rounding, settings.tzinfo)
