"""Times as an operator writes them."""

from datetime import datetime

from django.utils.dateparse import parse_date, parse_datetime

from loyalty.core.errors import InvalidParameter
from loyalty.services import program


def read_moment(text: str, name: str) -> datetime:
    """Return an aware moment from an ISO time or day; raises InvalidParameter naming the option."""
    try:
        moment = parse_datetime(text)
        day = parse_date(text) if moment is None else None
    except ValueError:
        moment = day = None
    if moment is None and day is not None:
        moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone follows
    if moment is None:
        raise InvalidParameter(f"{text} is not a time. Write it like 2026-03-31T12:00:00+03:00.", name=name)
    zone = program.settings().tzinfo
    told = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        # A day at the very end of the calendar may be no day at all in the retailer's zone.
        told.astimezone(zone)
    except OverflowError:
        raise InvalidParameter(f"{text} lies beyond the calendar.", name=name) from None
    return told
