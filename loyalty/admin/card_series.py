"""Card series: where numbers come from, added and changed by marketers."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from cards.models import FORMAT, Barcode, CardSeries, CardType, CheckDigit
from loyalty.admin import columns
from loyalty.admin.base import ReadOnly
from loyalty.admin.card_imports import ImportForm, import_into
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.site import site
from loyalty.admin.words import translated
from loyalty.core.actors import Actor
from loyalty.services import card_series as use_cases
from loyalty.services.card_series import CHANGEABLE


class SeriesForm(ReasonForm):
    """What may change of a series."""

    name = forms.CharField(label=_("name"), max_length=60, widget=widgets.UnfoldAdminTextInputWidget())
    barcode = forms.ChoiceField(
        label=_("barcode"),
        choices=translated(Barcode),
        widget=widgets.UnfoldAdminSelectWidget(),
        help_text=_("As shops scan it, from the card and from the customer's telephone."),
    )
    card_type = forms.TypedChoiceField(
        label=_("card type"), choices=translated(CardType), coerce=int, widget=widgets.UnfoldAdminSelectWidget()
    )
    issuing = forms.BooleanField(
        label=_("issues numbers"),
        required=False,
        widget=widgets.UnfoldBooleanSwitchWidget(),
        help_text=_(
            "New cards take their numbers from this series when the pool is empty. Only one series does: it takes over"
            " from the one before."
        ),
    )

    def present(self, subject: CardSeries | None) -> dict[str, Any]:
        """Show what is stored."""
        return {name: getattr(subject, name) for name in CHANGEABLE} if subject else {"barcode": Barcode.EAN_13}


class NewSeriesForm(SeriesForm):
    """A new series has a format as well, for good."""

    # Django keeps its fields apart from the form's own attribute of this name.
    prefix = forms.RegexField(  # type: ignore[assignment]
        r"^[0-9]{1,12}\Z",
        label=_("prefix"),
        widget=widgets.UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text=_("The digits that every number begins with."),
        error_messages={"invalid": _("1 to 12 digits.")},
    )
    length = forms.IntegerField(
        label=_("length"),
        min_value=8,
        max_value=19,
        initial=13,
        widget=widgets.UnfoldAdminIntegerFieldWidget(),
        help_text=_("Digits of a number, with prefix and check digit."),
    )
    check_digit = forms.ChoiceField(
        label=_("check digit"), choices=translated(CheckDigit), widget=widgets.UnfoldAdminSelectWidget()
    )
    field_order = ("name", "prefix", "length", "check_digit", "barcode", "card_type", "issuing")


def _add(actor: Actor, _subject: None, form: NewSeriesForm) -> None:
    given = {name: form.cleaned_data[name] for name in (*CHANGEABLE, *FORMAT)}
    use_cases.add_series(actor, given, form.cleaned_data["reason"])


def _change(actor: Actor, series: CardSeries, form: SeriesForm) -> None:
    use_cases.change_series(actor, series.pk, form.changes(CHANGEABLE), form.cleaned_data["reason"])


@admin.register(CardSeries, site=site)
class CardSeriesAdmin(ReadOnly):
    """Prefix, length and check digit stay as they were made: cards in people's hands carry them."""

    hint = _("A series says how the numbers of its cards look.")
    list_display = (
        "name",
        "prefix",
        "length",
        columns.choice("check_digit", _("check digit")),
        "next_serial",
        "issuing",
    )
    facts = ("name", "prefix", "length", "check_digit", "barcode", "card_type", "next_serial", "issuing")
    ordering = ("name",)
    creates = Command(
        "add",
        _("New series"),
        NewSeriesForm,
        _add,
        done=_("The series is added. Import its numbers, or let it issue them."),
        submit=_("Add"),
        explain=_("Prefix, length and check digit cannot be changed later."),
    )
    commands = (
        Command(
            "import",
            _("Import numbers"),
            ImportForm,
            import_into,
            submit=_("Upload"),
            explain=ImportForm.EXPLAIN,
            icon="upload_file",
        ),
        Command(
            "edit",
            _("Change the series"),
            SeriesForm,
            _change,
            done=_("The series was changed."),
            submit=_("Save"),
            explain=_("Another card type counts for cards made from now on. Another barcode counts for all at once."),
        ),
    )
