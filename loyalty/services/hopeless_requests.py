"""Requests for adjustments that nobody could approve any more end with their person's membership, or its data.

Serves docs/decisions/adjustments.md. A merge hands requests over to who stays, where they can be approved.
"""

from django.db.models import Q, QuerySet

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy
from loyalty.ledger.accounts import Account
from loyalty.ledger.guards import ERASED
from loyalty.models import AdjustmentRequest, AdjustmentStatus
from loyalty.services import journal, locks

LEFT = "The customer has left the programme."
CAUSES = (LEFT, ERASED)
"""What the note of such a request says: sentences of ours, which nobody typed."""

# Who has left gets no points and has no spendable ones to take. Tier points stay, and a debt may still be booked.
_HOPELESS_FOR_WHO_LEFT = Q(amount__gt=0) | Q(account=Account.SPENDABLE, may_owe=False)


def lock_waiting(contact_id: int) -> set[int]:
    """Lock what waits for a second person: before cards and contact, as an approval does (1 statement)."""
    return set(locks.lock_records(AdjustmentRequest, contact_id=contact_id, status=AdjustmentStatus.REQUESTED))


def end_for_who_left(actor: Actor, contact_id: int, locked: set[int]) -> int:
    """Withdraw what can no longer be approved of who is leaving; return how many requests. Raises Busy."""
    return _end(actor, contact_id, locked, of_who_leaves(contact_id), LEFT)


def end_for_who_is_erased(actor: Actor, contact_id: int, locked: set[int]) -> int:
    """Withdraw everything that waits: there is nobody left; return how many requests. Raises Busy."""
    return _end(actor, contact_id, locked, _waiting(contact_id), ERASED)


def of_who_leaves(contact_id: int) -> QuerySet[AdjustmentRequest]:
    """Return what waits for a second person and could not be approved once the contact has left."""
    return _waiting(contact_id).filter(_HOPELESS_FOR_WHO_LEFT)


def _waiting(contact_id: int) -> QuerySet[AdjustmentRequest]:
    return AdjustmentRequest.objects.filter(contact_id=contact_id, status=AdjustmentStatus.REQUESTED)


def _end(actor: Actor, contact_id: int, locked: set[int], found: QuerySet[AdjustmentRequest], cause: str) -> int:
    requests = list(found.order_by("pk"))
    if not locked.issuperset(request.pk for request in requests):
        # Somebody asked between our look and our lock: a repeat locks that request in its place.
        raise Busy()
    now = clock.now()
    for request in requests:
        request.withdraw()
        request.decided_at, request.note = now, cause
        request.save(update_fields=["status", "decided_at", "note"])
        journal.record(
            actor, "adjustment.withdraw", f"adjustment {request.pk}", contact_id=contact_id, reason=cause,
            account=Account(request.account).label, amount=str(request.amount), maker=request.maker,
        )  # fmt: skip
    return len(requests)
