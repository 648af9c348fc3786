"""Finding contacts. No writes, no locks."""

from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Lower

from customers.models import Consent, Contact

_ID_BY_PHONE = "SELECT coalesce(merged_into_id, id) FROM customers_contact WHERE phone = %(phone)s"


def by_phone(phone: str) -> Contact | None:
    """Return the contact who owns an E.164 phone number; for one who was merged, the contact it is now."""
    return _now(Contact.objects.filter(phone=phone))


def id_by_phone(phone: str) -> int | None:
    """Return the id of the contact that `by_phone` returns, for a door that shows nothing of the person."""
    with connection.cursor() as cursor:
        cursor.execute(_ID_BY_PHONE, {"phone": phone})
        row = cursor.fetchone()
    return row[0] if row else None


def by_code(code: str) -> Contact | None:
    """Return the contact with a code in its stored form; for one who was merged, the contact it is now.

    Whose data were erased is found by nothing, not even by the code: it is nobody any more.
    """
    return _now(Contact.objects.filter(code=code, erased_at=None))


def by_email(email: str, **narrowed: Any) -> list[Contact]:
    """Return up to three contacts with an e-mail address, whatever its case: addresses are not unique.

    Who was merged is found as the contact it is now. `narrowed`: exact values of that contact's other fields, such
    as `phone=None` or a `birth_date`.
    """
    # Lower on both sides, as in the index `contact_email_lower`; iexact would compare capitals and scan the table.
    named = Contact.objects.alias(address=Lower("email")).filter(address=email.lower()).exclude(email="")
    found = Contact.objects.filter(pk__in=named.values(whose=Coalesce("merged_into_id", "id")))
    return list(found.filter(**narrowed).order_by("id")[:3])


def kin_of(contact_id: int) -> list[int]:
    """Return the ids of a contact and of everybody who was merged into it, itself first."""
    return [contact_id, *Contact.objects.filter(merged_into=contact_id).order_by("id").values_list("pk", flat=True)]


def current_consents(contact_id: int) -> dict[str, bool]:
    """Return what the contact, or one who was merged into it, last said of each channel."""
    same = Contact.objects.filter(Q(pk=contact_id) | Q(merged_into=contact_id)).values("pk")
    rows = (
        Consent.objects.filter(contact_id__in=same)
        .order_by("channel", "-given_at", "-id")
        .distinct("channel")
        .values_list("channel", "allowed")
    )
    return dict(rows)


def _now(found: QuerySet[Contact]) -> Contact | None:
    contact = found.select_related("merged_into").first()
    return contact.merged_into or contact if contact else None
