"""Codes in words: what was done, by whom, because of what. The code itself is shown small where engineers look."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Choices, Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from cards.models import CardCategory, CardStatus, ImportMode
from loyalty.admin import code_words, pages
from loyalty.admin.words import FIELDS
from loyalty.core.roles import Role
from loyalty.models import LimitedAct, LimitMeasure, LimitScope
from loyalty.services.typed_words import OURS
from promos.models import PromotionStatus, SegmentMode
from tiers.models import AssessmentPolicy, StandingReason

_NUMBER = re.compile(r"-?[0-9]+\.[0-9]{2}")
Words = Callable[[str], str]

_OF_NOUN = {
    "audience": "promos.audience",
    "card_series": "cards.cardseries",
    "contact": "customers.contact",
    "limit": "loyalty.limit",
    "promotion": "promos.promotion",
    "segment": "promos.segment",
    "settings": "loyalty.program",
    "store": "loyalty.store",
    "tier": "tiers.tier",
}
"""The model whose fields an entry may tell of, by the noun of its action."""
_LISTS: dict[str, tuple[type[Choices], ...]] = {
    "assessment": (AssessmentPolicy,),
    "category": (CardCategory,),
    "measure": (LimitMeasure,),
    "mode": (ImportMode, SegmentMode),
    "role_given": (Role,),
    "before": (Role,),
    "scope": (LimitScope,),
    "standings": (StandingReason,),
    "status": (CardStatus, PromotionStatus),
    "what": (LimitedAct,),
}
_POINTS = frozenset(
    {"amount", "burned", "debt_written_off", "points", "points_given_up", "qualifying", "spendable", "taken_back"}
)
"""Details that are points, kept as text."""
_IN_ENGLISH = frozenset({"account", "category", "status"})
"""Details that name a value of a fixed list by its English words."""


def action(code: str) -> str:
    """Return what a journal entry says was done."""
    return _word(code_words.ACTIONS, code)


def job(code: str) -> str:
    """Return what a job is called."""
    return _word(code_words.JOBS, code)


def door(code: str) -> str:
    """Return by which door an act came in."""
    return _word(code_words.DOORS, code)


def channel(code: str) -> str:
    """Return what a channel of consents is called."""
    return _word(code_words.CHANNELS, code)


def role(code: str) -> str:
    """Return what a role is called."""
    return gettext(str(Role(code).label)) if code in Role.values else code


def actor(code: str) -> str:
    """Return who acted: a person by the log-in, a client of an API, a job or a command by its words."""
    kind, _colon, name = code.partition(":")
    if kind == "system":
        return job(name)
    return str(code_words.CLIENT) % {"name": name} if kind == "client" else name or code


def cause(code: str) -> str:
    """Return because of what an operation stands in the books."""
    kind, _colon, number = code.partition(":")
    found = code_words.CAUSES.get(kind)
    return str(found) % {"of": number} if found else code


def target(code: str) -> str:
    """Return to what an act was done; names that people gave stay as they are."""
    surface, _slash, login = code.partition("/")
    if login and surface in code_words.DOORS:
        return f"{door(surface)}: {login}"
    kind, _space, number = code.partition(" ")
    found = code_words.TARGETS.get(kind) if not number or number.isdecimal() else None
    return str(found) % {"of": number} if found else code


def reason(text: str) -> str:
    """Return a reason as somebody typed it; what the programme wrote in a person's stead follows the reader."""
    return gettext(text) if text in OURS and text else text


def written(words: Words, code: str) -> Any:
    """Write a code in words; whoever rests on them sees the code."""
    said = words(code) if code else pages.NOTHING
    return format_html('<span title="{}">{}</span>', code, said) if said != code and code else said


def told(words: Words, code: str) -> Any:
    """Write a code in words, and the code itself small beside them, for the page of one record."""
    said = words(code) if code else pages.NOTHING
    # A sentence that the programme wrote is no code: in the reader's language it says all there is.
    return _beside(said, code) if said != code and code and words is not reason else said


FIELD_WORDS: dict[str, Words] = {
    "action": action,
    "actor": actor,
    "cause": cause,
    "channel": door,
    "checker": actor,
    "job": job,
    "maker": actor,
    "role": role,
    "loyalty.journalentry.target": target,
    "ledger.operation.reason": reason,
    "loyalty.adjustmentrequest.note": reason,
    "loyalty.journalentry.reason": reason,
    "customers.consent.channel": channel,
    "customers.consent.source": door,
}
"""Fields that hold codes, by their name, or by model and name where one name means two things."""


def words_of(model: type[Model] | Model, name: str) -> Words | None:
    """Return what puts the values of a field into words, None where the field holds no code."""
    return FIELD_WORDS.get(f"{model._meta.label_lower}.{name}", FIELD_WORDS.get(name))


def of_entry(done: str, details: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Return the details of a journal entry as (name, value) in words; `done` is its action."""
    label = _OF_NOUN.get(done.partition(".")[0], "")
    every = {**details, **_mapping(details, "changes"), **_mapping(details, "terms"), **_mapping(details, "values")}
    left_out = [name for name in ("changes", "terms", "values") if isinstance(details.get(name), dict)]
    return [(_name(label, name), _value(label, name, value)) for name, value in every.items() if name not in left_out]


def of_run(result: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Return what a run of a job came to as (name, value) in words."""
    return [(_word(code_words.RESULTS, name), _value("", name, value)) for name, value in result.items()]


def _mapping(details: dict[str, Any], name: str) -> dict[str, Any]:
    found = details.get(name)
    return found if isinstance(found, dict) else {}


def _beside(said: str, code: str) -> SafeString:
    return format_html('{} <span class="bo-code">{}</span>', said, code)


def _word(table: dict[str, Any], code: str) -> str:
    return str(table.get(code, code))


def _name(label: str, name: str) -> str:
    found = FIELDS.get(label, {}).get(name) or code_words.DETAILS.get(name)
    return str(found) if found else name


def _value(label: str, name: str, value: Any) -> Any:
    """Write a detail: old and new with an arrow between, a list with commas, a fixed list's value in words."""
    if isinstance(value, dict):
        return _several(f"{_one(label, name, key)}: {_value(label, name, each)}" for key, each in value.items())
    if not isinstance(value, list):
        return _one(label, name, value)
    if name == "fields":
        return _several(_name(label, str(each)) for each in value)
    parts = [_value(label, name, each) for each in value]
    return " → ".join(map(str, parts)) if len(parts) == 2 else _several(parts)


def _several(parts: Iterable[Any]) -> str:
    return ", ".join(map(str, parts)) or pages.NOTHING


def _one(label: str, name: str, value: Any) -> Any:
    if isinstance(value, bool | Decimal) or value in (None, ""):
        return pages.shown(value)
    if name in ("maker", "ordered_by"):
        return actor(value)
    if name in _POINTS and _NUMBER.fullmatch(str(value)):
        return pages.amount(Decimal(str(value)))
    for choices in _choices(label, name):
        if str(value) in choices:
            return gettext(choices[str(value)])
    return gettext(value) if name in _IN_ENGLISH and isinstance(value, str) else value


def _choices(label: str, name: str) -> list[dict[str, str]]:
    found = [{str(value): str(word) for value, word in each.choices} for each in _LISTS.get(name, ())]
    if label and name in FIELDS[label]:
        field: Any = apps.get_model(label)._meta.get_field(name)
        found.append({str(value): str(word) for value, word in field.flatchoices})
    return found
