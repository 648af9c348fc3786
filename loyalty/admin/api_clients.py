"""API credentials: made here, their secret shown once; renewed, switched on and off, never deleted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import columns
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, CommandForm, Secret
from loyalty.admin.site import site
from loyalty.admin.words import translated
from loyalty.core.actors import Actor
from loyalty.models import ApiClient, CashDeskRole, Surface
from loyalty.models.api_clients import LOGIN_PATTERN
from loyalty.services import api_clients

_WARNING = _("Copy the secret now and give it to the system that calls. It is kept nowhere and cannot be shown again.")


class ClientForm(CommandForm):
    """A new credential."""

    surface = forms.ChoiceField(
        label=_("Surface"), choices=translated(Surface), widget=widgets.UnfoldAdminSelectWidget()
    )
    login = forms.CharField(
        label=_("Log-in"),
        max_length=40,
        validators=[RegexValidator(LOGIN_PATTERN, _("Letters, digits and dashes, up to 40."))],
        widget=widgets.UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("Letters, digits and dashes, up to 40."),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        required=False,
        choices=[("", "—"), *translated(CashDeskRole)],
        widget=widgets.UnfoldAdminSelectWidget(),
        help_text=_("For the cash desk only: it decides what the credential may do."),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the role where one is needed, and only there."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        surface, login = cleaned.get("surface"), cleaned.get("login")
        if surface == Surface.CASH_DESK and not cleaned.get("role"):
            self.add_error("role", _("Choose a role: a cash-desk credential needs one."))
        if surface and surface != Surface.CASH_DESK and cleaned.get("role"):
            self.add_error("role", _("Leave the role empty: only the cash desk has roles."))
        if ApiClient.objects.filter(surface=surface, login=login).exists():
            self.add_error("login", _("This surface has this log-in already. Choose another, or renew its secret."))
        return cleaned


def _create(actor: Actor, _subject: None, form: ClientForm) -> Secret:
    data = form.cleaned_data
    client, secret = api_clients.create(actor, surface=data["surface"], login=data["login"], role=data["role"])
    return Secret(_("The credential is made"), client.login, secret, _WARNING)


def _renew(actor: Actor, client: ApiClient, _form: CommandForm) -> Secret:
    renewed, secret = api_clients.renew_secret(actor, client.pk)
    return Secret(_("The secret is renewed"), renewed.login, secret, _WARNING)


def _switch_on(actor: Actor, client: ApiClient, _form: CommandForm) -> None:
    api_clients.switch(actor, client.pk, active=True)


def _switch_off(actor: Actor, client: ApiClient, _form: CommandForm) -> None:
    api_clients.switch(actor, client.pk, active=False)


class FullLogForm(CommandForm):
    """For how long."""

    hours = forms.IntegerField(
        label=_("Hours"),
        min_value=1,
        max_value=api_clients.LONGEST_FULL_LOG_HOURS,
        initial=24,
        widget=widgets.UnfoldAdminIntegerFieldWidget(),
        help_text=_("It ends by itself."),
    )


def _log_in_full(actor: Actor, client: ApiClient, form: FullLogForm) -> None:
    api_clients.log_in_full(actor, client.pk, hours=form.cleaned_data["hours"])


def _log_errors_only(actor: Actor, client: ApiClient, _form: CommandForm) -> None:
    api_clients.log_in_full(actor, client.pk, hours=0)


@admin.register(ApiClient, site=site)
class ApiClientAdmin(ReadOnly):
    """Who may call which surface."""

    list_display = (
        "login",
        columns.choice("surface", _("surface")),
        columns.choice("role", _("role")),
        "secret_begins",
        "active",
        columns.moment("created_at", _("created at")),
    )
    ordering = ("surface", "login")
    facts = (
        "surface",
        "login",
        "role",
        "secret_prefix",
        "active",
        "log_in_full",
        "log_full_until",
        "created_at",
    )
    creates = Command(
        "add",
        _("New API client"),
        ClientForm,
        _create,
        submit=_("Create"),
        explain=_("The secret is shown on the next page, once."),
    )
    commands = (
        Command(
            "renew",
            _("Renew the secret"),
            CommandForm,
            _renew,
            explain=_("The old secret stops working at once. The new one is shown on the next page, once."),
            icon="key",
            danger=True,
        ),
        Command(
            "switch-off",
            _("Switch off"),
            CommandForm,
            _switch_off,
            done=_("The credential is switched off."),
            explain=_("Calls with this credential are refused until it is switched on again."),
            icon="block",
            danger=True,
            offered=lambda client: client.active,
        ),
        Command(
            "switch-on",
            _("Switch on"),
            CommandForm,
            _switch_on,
            done=_("The credential is switched on."),
            explain=_("Calls with this credential are answered again."),
            icon="check_circle",
            offered=lambda client: not client.active,
        ),
        Command(
            "log-in-full",
            _("Log whole calls"),
            FullLogForm,
            _log_in_full,
            done=_("Whole calls are logged."),
            explain=_(
                "The interaction log keeps requests and answers of this client, with phones, e-mail addresses, names"
                " and secrets masked. It starts within half a minute. Errors are logged always."
            ),
            icon="visibility",
        ),
        Command(
            "log-errors-only",
            _("Log errors only"),
            CommandForm,
            _log_errors_only,
            done=_("Only errors are logged."),
            explain=_("The interaction log keeps no more requests and answers of this client, only errors."),
            icon="visibility_off",
            offered=lambda client: client.log_in_full,
        ),
    )

    @admin.display(description=_("secret begins with"))
    def secret_begins(self, client: ApiClient) -> str:
        """Show the prefix that people know a secret by."""
        return f"{client.secret_prefix}…"

    def get_queryset(self, request: HttpRequest) -> Any:
        """Never load the digest: no page may show it."""
        return super().get_queryset(request).defer("secret_digest")
