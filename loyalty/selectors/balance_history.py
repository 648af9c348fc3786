"""Any balance at any past moment, under the retailer's names of the accounts (specs/points_and_tiers.md)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from customers import identifiers
from customers import selectors as customers
from customers.errors import ContactNotFound
from loyalty.core import clock
from loyalty.core.errors import InvalidParameter
from loyalty.ledger import history
from loyalty.ledger.accounts import HELD, Account
from loyalty.ledger.models import PointAccount


@dataclass(frozen=True, slots=True)
class PastAmount:
    """One account at a past moment."""

    account: Account
    name: str
    amount: Decimal


def of_code(code: str, moment: datetime) -> list[PastAmount]:
    """Return the four accounts of the contact with a code at a moment.

    Raises ContactCodeInvalid, ContactNotFound, InvalidParameter (`at`: a moment in the future).
    """
    contact = customers.by_code(identifiers.read_code(code))
    if contact is None:
        raise ContactNotFound(f"No contact has the code {code}.", by="code")
    return of_contact(contact.pk, moment)


def of_contact(contact_id: int, moment: datetime) -> list[PastAmount]:
    """Return the four accounts of a contact at a moment (2 statements); before the contact: zeros.

    Raises InvalidParameter (`at`) for a moment in the future: nobody knows yet.
    """
    if moment > clock.now():
        raise InvalidParameter("This moment is still to come. Choose one in the past.", name="at")
    held = history.as_of(contact_id, moment)
    names = dict(PointAccount.objects.filter(code__in=HELD).values_list("code", "name"))
    return [PastAmount(each, names.get(each, each.label), getattr(held, each.name.lower())) for each in HELD]
