"""The retailer's settings: one row, so the list is the form. The names of the point accounts stand on it too."""

import zoneinfo
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Choices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import commands
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, CommandForm
from loyalty.admin.form_fields import OneALine
from loyalty.admin.site import site
from loyalty.admin.words import CONTACT, PROGRAM, PROGRAM_HELP, TIER_SYSTEM, translated
from loyalty.core.actors import Actor
from loyalty.ledger.accounts import HELD, Account
from loyalty.ledger.models import PointAccount
from loyalty.models import ExpiryRounding, PointsExpiry, Program, ReturnPolicy
from loyalty.models.program import SUFFICIENCY_FIELDS
from loyalty.services import program
from tiers.models import AssessmentPolicy, TierSystem

EDIT = "edit"
_SECTIONS = (
    (_("Retailer"), "", ("retailer", "zone", "currency")),
    (_("Earning"), "", ("earn_rate", "escrow_days", "oldest_purchase_days", "unknown_stores", "excluded_categories")),
    (_("Spending and returns"), "", ("spending_share", "return_policy")),
    (_("Expiry of points"), "", ("points_expiry", "expiry_months", "expiry_rounding")),
    (_("Partners"), "", ("available_with_escrow",)),
    (
        _("Manual adjustments"),
        _("What goes beyond either of these waits until a second person approves it."),
        ("adjustment_alone", "adjustment_alone_daily"),
    ),
    (_("Logs"), "", ("interaction_days",)),
    (_("Cards and personal data"), "", ("sufficiency", "activate_on_bind", "reservation_minutes", "low_pool_alert")),
)
_LISTS: dict[str, type[Choices]] = {
    "points_expiry": PointsExpiry,
    "expiry_rounding": ExpiryRounding,
    "return_policy": ReturnPolicy,
}


class SettingsForm(CommandForm):
    """Every setting, and a name and a label for each account that customers hold."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._accounts = {row.code: row for row in PointAccount.objects.filter(code__in=HELD)}
        super().__init__(*args, **kwargs)
        for _title, _text, names in _SECTIONS:
            self.fields.update({name: _field(name) for name in names})
        self.fields["assessment"] = forms.ChoiceField(
            label=capfirst(TIER_SYSTEM["assessment"]),
            choices=translated(AssessmentPolicy),
            widget=widgets.UnfoldAdminSelectWidget(),
            help_text=_("The points of the year that closes decide. Nobody moves down before the tier ends."),
        )
        for code, title in translated(Account):
            if code in self._accounts:
                words = {"account": title}
                self.fields[f"name_{code}"] = _text_field(_("%(account)s: name") % words, 80)
                self.fields[f"label_{code}"] = _text_field(_("%(account)s: label") % words, 40, required=False)

    def present(self, subject: Program) -> dict[str, Any]:
        """Show what is stored."""
        stored = {name: getattr(subject, name) for _title, _text, names in _SECTIONS for name in names}
        system = TierSystem.objects.first()
        stored["assessment"] = system.assessment if system else AssessmentPolicy.BALANCE_BASED
        for code, account in self._accounts.items():
            stored |= {f"name_{code}": account.name, f"label_{code}": account.label}
        return stored

    def sections(self) -> list[tuple[Any, Any, list[forms.BoundField]]]:
        """Return the settings by what they decide, then the accounts."""
        groups: list[tuple[Any, Any, list[forms.BoundField]]] = [
            (title, text, [self[name] for name in names]) for title, text, names in _SECTIONS
        ]
        accounts = [self[f"{part}_{code}"] for code in self._accounts for part in ("name", "label")]
        groups.append((_("Tiers"), "", [self["assessment"]]))
        return [*groups, (_("Point accounts"), _("As partners and the wallet app show them."), accounts)]

    def settings(self) -> dict[str, Any]:
        """Return the settings that the person changed."""
        return self.changes([name for _title, _text, names in _SECTIONS for name in names])

    def assessment(self) -> str | None:
        """Return how tiers are judged at their end, None if the person left it as it was."""
        chosen: str | None = self.changes(["assessment"]).get("assessment")
        return chosen

    def accounts(self) -> dict[int, tuple[str, str]]:
        """Return the names and labels as they should be."""
        changed = self.changes([f"{part}_{code}" for code in self._accounts for part in ("name", "label")])
        return {
            code: (changed.get(f"name_{code}", stored.name), changed.get(f"label_{code}", stored.label))
            for code, stored in self._accounts.items()
        }


def _field(name: str) -> forms.Field:
    wanted: dict[str, Any] = {"label": capfirst(PROGRAM[name]), "help_text": PROGRAM_HELP.get(name, "")}
    if name == "zone":
        zones = [(zone, zone) for zone in sorted(zoneinfo.available_timezones())]
        return forms.ChoiceField(choices=zones, widget=widgets.UnfoldAdminSelect2Widget(), **wanted)
    if name == "sufficiency":
        choices = [(each, capfirst(CONTACT[each])) for each in SUFFICIENCY_FIELDS]
        boxes = widgets.UnfoldAdminCheckboxSelectMultipleWidget()
        return forms.MultipleChoiceField(choices=choices, required=False, widget=boxes, **wanted)
    if name == "excluded_categories":
        return OneALine(**wanted)
    if name in _LISTS:
        return forms.ChoiceField(choices=translated(_LISTS[name]), widget=widgets.UnfoldAdminSelectWidget(), **wanted)
    field = Program._meta.get_field(name)
    built: forms.Field = field.formfield(widget=_widget(field), **wanted)  # type: ignore[union-attr, assignment]
    return built


def _widget(field: Any) -> Any:
    if isinstance(field, models.ForeignKey):
        return widgets.UnfoldAdminSelectWidget()
    if isinstance(field, models.BooleanField):
        return widgets.UnfoldBooleanSwitchWidget()
    if isinstance(field, models.DecimalField):
        return widgets.UnfoldAdminDecimalFieldWidget()
    if isinstance(field, models.IntegerField):
        return widgets.UnfoldAdminIntegerFieldWidget()
    return widgets.UnfoldAdminTextInputWidget()


def _text_field(label: Any, most: int, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=capfirst(label), max_length=most, required=required, widget=widgets.UnfoldAdminTextInputWidget()
    )


def _change(actor: Actor, _settings: Program, form: SettingsForm) -> None:
    program.change_settings(actor, form.settings(), form.accounts(), assessment=form.assessment())


CHANGE = Command(
    EDIT,
    _("Retailer settings"),
    SettingsForm,
    _change,
    done=_("The settings were changed."),
    submit=_("Save"),
    explain=_("They count from the next purchase on. The journal keeps the old and the new values."),
)


@admin.register(Program, site=site)
class SettingsAdmin(ReadOnly):
    """One row: every address of it opens the form."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Open the form straight away."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:loyalty_program_change", 1)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the form; for those who may only look its fields are locked and there is no button."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if object_id != "1":
            return redirect("admin:loyalty_program_change", 1)
        may_change = self.may(request, EDIT)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        settings = program.settings()
        context = {**self.context(request, None), "locked": not may_change}
        return commands.serve(request, CHANGE, settings, context, request.path)
