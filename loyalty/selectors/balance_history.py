"""Any balance at any past moment, under the retailer's names of the accounts (specs/points_and_tiers.md)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from customers import identifiers
from customers import selectors as customers
from customers.errors import ContactNotFound
from loyalty.core import clock
from loyalty.core.errors import InvalidParameter
from loyalty.ledger import history
from loyalty.ledger.accounts import HELD, Account
from loyalty.ledger.models import PointAccount
from tiers import rules


@dataclass(frozen=True, slots=True)
class PastAmount:
    """One account at a past moment."""

    account: Account
    name: str
    amount: Decimal


def of_code(code: str, moment: datetime, zone: ZoneInfo) -> list[PastAmount]:
    """Return the four accounts of the contact with a code at a moment.

    Raises ContactCodeInvalid, ContactNotFound, InvalidParameter (`at`: a moment in the future).
    """
    contact = customers.by_code(identifiers.read_code(code))
    if contact is None:
        raise ContactNotFound(f"No contact has the code {code}.", by="code")
    return of_contact(contact.pk, moment, zone)


def of_contact(contact_id: int, moment: datetime, zone: ZoneInfo) -> list[PastAmount]:
    """Return the four accounts of a contact at a moment (2 statements); before the contact: zeros.

    `zone`, the retailer's, decides which year of qualification the moment lies in: points of an older one had closed.

    Raises InvalidParameter (`at`) for a moment in the future: nobody knows yet.
    """
    if moment > clock.now():
        raise InvalidParameter("This moment is still to come. Choose one in the past.", name="at")
    held = history.as_of(contact_id, moment, since=rules.year_began(moment, zone))
    names = dict(PointAccount.objects.filter(code__in=HELD).values_list("code", "name"))
    return [PastAmount(each, names.get(each, each.label), getattr(held, each.name.lower())) for each in HELD]
