"""What people typed about a person, wherever it stands: reasons, notes, words of a block (docs/decisions/erasure.md).

Nobody can tell which of these texts name the person, so an erasure takes them all. What was done, by whom, when and
how much stays, and so do the words of the fixed lists.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from cards.blocking import BLOCK_NAMES, UNBLOCK_NAMES
from cards.models import BlockRecord, Card
from customers import identifiers
from customers.merging import PERSONAL
from customers.models import Contact
from loyalty.core.errors import InvalidParameter
from loyalty.ledger.guards import ERASED
from loyalty.models import AdjustmentRequest
from loyalty.selectors import personal_data, personal_sections
from loyalty.services import hopeless_requests

OURS = ("", *hopeless_requests.CAUSES, *BLOCK_NAMES.values(), *UNBLOCK_NAMES.values())
"""Texts that nobody typed."""

_SHORTEST = 3


def erase(kin: Collection[int], cards: Iterable[Card]) -> None:
    """Put ERASED in place of what was typed about contacts, their cards and their requests (11 statements)."""
    held = list(cards)
    requests, merges = AdjustmentRequest.objects.filter(contact_id__in=kin), personal_sections.merges_of(kin)
    with _erasing():
        _replace(personal_data.journal_about(kin, [card.number for card in held]), "reason")
        _replace(personal_data.journal_of_merges(kin), "reason")
        _replace(BlockRecord.objects.filter(card__in=held), "reason_name")
        for name in ("reason", "note"):
            _replace(requests, name)
        for name in ("reason", "undone_reason"):
            _replace(merges, name)


def refuse_naming(people: Iterable[Contact], text: str) -> None:
    """Refuse a text that is to outlive the erasure of these people and names one of them.

    Raises InvalidParameter (`reason`).
    """
    digits = re.sub(r"\D", "", text)
    for person in people:
        known = [str(getattr(person, name) or "") for name in PERSONAL if name not in ("sex", "country_code")]
        words = [each for each in known if len(each) >= _SHORTEST]
        named = any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text, re.IGNORECASE) for each in words)
        if named or (person.phone and identifiers.subscriber(person.phone) in digits):
            raise InvalidParameter("Say why without naming the customer: this text stays.", name="reason")


def _replace(rows: QuerySet[Any], name: str) -> None:
    rows.exclude(**{f"{name}__in": OURS}).update(**{name: ERASED})


@contextmanager
def _erasing() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('loyalty.erasing', 'yes', true)")
        yield
        cursor.execute("SELECT set_config('loyalty.erasing', '', true)")
