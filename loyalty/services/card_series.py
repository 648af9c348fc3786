"""Card series as the retailer adds and changes them: what a number looks like stays as it was made."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from cards import barcodes, locks
from cards.models import CardSeries, CheckDigit
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.services import journal, program
from loyalty.services.unit_of_work import unit_of_work

CHANGEABLE = ("name", "barcode", "card_type", "issuing")
"""Cards in people's hands carry the rest."""


def add_series(actor: Actor, given: dict[str, Any], reason: str) -> CardSeries:
    """Add a series; with `issuing` it takes over from the one that has issued numbers so far.

    Raises InvalidParameter with the name of the first value that cannot be so.
    """
    with unit_of_work():
        # Two series that are added at once are compared with each other.
        program.lock_settings()
        others = locks.lock_every_series()
        series = CardSeries(**given)
        _require_valid(series)
        _require_apart(series, others)
        _give_way(series, others)
        series.save()
        journal.record(
            actor, "card_series.add", series.name, reason=reason, given={n: str(v) for n, v in given.items()}
        )
    return series


def change_series(actor: Actor, series_id: int, changes: dict[str, Any], reason: str) -> CardSeries:
    """Store a new name, barcode, card type or flag; the journal keeps the old and the new values.

    Cards that are there keep their card type; their barcodes are those of the series. Raises InvalidParameter with
    the name of the first value that cannot be so.
    """
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise InvalidParameter("Only the name, barcode, card type and issuing may change.", name=min(unknown))
    with unit_of_work():
        every = locks.lock_every_series()
        series = next(each for each in every if each.pk == series_id)
        changed = {name: value for name, value in changes.items() if getattr(series, name) != value}
        details = {name: [str(getattr(series, name)), str(value)] for name, value in changed.items()}
        for name, value in changed.items():
            setattr(series, name, value)
        _require_valid(series)
        if changed:
            _give_way(series, [each for each in every if each.pk != series.pk])
            series.save(update_fields=list(changed))
            journal.record(actor, "card_series.change", series.name, reason=reason, changes=details)
    return series


def _give_way(series: CardSeries, others: list[CardSeries]) -> None:
    """Take the flag from the series that issued numbers before: the database knows one at any moment."""
    if series.issuing:
        CardSeries.objects.filter(pk__in=[each.pk for each in others if each.issuing]).update(issuing=False)


def _require_valid(series: CardSeries) -> None:
    _cleaned(series.clean_fields)
    if not (series.prefix.isascii() and series.prefix.isdigit()):
        raise InvalidParameter("A prefix has digits only.", name="prefix")
    if series.length < len(series.prefix) + 2:
        raise InvalidParameter("The prefix leaves no room for numbers.", name="length")
    fixed = barcodes.LENGTHS.get(series.barcode)
    if fixed is not None and (fixed != series.length or series.check_digit != CheckDigit.EAN):
        raise InvalidParameter(
            "This barcode holds another length, or only the EAN check digit: EAN-8 has 8 digits, UPC-A 12, EAN-13 13."
            " Choose Code 128 or a QR code.",
            name="barcode",
        )
    _cleaned(series.validate_unique)
    # The flag moves in the same transaction: that one series has it is checked by the database.
    _cleaned(partial(series.validate_constraints, exclude={"issuing"}))


def _cleaned(check: Callable[[], None]) -> None:
    try:
        check()
    except ValidationError as error:
        name, texts = next(iter(error.message_dict.items()))
        raise InvalidParameter(texts[0], name="" if name == NON_FIELD_ERRORS else name) from error


def _require_apart(series: CardSeries, others: list[CardSeries]) -> None:
    for other in others:
        apart = series.length != other.length or not (
            series.prefix.startswith(other.prefix) or other.prefix.startswith(series.prefix)
        )
        if not apart:
            raise InvalidParameter("Numbers of another series begin like this. Choose another prefix.", name="prefix")
