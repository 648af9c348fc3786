"""Writing the journal: who did what to which thing, when and why."""

from typing import Any

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.models import JournalEntry


def record(
    actor: Actor,
    action: str,
    target: str = "",
    *,
    contact_id: int | None = None,
    reason: str = "",
    **details: Any,
) -> None:
    """Add an entry in the transaction of the act itself. `details` hold no secret and no personal data."""
    JournalEntry.objects.create(
        recorded_at=clock.now(),
        actor=str(actor),
        role=actor.role,
        channel=actor.channel,
        address=actor.address,
        action=action,
        target=target,
        contact_id=contact_id,
        reason=reason,
        details=details,
    )
