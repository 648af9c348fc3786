"""What the wallet sends: the partner's keys, read strictly into our words (specs/koshelek.md).

Every key that is not named here is ignored.
"""
# ruff: noqa: N815 - the partner's own spelling

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from customers.models import Contact
from customers.services import PersonalData
from loyalty.api.koshelek import fields
from loyalty.core.errors import InvalidParameter, RequiredParameterMissing
from loyalty.selectors.wallet import Search
from promos.fiscal_qr import LONGEST as LONGEST_CODE


class SearchQuery(serializers.Serializer[Any]):
    """Call 1: at least one of msisdn and email."""

    msisdn = fields.MsisdnField(max_length=16, help_text="Digits of E.164 without `+`, up to 15.")
    email = fields.EmailField(max_length=254, help_text="An e-mail address; capitals do not matter.")
    birthDate = fields.DayField(help_text="`YYYY-MM-DD`. Only chooses among several owners of an e-mail address.")


class HistoryQuery(serializers.Serializer[Any]):
    """Call 5: days in the retailer's zone, both included."""

    startDate = fields.DayField(required=True, help_text="The first day, `YYYY-MM-DD`.")
    endDate = fields.DayField(help_text="The last day, `YYYY-MM-DD`; today when it is left out.")


class Channels(serializers.Serializer[Any]):
    """Call 2: known are sms, email, call and push; others are kept, too. What is named in neither stays."""

    allow = fields.ChannelsField(help_text="Channels that are allowed from now on.")
    deny = fields.ChannelsField(help_text="Channels that are denied from now on; a channel in both lists is denied.")


def _length(name: str) -> int:
    field: Any = Contact._meta.get_field(name)
    return int(field.max_length)


class Person(serializers.Serializer[Any]):
    """Call 4: personal data. What is empty or absent stays as it is stored."""

    phone = fields.PhoneField(max_length=40, help_text="International, with or without `+`.")
    email = fields.EmailField(max_length=_length("email"))
    firstname = fields.TextField(max_length=_length("first_name"))
    firstName = fields.TextField(max_length=_length("first_name"), help_text="Read when `firstname` is not given.")
    surname = fields.TextField(max_length=_length("surname"))
    patronymic = fields.TextField(max_length=_length("patronymic"))
    sex = fields.SexField(max_length=1, help_text="`m` or `f`; also `м` or `ж`.")
    birthDate = fields.BirthDateField(help_text="`YYYY-MM-DD`, from 1900 to today.")
    birthdate = fields.BirthDateField(help_text="Read when `birthDate` is not given.")
    countryCode = fields.CapitalsField(max_length=_length("country_code"))
    locality = fields.TextField(max_length=_length("locality"))


class NewHolder(Person):
    """Calls 7 and 8: personal data of the person who takes the card."""

    phone = fields.PhoneField(required=True, max_length=40, help_text="International, with or without `+`.")


class ScannedReceipt(serializers.Serializer[Any]):
    """Call 12: at least one of msisdn and cardNumber; both must name one customer."""

    msisdn = fields.MsisdnField(max_length=16, help_text="Digits of E.164 without `+`, up to 15.")
    cardNumber = fields.TextField(max_length=40, help_text="The customer's card, also one that another has replaced.")
    qrCode = fields.TextField(
        required=True,
        max_length=LONGEST_CODE,
        help_text="The text of the QR code as scanned, not encoded again.",
    )


class PromoCode(serializers.Serializer[Any]):
    """Call 13: who typed which code. At least one of msisdn and cardNumber; both must name one customer."""

    msisdn = fields.MsisdnField(max_length=16, help_text="Digits of E.164 without `+`, up to 15.")
    cardNumber = fields.TextField(max_length=40, help_text="The number of any card of the customer.")
    code = fields.TextField(
        required=True,
        max_length=80,
        help_text="As the customer typed it: capitals, blanks, dashes, letters that look alike do not matter.",
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """Who sends what: a phone (E.164) or "", a card number or "", and the text."""

    phone: str
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class TypedCode:
    """Who typed a code, and the code as it was typed. Of phone and number one may be empty."""

    phone: str
    number: str
    code: str


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to `end`, both included; `end` None means today."""

    start: date
    end: date | None


def read_search(query: QueryDict) -> Search:
    """Return what call 1 looks for. Raises RequiredParameterMissing, InvalidParameter, PhoneInvalid, EmailInvalid."""
    values = _read(SearchQuery, _single(query, SearchQuery))
    if not values["msisdn"] and not values["email"]:
        raise RequiredParameterMissing("msisdn or email: one of them is required.", names=["msisdn", "email"])
    return Search(values["msisdn"], values["email"], values["birthDate"] or None)


def read_period(query: QueryDict) -> Period:
    """Return the days of call 5. Raises RequiredParameterMissing, InvalidParameter."""
    values = _read(HistoryQuery, _single(query, HistoryQuery))
    start, end = values["startDate"], values["endDate"] or None
    if end is not None and end < start:
        raise InvalidParameter("endDate: it lies before startDate.", name="endDate")
    return Period(start, end)


def read_channels(body: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the allowed and the denied channels of call 2. Raises InvalidParameter."""
    values = _read(Channels, body)
    return values["allow"], values["deny"]


def read_person(body: dict[str, Any]) -> PersonalData:
    """Return the personal data of call 4. Raises InvalidParameter, PhoneInvalid, EmailInvalid."""
    return _personal_data(_read(Person, body))


def read_new_holder(body: dict[str, Any]) -> PersonalData:
    """Return the personal data of calls 7 and 8. Raises as read_person, and RequiredParameterMissing."""
    return _personal_data(_read(NewHolder, body))


def read_receipt(body: dict[str, Any]) -> Sent:
    """Return who sends which code in call 12. Raises RequiredParameterMissing, InvalidParameter, PhoneInvalid."""
    values = _read(ScannedReceipt, body)
    if not values["msisdn"] and not values["cardNumber"]:
        raise RequiredParameterMissing("msisdn or cardNumber: one of them is required.", names=["msisdn", "cardNumber"])
    return Sent(values["msisdn"], values["cardNumber"], values["qrCode"])


def read_promo_code(body: dict[str, Any]) -> TypedCode:
    """Return what call 13 brings. Raises RequiredParameterMissing, InvalidParameter, PhoneInvalid."""
    values = _read(PromoCode, body)
    if not values["msisdn"] and not values["cardNumber"]:
        raise RequiredParameterMissing("msisdn or cardNumber: one of them is required.", names=["msisdn", "cardNumber"])
    return TypedCode(values["msisdn"], values["cardNumber"], values["code"])


def _read(form: type[serializers.Serializer[Any]], values: dict[str, Any]) -> dict[str, Any]:
    serializer = form(data=values)
    serializer.is_valid(raise_exception=True)
    read: dict[str, Any] = serializer.validated_data
    return read


def _single(query: QueryDict, form: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in map(str, form().fields):
        given = query.getlist(name)
        if len(given) > 1:
            raise InvalidParameter(f"{name}: it is given {len(given)} times.", name=name)
        values[name] = given[0] if given else None
    return values


def _personal_data(values: dict[str, Any]) -> PersonalData:
    return PersonalData(
        phone=values["phone"] or None,
        email=values["email"],
        first_name=values["firstname"] or values["firstName"],
        surname=values["surname"],
        patronymic=values["patronymic"],
        sex=values["sex"],
        birth_date=values["birthDate"] or values["birthdate"] or None,
        country_code=values["countryCode"],
        locality=values["locality"],
    )
