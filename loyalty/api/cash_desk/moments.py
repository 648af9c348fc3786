"""Reading the moment of a purchase (specs/cash_desk.md: a Date without offset is in the retailer's zone)."""

import re
from datetime import UTC, datetime

from loyalty.services import program

_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?",
    re.IGNORECASE,
)


def read_moment(text: str) -> datetime:
    """Return an ISO 8601 date with time as a moment in UTC; raises ValueError.

    Read: `T` or a blank before the time, no seconds or fractions of them, no offset, `Z`, `+03`, `+0300`, `+03:00`.
    """
    if not _ISO.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=program.settings().tzinfo)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None
