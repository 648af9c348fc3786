"""The interaction log: what systems asked and what they were answered, masked. For those who look into integrations."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cards import numbers
from loyalty.admin import columns, pages, search
from loyalty.admin.base import ReadOnly
from loyalty.admin.pages import Fact, Group, Page
from loyalty.admin.site import site
from loyalty.models import ApiClient, Interaction

_STATUSES = (200, 400, 401, 403, 404, 405, 413, 422, 429, 500, 503)


class ClientFilter(admin.SimpleListFilter):
    """Calls of one credential."""

    title = _("API client")
    parameter_name = "client"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """Return the credentials there are: a short table, unlike the log."""
        logins = ApiClient.objects.order_by("login").values_list("login", flat=True).distinct()
        return [(login, login) for login in logins[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Interaction]) -> QuerySet[Interaction]:
        """Narrow to the chosen one."""
        return queryset.filter(login=self.value()) if self.value() else queryset


class StatusFilter(admin.SimpleListFilter):
    """Calls answered with one HTTP status; the list is fixed, so that nobody searches the log for it."""

    title = _("HTTP status")
    parameter_name = "http"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """Return the statuses that the surfaces answer."""
        return [(str(status), str(status)) for status in _STATUSES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Interaction]) -> QuerySet[Interaction]:
        """Narrow to the chosen one."""
        value = self.value() or ""
        return queryset.filter(status=int(value)) if value.isdecimal() and len(value) == 3 else queryset


@admin.register(Interaction, site=site)
class InteractionAdmin(ReadOnly):
    """Calls, found by card, till, PurchaseId, key, client or correlation id."""

    list_display = (
        columns.moment("recorded_at", _("when")),
        columns.choice("surface", _("surface")),
        "login",
        "method",
        "path",
        "result",
        "card_number",
        "till",
        "purchase_id",
        "duration_ms",
    )
    list_filter = (
        ("surface", columns.ChoiceFilter),
        "failed",
        StatusFilter,
        ClientFilter,
        ("recorded_at", DateFieldListFilter),
    )
    search_fields = ("card_number",)
    search_help_text = _("A card number, a till, a PurchaseId, a key, a log-in or a correlation id, in full")
    facts = ("recorded_at", "surface", "login", "role", "address", "method", "path", "duration_ms")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Interaction], search_term: str
    ) -> tuple[QuerySet[Interaction], bool]:
        """Find by any identifier, in full: each has an index."""
        text = search.clean(search_term)
        if not text:
            return queryset, False
        digits = "".join(letter for letter in text if letter.isdigit())
        card = digits if numbers.may_be_number(digits) else text
        by_call = Q(login=text) | Q(correlation_id=text) | Q(key=text, failed=True)
        return queryset.filter(by_call | Q(card_number=card) | Q(till=text) | Q(purchase_id=text)), False

    @admin.display(description=_("answer"))
    def result(self, entry: Interaction) -> Any:
        """Show how the call ended."""
        words = f"{entry.status} {entry.key}"
        return pages.mark(words, "danger" if entry.failed else "success")

    def page(self, request: HttpRequest, record: Interaction) -> Page:
        """Show a call: who, what, how it ended, and the bodies where they were kept."""
        same = pages.away(record.correlation_id, pages.list_of(self.label, f"correlation_id={record.correlation_id}"))
        ended = [
            Fact(_("answer"), self.result(record)),
            Fact(_("error text"), record.text or pages.NOTHING),
            Fact(_("correlation id"), same),
            *(self._fact(record, name) for name in ("card_number", "till", "purchase_id")),
        ]
        groups = [Group(_("Call"), self.facts_of(record)), Group(_("Outcome"), ended)]
        if record.request_body or record.response_body:
            bodies = [_body(_("request"), record.request_body), _body(_("answer"), record.response_body)]
            return Page([*groups, Group(_("Bodies"), bodies)])
        note = gettext("Bodies are kept only while full logging is switched on for the API client.")
        return Page(groups, notes=[note])


def _body(label: Any, text: str) -> Fact:
    return Fact(label, format_html('<pre class="bo-json">{}</pre>', pretty(text)) if text else pages.NOTHING)


def pretty(text: str) -> str:
    """Return JSON with indents; what is none, or was cut, as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
