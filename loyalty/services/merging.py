"""Two contacts turn out to be one person: everything of the one goes to the other (docs/decisions/merging.md).

One transaction: balances, cards, purchases, consents, tier, promotions, personal data. `unmerging` takes it back.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cards import services as card_services
from cards.blocking import BLOCK_NAMES, BlockReason
from cards.errors import BlockReasonForbidden
from cards.models import Card, CardStatus
from customers import locks as customer_locks
from customers import merging as customers
from customers.errors import ContactErased, ContactMerged, ContactNotFound
from customers.models import Contact, ContactStatus
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy
from loyalty.core.roles import Role
from loyalty.ledger import locks as ledger_locks
from loyalty.ledger import merging as books
from loyalty.ledger import posting
from loyalty.ledger.models import Hold
from loyalty.ledger.posting import Fact
from loyalty.models import Merge, Purchase
from loyalty.services import belongings, blocking, journal, points, program, reasons
from loyalty.services.errors import BonusesOnHold, MergeWithItself
from loyalty.services.holding import key_of
from loyalty.services.sales import SPENDING_AGE
from loyalty.services.unit_of_work import unit_of_work
from promos import merging as promos
from tiers import merging as tiers
from tiers import services as tier_services


def merge_contacts(actor: Actor, role: Role, survivor_id: int, absorbed_id: int, reason: str) -> Merge:
    """Make `absorbed_id` one with `survivor_id`, who stays; return the merge. A repeat answers the first merge.

    Raises InvalidParameter without a reason, MergeWithItself, ContactNotFound, ContactMerged, ContactErased,
    BonusesOnHold, BlockReasonForbidden when a card would be given up whose block the role may not lift, Busy.
    """
    why = reasons.required(reason)
    if survivor_id == absorbed_id:
        raise MergeWithItself()
    with unit_of_work():
        belongings.lock_all(absorbed_id)
        cards = belongings.lock_cards(survivor_id, absorbed_id)
        contacts = customer_locks.lock_contacts([survivor_id, absorbed_id])
        stored = Merge.objects.filter(survivor=survivor_id, absorbed=absorbed_id, undone_at=None).first()
        if stored is not None:
            return stored
        survivor, absorbed = (_required(contacts.get(each)) for each in (survivor_id, absorbed_id))
        refuse_held(absorbed_id)
        refuse_changed(cards, survivor_id, absorbed_id)
        return _merge(actor, role, survivor, absorbed, cards, why)


def refuse_held(contact_id: int) -> None:
    """Refuse while a till is in the middle of a payment with bonuses (BonusesOnHold): the hold names its contact."""
    now = clock.now()
    holds = Hold.objects.filter(contact_id=contact_id)
    waiting = holds.filter(resolved_at=None, ends_at__gt=now).order_by("-ends_at").first()
    if waiting is not None:
        raise BonusesOnHold(until=waiting.ends_at)
    # Captured, and its receipt is still to come: it would not find what has been paid already.
    captured = holds.filter(captured__gt=0, resolved_at__gt=now - SPENDING_AGE).values_list("key", "resolved_at")
    moments = {key.removeprefix(key_of("")): moment for key, moment in captured if moment}
    recorded = set(Purchase.objects.filter(purchase_id__in=moments).values_list("purchase_id", flat=True))
    open_ones = [moment for purchase_id, moment in moments.items() if purchase_id not in recorded]
    if open_ones:
        raise BonusesOnHold(until=max(open_ones) + SPENDING_AGE)


def settle_both(actor: Actor, *contacts: int, not_before: datetime | None = None) -> None:
    """Lock the balances of contacts in the order of their ids; land what is due and burn what has expired.

    `not_before`: when points came that were due, or had expired, before.
    """
    ledger_locks.lock_many(sorted(contacts))
    for contact_id in sorted(contacts):
        points.settle_fully(contact_id, actor, program.settings().tzinfo, not_before=not_before)


def fact(actor: Actor, contact_id: int, merge_id: uuid.UUID, act: str, now: datetime) -> Fact:
    """Return what the books keep of one side of a merge."""
    return Fact(
        contact_id=contact_id,
        key=f"merge:{merge_id}:{act}",
        fingerprint=posting.fingerprint(merge_id, act),
        effective_at=now,
        recorded_at=now,
        actor=str(actor),
        cause=f"merge:{merge_id}",
    )


def tier_name(contact_id: int) -> str:
    """Return what the tier is called in which a contact stands, "" for who was never enrolled (1 statement)."""
    standing = tier_services.current(contact_id)
    return standing.tier.name if standing else ""


def _merge(actor: Actor, role: Role, survivor: Contact, absorbed: Contact, cards: Sequence[Card], reason: str) -> Merge:
    now, merge_id = clock.now(), uuid.uuid4()
    former: dict[str, Any] = {"cards": _join_cards(actor, role, survivor, absorbed, cards)}
    former["belongings"] = belongings.hand_over(absorbed.pk, survivor.pk)
    taken = customers.absorb(survivor, absorbed, now)
    former["statuses"], former["chain"] = taken.statuses, taken.chain
    former["promotions"] = _promotions(survivor, absorbed, former["belongings"])
    settle_both(actor, survivor.pk, absorbed.pk)
    before = [tier_name(each.pk) for each in (survivor, absorbed)]
    move = books.move(fact(actor, absorbed.pk, merge_id, "out", now), fact(actor, survivor.pk, merge_id, "in", now))
    joined = tiers.join(survivor.pk, absorbed.pk, now)
    former["standings"] = {"survivor": joined.survivor, "absorbed": joined.absorbed, "at": joined.at.isoformat()}
    tier_services.assess([survivor.pk], now, program.settings().tzinfo, not_before=joined.at)
    former["tiers"] = {"stayed": before[0], "went": before[1], "together": tier_name(survivor.pk)}
    for contact, action in ((survivor, "contact.merge"), (absorbed, "contact.merged")):
        journal.record(actor, action, contact.code, contact_id=contact.pk, reason=reason, merge=str(merge_id))
    return Merge.objects.create(
        public_id=merge_id, survivor=survivor, absorbed=absorbed, actor=str(actor), reason=reason, merged_at=now,
        move_id=move.pk, former=former,
        personal={"values": taken.values, "attributes": taken.attributes, "identity": taken.identity},
    )  # fmt: skip


def _required(contact: Contact | None) -> Contact:
    if contact is None:
        raise ContactNotFound(by="id")
    if contact.status == ContactStatus.MERGED:
        raise ContactMerged()
    if contact.erased_at is not None:
        raise ContactErased()
    return contact


def refuse_changed(cards: Sequence[Card], *contacts: int) -> None:
    """Refuse when a card was bound between our look and our lock: a repeat sees it."""
    held = set(Card.objects.filter(contact_id__in=contacts).values_list("pk", flat=True))
    if held != {card.pk for card in cards}:
        raise Busy()


def kept_card(cards: Sequence[Card]) -> Card | None:
    """Return the card that a person of two cards keeps: Active before Issued before Blocked, then the newest."""
    standing = {CardStatus.ACTIVE: 2, CardStatus.ISSUED: 1}
    live = [card for card in cards if not card.blocked_for_good]
    return max(live, key=lambda card: (standing.get(CardStatus(card.status), 0), card.bound_at, card.pk), default=None)


def _join_cards(
    actor: Actor, role: Role, survivor: Contact, absorbed: Contact, cards: Sequence[Card]
) -> dict[str, Any]:
    kept = kept_card(cards)
    given_up = next((card for card in cards if not card.blocked_for_good and card != kept), None)
    moved = [card.pk for card in cards if card.contact_id == absorbed.pk]
    former = {
        "moved": moved,
        "kept_of": kept.contact_id if kept else None,
        "given_up": given_up.pk if given_up else None,
        "status": given_up.status if given_up else None,
        "block": _last_block(given_up),
        "at": clock.now().isoformat(),
    }
    if given_up is not None:
        _give_up(actor, role, given_up)
    card_services.rebind(moved, survivor.pk)
    return former


def _last_block(card: Card | None) -> int | None:
    record = blocking.last_block(card) if card else None
    return record.pk if record else None


def _give_up(actor: Actor, role: Role, card: Card) -> None:
    # Otherwise a merge would be a way round the black list, as a replacement would.
    if card.status == CardStatus.BLOCKED and not blocking.unblock_reasons(role, card):
        raise BlockReasonForbidden(
            "A card of this customer was blocked by somebody or for something that your role may not undo."
        )
    told = blocking.act(actor, role, BlockReason.REPLACEMENT, BLOCK_NAMES[BlockReason.REPLACEMENT])
    blocking.note(actor, "card.replace", card, card_services.give_up(card, told))


def _promotions(survivor: Contact, absorbed: Contact, handed: belongings.Ids) -> dict[str, Any]:
    joined = promos.join(survivor.pk, absorbed.pk)
    awarded = belongings.awarded(handed, joined.granted)
    return {
        "granted": _told(joined.granted),
        "awarded": _told(awarded),
        "own_most": {str(each): most for each, most in joined.own_most.items()},
        "segments": {str(each): moment.isoformat() for each, moment in joined.segments.items()},
        "entered": joined.entered,
    }


def _told(shares: Mapping[int, promos.Share]) -> dict[str, Any]:
    return {str(promotion): [str(share.points), share.times] for promotion, share in shares.items()}
