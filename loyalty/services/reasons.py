"""Why somebody did it: every act by a person asks, and the journal keeps the answer."""

from loyalty.core.errors import InvalidParameter

LONGEST_REASON = 300


def required(reason: str) -> str:
    """Return a reason without blanks around it. Raises InvalidParameter (`reason`) for none, and for a long one."""
    text = reason.strip()
    if not text:
        raise InvalidParameter("Write down why.", name="reason")
    if len(text) > LONGEST_REASON:
        raise InvalidParameter(f"Say it in at most {LONGEST_REASON} characters.", name="reason")
    return text
