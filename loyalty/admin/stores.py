"""Stores: shops, known to the tills by their codes."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import columns, search
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.site import site
from loyalty.core.actors import Actor
from loyalty.models import Store
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


def _add(actor: Actor, _subject: None, form: NewStoreForm) -> None:
    use_cases.add_store(actor, **{name: form.cleaned_data[name] for name in ("code", "name", "region", "reason")})


def _change(actor: Actor, store: Store, form: StoreForm) -> None:
    use_cases.change_store(actor, store.pk, form.changes(CHANGEABLE), form.cleaned_data["reason"])


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
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Store], search_term: str
    ) -> tuple[QuerySet[Store], bool]:
        """Find by the beginning of the code."""
        return queryset.filter(code__startswith=search.clean(search_term)), False
