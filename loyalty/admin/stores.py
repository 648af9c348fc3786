"""Stores: shops, known to the tills by their codes."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import columns, pages, search
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.form_fields import OneALine
from loyalty.admin.pages import Fact, Group, Page
from loyalty.admin.site import site
from loyalty.core.actors import Actor
from loyalty.models import Store
from loyalty.services import fiscal_drives
from loyalty.services import stores as use_cases
from loyalty.services.stores import CHANGEABLE


class StoreForm(ReasonForm):
    """How a store is called, and where it is."""

    name = forms.CharField(
        label=_("name"),
        max_length=120,
        required=False,
        widget=widgets.UnfoldAdminTextInputWidget(),
        help_text=_("As customers know it: the wallet app shows it in their purchases."),
    )
    region = forms.CharField(
        label=_("region"), max_length=80, required=False, widget=widgets.UnfoldAdminTextInputWidget()
    )

    def present(self, subject: Store | None) -> dict[str, Any]:
        """Show what is stored."""
        return {name: getattr(subject, name) for name in CHANGEABLE} if subject else {}


class NewStoreForm(StoreForm):
    """A new store has a code as well."""

    code = forms.CharField(
        label=_("code"),
        max_length=40,
        widget=widgets.UnfoldAdminTextInputWidget(),
        help_text=_("What its tills send as Store. It cannot be changed later."),
    )
    field_order = ("code", "name", "region")


class DrivesForm(ReasonForm):
    """Which fiscal drives: a list out of the registration papers."""

    fiscal_drives = OneALine(
        label=_("fiscal drives"), help_text=_("16 digits, one a line: ФН on the receipt, fn in its QR code.")
    )


def _add(actor: Actor, _subject: None, form: NewStoreForm) -> None:
    use_cases.add_store(actor, **{name: form.cleaned_data[name] for name in ("code", "name", "region", "reason")})


def _change(actor: Actor, store: Store, form: StoreForm) -> None:
    use_cases.change_store(actor, store.pk, form.changes(CHANGEABLE), form.cleaned_data["reason"])


def _add_drives(actor: Actor, store: Store, form: DrivesForm) -> str:
    given = form.cleaned_data
    new = fiscal_drives.add_drives(actor, store.pk, given["fiscal_drives"], given["reason"])
    return gettext("Fiscal drives new to this store: %(count)s.") % {"count": new}


def _remove_drives(actor: Actor, store: Store, form: DrivesForm) -> str:
    given = form.cleaned_data
    gone = fiscal_drives.remove_drives(actor, store.pk, given["fiscal_drives"], given["reason"])
    return gettext("Fiscal drives taken from this store: %(count)s.") % {"count": gone}


@admin.register(Store, site=site)
class StoreAdmin(ReadOnly):
    """Added and named by hand, or opened by the first purchase that comes from them (a setting)."""

    hint = _("Stores come with their first purchase, or are added here before.")
    list_display = ("code", "name", "region", columns.moment("created_at", _("created at")))
    facts = ("code", "name", "region", "created_at")
    ordering = ("code",)
    search_fields = ("code",)
    search_help_text = _("The beginning of the code")
    creates = Command("add", _("New store"), NewStoreForm, _add, done=_("The store is added."), submit=_("Add"))
    commands = (
        Command(
            "edit",
            _("Change name and region"),
            StoreForm,
            _change,
            done=_("The store was changed."),
            submit=_("Save"),
            explain=_("Reports and promotions know the store by its code, which stays."),
        ),
        Command(
            "add-drives",
            _("Enter fiscal drives"),
            DrivesForm,
            _add_drives,
            submit=_("Enter"),
            explain=_("They tell the store of a scanned receipt. One that stood in another store has moved here."),
            icon="add",
        ),
        Command(
            "remove-drives",
            _("Take fiscal drives away"),
            DrivesForm,
            _remove_drives,
            submit=_("Take away"),
            explain=_("For tills that are gone. Receipts of an unknown drive count as bought in any store."),
            icon="remove",
            offered=lambda store: store.fiscal_drives.exists(),
        ),
    )

    def page(self, request: HttpRequest, record: Store) -> Page:
        """Show the fiscal drives below the store."""
        numbers = list(record.fiscal_drives.values_list("number", flat=True))
        drives = Group(_("Fiscal drives"), [Fact(_("fiscal drives"), ", ".join(numbers) or pages.NOTHING)])
        return Page([Group("", self.facts_of(record)), drives])

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Store], search_term: str
    ) -> tuple[QuerySet[Store], bool]:
        """Find by the beginning of the code."""
        return queryset.filter(code__startswith=search.clean(search_term)), False
