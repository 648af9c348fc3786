"""Consents: every statement a customer made about a channel, none forgotten."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from customers.models import Consent
from loyalty.admin import columns, pages, search, wording
from loyalty.admin.base import ReadOnly
from loyalty.admin.pages import Fact, Group, Page
from loyalty.admin.site import site


@admin.register(Consent, site=site)
class ConsentAdmin(ReadOnly):
    """The newest of a channel counts; all are kept."""

    list_display = ("contact", "channel", "allowed", "source", "actor", columns.moment("given_at", _("given at")))
    list_select_related = ("contact",)
    search_fields = ("contact",)
    search_help_text = _("The customer's phone, card number, code or surname")
    facts = ("channel", "allowed", "source", "actor", "given_at")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Order one contact's consents as their index does."""
        narrowed = request.GET.get("q") or any(name.startswith("contact") for name in request.GET)
        return ("contact", "channel", "-id") if narrowed else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Consent], search_term: str
    ) -> tuple[QuerySet[Consent], bool]:
        """Find the contact first."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(contact_id__in=search.contact_ids(search_term)), False

    def title_of(self, record: Consent) -> str:
        """Name the channel."""
        return wording.channel(record.channel)

    def page(self, request: HttpRequest, record: Consent) -> Page:
        """Show one statement."""
        holder = Fact(_("customer"), pages.link(record.contact, "customers.contact", record.contact_id))
        return Page([Group(_("Consent"), [holder, *self.facts_of(record)])])
