"""Phones, e-mail addresses and contact codes: how they are read and written. Pure."""

import re

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from stdnum import damm

from customers.errors import ContactCodeInvalid, EmailInvalid, PhoneInvalid

HOME_REGION = "RU"
CODE_PREFIX = "C"
LONGEST_EMAIL = 254
_SUBSCRIBER = 10
_PHONE_CHARACTERS = re.compile(r"^\+?[0-9 ()\-.\u00a0]{5,25}$")
_INTERNATIONAL = re.compile(r"^\+[1-9][0-9]{6,14}$")


def read_phone(text: str) -> str:
    """Return a phone as E.164 with `+`; accepts blanks, dashes, brackets, no `+`, and the national `8...`.

    Raises PhoneInvalid when it is not a phone number.
    """
    text = text.strip()
    if not _PHONE_CHARACTERS.match(text):
        raise PhoneInvalid()
    digits = re.sub(r"\D", "", text)
    national = not text.startswith("+") and digits.startswith("8") and len(digits) == 11
    candidate = f"+7{digits[1:]}" if national else f"+{digits}"
    try:
        parsed = phonenumbers.parse(candidate, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise PhoneInvalid() from None
    # Possible, not "valid": numbering plans grow faster than any table of them.
    if not phonenumbers.is_possible_number(parsed):
        raise PhoneInvalid()
    formatted = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not _INTERNATIONAL.match(formatted):
        raise PhoneInvalid()
    return formatted


def subscriber(phone: str) -> str:
    """Return the digits of a phone without its country: they are in each way of writing it."""
    return re.sub(r"\D", "", phone)[-_SUBSCRIBER:]


def read_email(text: str) -> str:
    """Return an e-mail address without blanks, its domain in small letters; raises EmailInvalid."""
    text = text.strip()
    try:
        validate_email(text)
    except ValidationError:
        raise EmailInvalid() from None
    local, _, domain = text.rpartition("@")
    # Django's check lets two letters through that only look like k and s; in small letters they would be them,
    # and the address would find a stranger.
    if not local.isascii():
        raise EmailInvalid()
    address = f"{local}@{domain.lower()}"
    # A few letters are longer when they are small: what fitted may not fit any more.
    if len(address) > LONGEST_EMAIL:
        raise EmailInvalid()
    return address


def make_code(serial: int) -> str:
    """Return the contact code of a serial number: `C`, nine digits or more, a Damm check digit."""
    digits = f"{serial:09d}"
    return f"{CODE_PREFIX}{digits}{damm.calc_check_digit(digits)}"


def looks_like_code(text: str) -> bool:
    """Tell a contact code from a card number: codes start with a letter, numbers never do."""
    return text[:1].upper() == CODE_PREFIX


def read_code(text: str) -> str:
    """Return a contact code in its stored form; raises ContactCodeInvalid for a wrong form or check digit."""
    code = text.strip().upper()
    digits = code[1:]
    if not looks_like_code(code) or not re.fullmatch(r"[0-9]{10,22}", digits) or not damm.is_valid(digits):
        raise ContactCodeInvalid()
    return code
