"""Contacts: the list for a caller on the line, one page that shows the person at a glance, and the edit."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from cards.models import Card
from customers import identifiers
from customers.errors import EmailInvalid, PhoneInvalid
from customers.models import Contact, Sex
from customers.services import PersonalData
from loyalty.admin import (
    adjustments,
    balance_at,
    blocking,
    columns,
    contact_glance,
    membership,
    merges,
    personal_data,
    refusals,
    search,
)
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.pages import Page
from loyalty.admin.site import site
from loyalty.admin.words import CONTACT
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.models import Merge
from loyalty.services import contacts, program
from tiers.models import Standing

_TEXTS = ("surname", "first_name", "patronymic", "email", "country_code", "locality")


def _text(name: str) -> forms.CharField:
    field = Contact._meta.get_field(name)
    return forms.CharField(
        label=CONTACT[name],
        required=False,
        max_length=field.max_length,  # type: ignore[union-attr]
        widget=widgets.UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class EditForm(ReasonForm):
    """Personal data as the customer dictates them. An emptied field is emptied."""

    surname = _text("surname")
    first_name = _text("first_name")
    patronymic = _text("patronymic")
    birth_date = forms.DateField(
        label=CONTACT["birth_date"], required=False, widget=widgets.UnfoldAdminSingleDateWidget()
    )
    sex = forms.ChoiceField(
        label=CONTACT["sex"],
        required=False,
        choices=[("", "—"), (Sex.MALE.value, _("Male")), (Sex.FEMALE.value, _("Female"))],
        widget=widgets.UnfoldAdminSelectWidget(),
    )
    phone = forms.CharField(
        label=CONTACT["phone"],
        required=False,
        max_length=25,
        widget=widgets.UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "inputmode": "tel"}),
        help_text=_("In any writing: +7 900 123-45-67 or 8 (900) 123-45-67."),
    )
    email = _text("email")
    country_code = _text("country_code")
    locality = _text("locality")

    def present(self, subject: Contact) -> dict[str, Any]:
        """Show what is stored."""
        return {name: getattr(subject, name) for name in (*_TEXTS, "birth_date", "sex", "phone")}

    def clean_phone(self) -> str:
        """Return the phone as it is stored."""
        text: str = self.cleaned_data["phone"]
        try:
            return identifiers.read_phone(text) if text else ""
        except PhoneInvalid as error:
            raise forms.ValidationError(refusals.words(error)) from error

    def clean_email(self) -> str:
        """Return the address as it is stored."""
        text: str = self.cleaned_data["email"]
        try:
            return identifiers.read_email(text) if text else ""
        except EmailInvalid as error:
            raise forms.ValidationError(refusals.words(error)) from error

    def clean_birth_date(self) -> Any:
        """Refuse the future and what nobody lives to."""
        born = self.cleaned_data["birth_date"]
        today = clock.today(program.settings().tzinfo)
        if born and not (today.year - 120 <= born.year and born <= today):
            raise forms.ValidationError(_("Nobody was born on this day: check the year."))
        return born

    def personal_data(self) -> tuple[PersonalData, list[str]]:
        """Return the values that the person changed, and the names of those it emptied."""
        changed = self.changes([*_TEXTS, "birth_date", "sex", "phone"])
        given = {name: value for name, value in changed.items() if value}
        return PersonalData(**given), [name for name in changed if name not in given]


def _edit(actor: Actor, contact: Contact, form: EditForm) -> None:
    data, emptied = form.personal_data()
    contacts.edit_contact(actor, contact.pk, data, form.cleaned_data["reason"], emptied)


def _is_open(contact: Contact) -> bool:
    return contact.merged_into_id is None and contact.erased_at is None


@admin.register(Contact, site=site)
class ContactAdmin(ReadOnly):
    """People, found the way they name themselves."""

    list_display = (
        "code",
        "full_name",
        "phone",
        "email",
        columns.badge("status", _("status")),
        columns.moment("created_at", _("created at")),
    )
    list_filter = (("status", columns.ChoiceFilter),)
    search_fields = ("code",)
    search_help_text = _("Phone, card number, code, surname, e-mail or external id")
    commands = (
        Command(
            "edit",
            _("Edit personal data"),
            EditForm,
            _edit,
            done=_("The personal data were changed."),
            submit=_("Save"),
            explain=_("Only what you change is stored. Emptied fields are emptied."),
            offered=_is_open,
        ),
        replace(adjustments.ADJUST, offered=_is_open),
        *merges.COMMANDS,
        *membership.COMMANDS,
        personal_data.EXPORT,
        membership.ERASE,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        """Add the contact's one card that is not given up, its standing, and whether another was merged into it."""
        standing = Standing.objects.filter(contact_id=OuterRef("pk"), left_at=None)
        merge = Merge.objects.filter(survivor_id=OuterRef("pk"), undone_at=None)
        card = Card.objects.filter(contact_id=OuterRef("pk"), blocked_for_good=False)
        return (
            super()
            .get_queryset(request)
            .annotate(
                card_pk=Subquery(card.values("pk")[:1]),
                card_status=Subquery(card.values("status")[:1]),
                standing=Subquery(standing.values("reason")[:1]),
                was_merged=Exists(merge),
            )
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        """Add one click from a row to the form that blocks, unblocks or replaces the contact's card."""
        if not blocking.may_act(request):
            return super().get_list_display(request)
        return (*super().get_list_display(request), blocking.column(request, "card_pk", "card_status", "card_pk"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        """Find as `search` explains."""
        return (queryset.filter(search.contact_condition(search_term)) if search_term.strip() else queryset), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the contact, and what it held at a past moment when somebody asks."""
        return balance_at.beside(request, super().change_view(request, object_id, form_url, extra_context), object_id)

    def page(self, request: HttpRequest, record: Contact) -> Page:
        """Show the person at a glance."""
        return contact_glance.page(request, record)

    @admin.display(description=_("name"))
    def full_name(self, contact: Contact) -> str:
        """Surname, first name and patronymic."""
        return contact.full_name or "—"
