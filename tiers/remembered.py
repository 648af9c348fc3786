"""Values that people change, and which of them stood at a moment (docs/decisions/years-of-qualification.md). Pure.

Beside the value that stands now lies since when it does, None if it always did, and the ones before it: pairs of since
when and value, the oldest first, as JSON has them. So a job that comes after a change judges by what stood that day.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

Former = Sequence[Sequence[Any]]


def stood_at(moment: datetime, since: datetime | None, former: Former) -> tuple[bool, Any]:
    """Return whether the present value stood at a moment; where it did not, also the one that did, None if none."""
    if since is None or since <= moment:
        return True, None
    for began, value in reversed(former):
        if began is None or datetime.fromisoformat(began) <= moment:
            return False, value
    return False, None


def with_another(former: Former, since: datetime | None, value: Any) -> list[Sequence[Any]]:
    """Return the former values together with the one that has stood until now."""
    return [*former, [since.isoformat() if since else None, value]]


def changes(since: datetime | None, former: Former) -> list[datetime]:
    """Return the moments at which the value was set or changed, the oldest first."""
    began = [datetime.fromisoformat(each) for each, _ in former if each is not None]
    return [*began, since] if since else began
