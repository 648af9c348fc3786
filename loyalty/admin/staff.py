"""The people of the back office. Administrators only."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import columns, pages
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, CommandForm, ReasonForm, Secret
from loyalty.admin.pages import Fact, Group, Page
from loyalty.admin.site import site
from loyalty.admin.words import translated
from loyalty.core.actors import Actor
from loyalty.models import StaffRole
from loyalty.models.api_clients import LOGIN_PATTERN
from loyalty.services import second_factor, staff

_WARNING = _("Give the password to this person only, and ask for it to be changed. It cannot be shown again.")


class PersonForm(CommandForm):
    """A new log-in."""

    username = forms.CharField(
        label=_("Log-in"),
        max_length=40,
        validators=[RegexValidator(LOGIN_PATTERN, _("Letters, digits and dashes, up to 40."))],
        widget=widgets.UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("Letters, digits and dashes, up to 40."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=translated(StaffRole), widget=widgets.UnfoldAdminSelectWidget())


class RoleForm(ReasonForm):
    """Another role."""

    role = forms.ChoiceField(label=_("Role"), choices=translated(StaffRole), widget=widgets.UnfoldAdminSelectWidget())

    def present(self, subject: User) -> dict[str, Any]:
        """Show the present role."""
        return {"role": subject.groups.values_list("name", flat=True).first()}


def _create(actor: Actor, _subject: None, form: PersonForm) -> Secret:
    user, password = staff.create(actor, username=form.cleaned_data["username"], role=form.cleaned_data["role"])
    return Secret(_("The log-in is made"), user.username, password, _WARNING)


def _renew(actor: Actor, user: User, _form: CommandForm) -> Secret:
    renewed, password = staff.renew_password(actor, user.pk)
    return Secret(_("The password is renewed"), renewed.username, password, _WARNING)


def _change_role(actor: Actor, user: User, form: RoleForm) -> None:
    chosen = form.changes(["role"]).get("role")
    if chosen is None:
        form.add_error("role", _("This is the role that was shown. Choose another."))
    else:
        staff.change_role(actor, user.pk, chosen, form.cleaned_data["reason"])


def _switch_off(actor: Actor, user: User, form: ReasonForm) -> None:
    staff.switch(actor, user.pk, active=False, reason=form.cleaned_data["reason"])


def _switch_on(actor: Actor, user: User, form: ReasonForm) -> None:
    staff.switch(actor, user.pk, active=True, reason=form.cleaned_data["reason"])


def _remove_factor(actor: Actor, user: User, form: ReasonForm) -> None:
    second_factor.remove(actor, user.pk, form.cleaned_data["reason"])


_COMMANDS = (
    Command("role", _("Change the role"), RoleForm, _change_role, done=_("The role was changed."), icon="badge"),
    Command(
        "password",
        _("New password"),
        CommandForm,
        _renew,
        explain=_("The old password stops working and open sessions end. The new one is shown once."),
        icon="key",
        danger=True,
    ),
    Command(
        "second-factor",
        _("Remove the second factor"),
        ReasonForm,
        _remove_factor,
        done=_("The person enrols another app at the next log-in."),
        explain=_("For a lost telephone. Make sure that it is really this person who asks."),
        icon="phonelink_erase",
        danger=True,
        offered=lambda user: second_factor.confirmed(user) is not None,
    ),
    Command(
        "switch-off",
        _("Switch off"),
        ReasonForm,
        _switch_off,
        done=_("The log-in is switched off."),
        explain=_("The person is logged out and cannot come back until switched on."),
        icon="block",
        danger=True,
        offered=lambda user: user.is_active,
    ),
    Command(
        "switch-on",
        _("Switch on"),
        ReasonForm,
        _switch_on,
        done=_("The log-in is switched on."),
        icon="check_circle",
        offered=lambda user: not user.is_active,
    ),
)


@admin.register(User, site=site)
class StaffAdmin(ReadOnly):
    """Who may come in, and as what."""

    list_display = ("username", "role", "is_active", columns.moment("last_login", _("last log-in")))
    ordering = ("username",)
    creates = Command(
        "add",
        _("New log-in"),
        PersonForm,
        _create,
        submit=_("Create"),
        explain=_("The password is shown on the next page, once."),
    )
    commands = _COMMANDS

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return people of the back office with their roles; passwords stay in the database."""
        return User.objects.filter(is_staff=True).prefetch_related("groups").defer("password")

    def offers(self, request: HttpRequest, record: User, command: Command) -> bool:
        """Leave out the buttons on one's own page: another administrator does these things."""
        return record.pk != request.user.pk and super().offers(request, record, command)

    @admin.display(description=_("role"))
    def role(self, user: User) -> str:
        """Write the person's role."""
        return _role(user)

    def page(self, request: HttpRequest, record: User) -> Page:
        """Show a person."""
        facts = [
            Fact(_("log-in"), record.username),
            Fact(_("role"), _role(record)),
            Fact(_("may log in"), pages.shown(record.is_active)),
            Fact(
                _("second factor"),
                pgettext("second factor", "enrolled")
                if second_factor.confirmed(record)
                else pgettext("second factor", "not enrolled"),
            ),
            Fact(_("last log-in"), pages.moment(record.last_login)),
            Fact(_("made at"), pages.moment(record.date_joined)),
        ]
        own = gettext("This is you. Another administrator changes your role, password and second factor.")
        return Page([Group(_("Person"), facts)], notes=[own] if record.pk == request.user.pk else [])


def _role(user: User) -> str:
    if user.is_superuser:
        return gettext(str(StaffRole.ADMINISTRATOR.label))
    names = {group.name for group in user.groups.all()}
    return ", ".join(gettext(str(role.label)) for role in StaffRole if role.value in names) or pages.NOTHING
