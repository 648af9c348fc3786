"""Searching as a caller on the line speaks: a phone in any writing, a code, a card, an e-mail, a name.

Every way goes through an index; several ways are tried at once only where the text may mean several things.
"""

import re
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from cards.models import Card
from customers import identifiers
from customers.errors import ContactCodeInvalid, PhoneInvalid
from customers.models import Contact
from loyalty.models import Purchase

MOST = 100
"""A search takes no more contacts than this: what is looser needs a longer text."""

_NUMBER = re.compile(r"[+0-9 ()\-.\u00a0]{5,25}")


def clean(text: str) -> str:
    """Return the text without NUL and with single blanks, no longer than any name is."""
    return " ".join(text.replace("\x00", "").split())[:120]


def contact_condition(text: str) -> Q:
    """Return the condition that finds contacts by what somebody typed (at most 1 statement, for a card number)."""
    text = clean(text)
    code = _code(text)
    if code:
        return Q(code=code)
    if "@" in text:
        return Q(pk__in=_by_email(text))
    condition = Q(external_id=text)
    if _NUMBER.fullmatch(text):
        holders = Card.objects.filter(number=_digits(text), contact__isnull=False)
        return condition | Q(phone__in=phones(text)) | Q(pk__in=list(holders.values_list("contact_id", flat=True)))
    return condition | _names(text)


def contact_ids(text: str) -> list[int]:
    """Return the ids of the contacts found, newest first, at most MOST (2 statements)."""
    found = Contact.objects.filter(contact_condition(text)).order_by("-id")
    return list(found.values_list("pk", flat=True)[:MOST])


def cards(queryset: QuerySet[Card], text: str) -> QuerySet[Card]:
    """Narrow cards by the number or its beginning, else by their holder."""
    digits = _digits(text)
    if _NUMBER.fullmatch(clean(text)) and len(digits) >= 6:
        found = queryset.filter(number__startswith=digits)
        # A phone and a card number may look alike: the number wins when there is one.
        if found.order_by().exists():
            return found
    return queryset.filter(contact__in=contact_ids(text))


def purchases(queryset: QuerySet[Purchase], text: str) -> QuerySet[Purchase]:
    """Narrow purchases by PurchaseId, else by card number, else by their contact."""
    text = clean(text)
    if queryset.filter(purchase_id=text).exists():
        return queryset.filter(purchase_id=text)
    card = Card.objects.filter(number=_digits(text)).first() if _NUMBER.fullmatch(text) else None
    if card is not None:
        return queryset.filter(card=card)
    return queryset.filter(contact__in=contact_ids(text))


def phones(text: str) -> list[str]:
    """Return the E.164 numbers that a text may mean; a caller often leaves out the country."""
    digits = _digits(text)
    tries = [text, f"+7{digits}"] if len(digits) == 10 else [text]
    found = []
    for each in tries:
        try:
            found.append(identifiers.read_phone(each))
        except PhoneInvalid:
            continue
    return found


def with_holder(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Add the code of the contact to rows of the books, which know only its number."""
    code = Contact.objects.filter(pk=OuterRef("contact_id")).values("code")[:1]
    return queryset.annotate(holder_code=Subquery(code))


def _code(text: str) -> str:
    try:
        return identifiers.read_code(text)
    except ContactCodeInvalid:
        return ""


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _by_email(text: str) -> QuerySet[Contact, Any]:
    found = Contact.objects.alias(address=Lower("email")).filter(address=text.lower()).exclude(email="")
    return found.values("pk")


def _names(text: str) -> Q:
    words = text.split(" ")
    condition = _starts("surname", words[0])
    if len(words) > 1:
        # People say "Ivan Petrov" and "Petrov Ivan".
        named = condition & _starts("first_name", words[1])
        turned = _starts("surname", words[1]) & _starts("first_name", words[0])
        whole = _starts("surname", text)
        return named | turned | whole
    return condition


def _starts(field: str, word: str) -> Q:
    condition = Q()
    for written in sorted({word, word.lower(), word.upper(), word.capitalize(), word.title()}):
        condition |= Q(**{f"{field}__startswith": written})
    return condition
