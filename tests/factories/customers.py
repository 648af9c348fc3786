"""Contacts and their consents."""

from datetime import date

import factory
from factory.django import DjangoModelFactory

from customers import identifiers
from customers.models import Consent, Contact, ContactStatus
from loyalty.core import clock

FIRST_SERIAL = 800_000_000
"""Codes of factories start here, far from those that the contacts' own sequence gives."""


class ContactFactory(DjangoModelFactory):
    """An Active contact whose data suffice for a fresh retailer; traits `new`, `blocked`, `insufficient`."""

    class Meta:
        model = Contact

    class Params:
        new = factory.Trait(status=ContactStatus.NEW)
        blocked = factory.Trait(status=ContactStatus.BLOCKED)
        insufficient = factory.Trait(surname="", birth_date=None)

    code = factory.Sequence(lambda number: identifiers.make_code(FIRST_SERIAL + number))
    phone = factory.Sequence(lambda number: f"+7990{number:07d}")
    first_name = "Anna"
    surname = "Petrova"
    birth_date = date(1990, 5, 17)
    status = ContactStatus.ACTIVE
    created_at = factory.LazyFunction(clock.now)
    updated_at = factory.SelfAttribute("created_at")


class ConsentFactory(DjangoModelFactory):
    """A contact allows a channel."""

    class Meta:
        model = Consent

    contact = factory.SubFactory(ContactFactory)
    channel = "sms"
    allowed = True
    source = "koshelek"
    actor = "client:wallet"
    given_at = factory.LazyFunction(clock.now)
