"""Finding contacts. No writes, no locks."""

from typing import Any

from django.db.models.functions import Lower

from customers.models import Consent, Contact


def by_phone(phone: str) -> Contact | None:
    """Return the contact who owns an E.164 phone number."""
    return Contact.objects.filter(phone=phone).first()


def by_code(code: str) -> Contact | None:
    """Return the contact with a code in its stored form."""
    return Contact.objects.filter(code=code).first()


def by_email(email: str, **narrowed: Any) -> list[Contact]:
    """Return up to three contacts with an e-mail address, whatever its case: addresses are not unique.

    `narrowed`: exact values of other fields, such as `phone=None` or a `birth_date`.
    """
    # Lower on both sides, as in the index `contact_email_lower`; iexact would compare capitals and scan the table.
    found = Contact.objects.alias(address=Lower("email")).filter(address=email.lower()).exclude(email="")
    return list(found.filter(**narrowed).order_by("id")[:3])


def current_consents(contact_id: int) -> dict[str, bool]:
    """Return what the contact last said of each channel."""
    rows = (
        Consent.objects.filter(contact_id=contact_id)
        .order_by("channel", "-id")
        .distinct("channel")
        .values_list("channel", "allowed")
    )
    return dict(rows)
