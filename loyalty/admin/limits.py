"""Limits of a day: twelve rows, each switched on by giving it a bound."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from loyalty.admin import columns
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.site import site
from loyalty.core.actors import Actor
from loyalty.models import Limit
from loyalty.services import limits


class BoundsForm(ReasonForm):
    """Both bounds; an empty one is off."""

    soft = forms.DecimalField(
        label=_("Soft bound"),
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(),
        help_text=_("The most without an alert. Beyond it the journal gets one entry a day. Empty: off."),
    )
    hard = forms.DecimalField(
        label=_("Hard bound"),
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(),
        help_text=_("The most that is allowed. Beyond it the purchase is refused. Empty: off."),
    )

    def present(self, subject: Limit) -> dict[str, Any]:
        """Show what is stored."""
        return {"soft": subject.soft, "hard": subject.hard}


def _set(actor: Actor, limit: Limit, form: BoundsForm) -> None:
    bounds = {"soft": limit.soft, "hard": limit.hard} | form.changes(("soft", "hard"))
    limits.set_bounds(actor, limit.pk, **bounds, reason=form.cleaned_data["reason"])


@admin.register(Limit, site=site)
class LimitAdmin(ReadOnly):
    """What one card, till or cashier may do in a day."""

    list_display = (
        "name",
        columns.choice("measure", _("measure")),
        columns.amount("soft", _("soft bound")),
        columns.amount("hard", _("hard bound")),
        columns.moment("updated_at", _("changed at")),
    )
    ordering = ("scope", "what", "measure")
    facts = ("scope", "what", "measure", "soft", "hard", "updated_at")
    commands = (
        Command(
            "edit",
            _("Set the bounds"),
            BoundsForm,
            _set,
            done=_("The limit is changed."),
            submit=_("Save"),
            explain=_(
                "Counts by the retailer's day on which a purchase reaches us. A number counts purchases, an amount"
                " counts points. A till and a cashier are known by the API client and the text that the till sends."
            ),
        ),
    )

    @admin.display(description=_("limit"))
    def name(self, limit: Limit) -> str:
        """Say whose limit of what it is."""
        return self.title_of(limit)

    def title_of(self, record: Limit) -> str:
        """Return whose limit of what it is."""
        return f"{gettext(record.get_scope_display())} · {gettext(record.get_what_display())}"
