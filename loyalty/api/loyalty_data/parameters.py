"""What a search asks for: one key and three flags, read strictly (specs/loyalty_data.md)."""

from dataclasses import dataclass

from django.http import QueryDict

from customers import identifiers
from customers.errors import ContactNotFound, EmailInvalid, PhoneInvalid
from loyalty.core.errors import InvalidParameter, RequiredParameterMissing
from loyalty.selectors.loyalty_data import Key

KEYS = ("email", "external_id", "mobile_number")
PROFILE, INCENTIVES, IDENTIFIERS = "user[user_profile]", "expand_incentives", "show_identifiers"
_WORDS = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass(frozen=True, slots=True)
class Flags:
    """How much of a customer is asked for: custom attributes, points and tiers, external ids."""

    profile: bool
    incentives: bool
    identifiers: bool


def read_key(query: QueryDict) -> tuple[Key, str]:
    """Return by what to look, in its stored form.

    Raises RequiredParameterMissing, InvalidParameter when several are given, ContactNotFound for what cannot exist.
    """
    given = [(name, value.strip()) for name in KEYS for value in query.getlist(name) if value.strip()]
    if not given:
        raise RequiredParameterMissing(names=list(KEYS))
    if len(given) > 1:
        raise InvalidParameter("Give one of email, external_id, mobile_number, once.", name=given[1][0])
    name, value = given[0]
    if "\x00" in value:
        raise ContactNotFound(by=name)
    try:
        if name == "mobile_number":
            return Key.PHONE, identifiers.read_phone(value if value.startswith("+") else f"+{value}")
        return (Key.EMAIL, identifiers.read_email(value)) if name == "email" else (Key.EXTERNAL_ID, value)
    except (PhoneInvalid, EmailInvalid) as error:
        raise ContactNotFound(by=name) from error


def read_flags(query: QueryDict) -> Flags:
    """Return the three flags; absent ones are off. Raises InvalidParameter."""
    return Flags(_flag(query, PROFILE), _flag(query, INCENTIVES), _flag(query, IDENTIFIERS))


def _flag(query: QueryDict, name: str) -> bool:
    given = query.getlist(name)
    value = _WORDS.get(given[0].strip().lower()) if len(given) == 1 else (False if not given else None)
    if value is None:
        raise InvalidParameter(f"{name}: true or false, once.", name=name)
    return value
