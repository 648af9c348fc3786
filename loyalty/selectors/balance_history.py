"""Any balance at any past moment, under the retailer's names of the accounts (specs/points_and_tiers.md)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q

from customers import identifiers
from customers.errors import ContactNotFound
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.errors import InvalidParameter
from loyalty.ledger import history
from loyalty.ledger.accounts import HELD, Account
from loyalty.ledger.models import PointAccount
from loyalty.models import Merge
from tiers import rules


@dataclass(frozen=True, slots=True)
class PastAmount:
    """One account at a past moment."""

    account: Account
    name: str
    amount: Decimal


def of_code(code: str, moment: datetime, zone: ZoneInfo) -> list[PastAmount]:
    """Return the four accounts of the contact with a code at a moment: of whom the code named then, when it was merged.

    Raises ContactCodeInvalid, ContactNotFound, InvalidParameter (`at`: a moment in the future).
    """
    contact = Contact.objects.filter(code=identifiers.read_code(code), erased_at=None).first()
    if contact is None:
        raise ContactNotFound(f"No contact has the code {code}.", by="code")
    return of_contact(contact.pk, moment, zone)


def of_contact(contact_id: int, moment: datetime, zone: ZoneInfo) -> list[PastAmount]:
    """Return the four accounts of a contact at a moment (3 statements); before the contact: zeros.

    While a contact was merged into another, it was that one: its balances were the other's. `zone`, the retailer's,
    decides which year of qualification the moment lies in: points of an older one had closed.

    Raises InvalidParameter (`at`) for a moment in the future: nobody knows yet.
    """
    if moment > clock.now():
        raise InvalidParameter("This moment is still to come. Choose one in the past.", name="at")
    held = history.as_of(_who_then(contact_id, moment), moment, since=rules.year_began(moment, zone))
    names = dict(PointAccount.objects.filter(code__in=HELD).values_list("code", "name"))
    return [PastAmount(each, names.get(each, each.label), getattr(held, each.name.lower())) for each in HELD]


def _who_then(contact_id: int, moment: datetime) -> int:
    """Return the contact that this one was at a moment: itself, but for the time of a merge (1 statement more each)."""
    merges = Merge.objects.filter(Q(undone_at=None) | Q(undone_at__gt=moment), merged_at__lte=moment)
    into = merges.filter(absorbed=contact_id).values_list("survivor", flat=True).first()
    return contact_id if into is None else _who_then(into, moment)
