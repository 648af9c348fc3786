"""Everything held about a person, for that person: a JSON file, or a page to read and print."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django import forms
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from customers.models import Contact
from loyalty.admin import pages, wording
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.personal_words import HEADERS, SECTIONS
from loyalty.core.actors import Actor
from loyalty.selectors import personal_data as selector
from loyalty.selectors.personal_data import Held
from loyalty.services import personal_data, program

PAGE, JSON = "page", "json"
FROM_LISTS = frozenset({
    "status", "kind", "account", "source", "target", "category", "card_type", "sex", "reason_word", "scope", "what",
    "status_before", "status_after",
})  # fmt: skip
"""Columns whose values are words of fixed lists; other texts are the person's own and stay as they are."""
CODES: dict[str, wording.Words] = {
    "action": wording.action,
    "actor": wording.actor,
    "cause": wording.cause,
    "channel": wording.channel,
    "checker": wording.actor,
    "maker": wording.actor,
    "note": wording.reason,
    "reason": wording.reason,
    "reason_name": wording.reason,
    "role": wording.role,
    "said_through": wording.door,
    "surface": wording.door,
    "to_what": wording.target,
    "undone_by": wording.actor,
    "undone_reason": wording.reason,
}
"""Columns whose values are codes."""
ONLY_DATA = frozenset({
    "terms", "id", "operation_id", "corrects_id", "accrual_id", "redemption_id", "take_back_id", "restoration_id",
    "lot_id", "from_lot_id", "root_id",
})  # fmt: skip
"""Columns that say something to another system only: the JSON file has them."""
_LONG = 9
"""A section with more columns than these is written as blocks of names and values, not as a table."""


class ExportForm(ReasonForm):
    """A page to hand over, or data for another system."""

    wanted = forms.ChoiceField(
        label=_("As"),
        choices=[(PAGE, _("A page to read and print")), (JSON, _("A JSON file"))],
        initial=PAGE,
        widget=widgets.UnfoldAdminRadioSelectWidget(),
    )


def _export(actor: Actor, contact: Contact, form: ExportForm) -> HttpResponse:
    held = personal_data.export(actor, contact.pk, form.cleaned_data["reason"])
    as_file = form.cleaned_data["wanted"] == JSON
    response = _json(held) if as_file else HttpResponse(page(held))
    add_never_cache_headers(response)
    response["Cache-Control"] = "no-store, private"
    return response


def _json(held: Held) -> HttpResponse:
    content = orjson.dumps(selector.as_json(held, program.settings().tzinfo), option=orjson.OPT_INDENT_2)
    response = HttpResponse(content, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{held.code}.json"'
    return response


def page(held: Held) -> str:
    """Return the readable page: a whole document that needs no log-in once it is saved or printed."""
    sections = [_section(name, rows) for name, rows in held.sections.items()]
    context = {"sections": sections, "code": held.code, "told_at": pages.moment(held.told_at)}
    return render_to_string("back_office/personal_data.html", context)


def _section(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    columns = [each for each in rows[0] if each not in ONLY_DATA] if rows else []
    return {
        "title": SECTIONS[name],
        "headers": [HEADERS[each] for each in columns],
        "rows": [[(HEADERS[each], _shown(each, row[each])) for each in columns] for row in rows],
        "wide": len(columns) > _LONG,
    }


def _shown(name: str, value: Any) -> Any:
    words = CODES.get(name)
    if words is not None and isinstance(value, str) and value:
        return words(value)
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode() if value else pages.NOTHING
    if name in FROM_LISTS and isinstance(value, str) and value:
        return gettext(value)
    return pages.shown(value)


EXPORT = Command(
    "export",
    _("Export personal data"),
    ExportForm,
    _export,
    submit=_("Export"),
    explain=_("Everything that is held about this customer. The journal notes who took it; no copy is kept here."),
    icon="download",
    offered=lambda contact: contact.merged_into_id is None and contact.erased_at is None,
)
