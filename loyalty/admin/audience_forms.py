"""What a marketer writes of an audience and of a segment."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import audience_words
from loyalty.admin.commands import ReasonForm
from loyalty.admin.form_fields import UploadedTable
from loyalty.admin.marketing_words import AUDIENCE, CARD_STATES, CONDITION_HELP, CONDITIONS
from loyalty.admin.words import translated
from loyalty.models import Store
from promos import audiences
from promos.models import Audience, Segment, SegmentMode
from tiers.models import Tier

_SECTIONS = (
    (_("Audience"), _("All conditions must hold. What is left empty does not matter."), ("name",)),
    (_("Who they are"), "", ("tiers", "cards", "birthday_before", "birthday_after")),
    (_("What they hold"), "", ("points_from", "points_to")),
    (
        _("What they bought"),
        "",
        ("purchased_within", "not_purchased_within", "never_purchased", "regions", "region_days"),
    ),
    (_("Lists"), "", ("segments", "not_segments")),
    (_("Why"), "", ("reason",)),
)


def _said(name: str) -> dict[str, Any]:
    return {"label": capfirst(CONDITIONS[name]), "help_text": CONDITION_HELP.get(name, ""), "required": False}


def _boxes(name: str, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(widget=widgets.UnfoldAdminCheckboxSelectMultipleWidget(), **_said(name), **options)


def _picked(name: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(widget=widgets.UnfoldAdminSelect2MultipleWidget(), **_said(name))


def _days(name: str, most: int, least: int = 0) -> forms.IntegerField:
    return forms.IntegerField(
        min_value=least, max_value=most, widget=widgets.UnfoldAdminIntegerFieldWidget(), **_said(name)
    )


def _points(name: str) -> forms.DecimalField:
    return forms.DecimalField(
        min_value=0,
        max_digits=12,
        decimal_places=2,
        widget=widgets.UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"}),
        **_said(name),
    )


def name_field(label: Any) -> forms.CharField:
    """Return the field of a name of at most 80 characters."""
    return forms.CharField(label=label, max_length=80, widget=widgets.UnfoldAdminTextInputWidget())


class AudienceForm(ReasonForm):
    """A name and the conditions."""

    looks = _("Count first")

    name = name_field(AUDIENCE["name"])
    tiers = _boxes("tiers")
    cards = _boxes("cards", choices=list(CARD_STATES.items()))
    birthday_before = _days("birthday_before", audiences.MOST_BIRTHDAY_DAYS)
    birthday_after = _days("birthday_after", audiences.MOST_BIRTHDAY_DAYS)
    points_from = _points("points_from")
    points_to = _points("points_to")
    purchased_within = _days("purchased_within", audiences.MOST_DAYS)
    not_purchased_within = _days("not_purchased_within", audiences.MOST_DAYS)
    never_purchased = forms.BooleanField(widget=widgets.UnfoldBooleanSwitchWidget(), **_said("never_purchased"))
    regions = _picked("regions")
    region_days = _days("region_days", audiences.MOST_DAYS, least=1)
    segments = _picked("segments")
    not_segments = _picked("not_segments")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = Store.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct()
        segments = [(str(pk), name) for pk, name in Segment.objects.order_by("name").values_list("pk", "name")]
        choices = {
            "tiers": [(str(tier.public_id), tier.name) for tier in Tier.objects.order_by("rank")],
            "regions": [(region, region) for region in regions],
            "segments": segments,
            "not_segments": segments,
        }
        for name, offered in choices.items():
            if offered:
                self.fields[name].choices = offered  # type: ignore[attr-defined]
            else:
                del self.fields[name]
        if "regions" not in self.fields:
            del self.fields["region_days"]

    def present(self, subject: Audience | None) -> dict[str, Any]:
        """Show what is stored."""
        return {} if subject is None else {"name": subject.name} | subject.conditions

    def sections(self) -> list[tuple[Any, Any, list[forms.BoundField]]]:
        """Return the conditions by what they ask about."""
        found = [(title, text, [self[name] for name in names if name in self.fields])
                 for title, text, names in _SECTIONS]  # fmt: skip
        return [section for section in found if section[2]]

    def look(self) -> str:
        """Say how many the conditions reach, before they are saved."""
        return audience_words.reach_note(audiences.checked(self.conditions()))

    def conditions(self) -> dict[str, Any]:
        """Return the conditions as a use case takes them."""
        stored = self.subject.conditions if self.subject is not None else {}
        given = {name: stored.get(name) for name in audiences.CONDITIONS}
        given |= self.changes(list(audiences.CONDITIONS))
        for name in ("segments", "not_segments"):
            given[name] = [int(each) for each in given[name] or ()]
        return given


class CopyAudienceForm(AudienceForm):
    """The same conditions under another name."""

    def present(self, subject: Any) -> dict[str, Any]:
        """Show what is stored, but for the name, which must be another."""
        return super().present(subject) | {"name": ""}


class SegmentForm(ReasonForm):
    """The name of a segment and what it is for."""

    name = name_field(AUDIENCE["name"])
    note = forms.CharField(
        label=_("note"),
        required=False,
        max_length=300,
        widget=widgets.UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("What this list is for, and where it comes from."),
    )

    def present(self, subject: Segment | None) -> dict[str, Any]:
        """Show what is stored."""
        return {"name": subject.name, "note": subject.note} if subject else {}


class FreezeForm(SegmentForm):
    """A segment that is made of an audience."""

    def present(self, subject: Any) -> dict[str, Any]:
        """Offer the audience's own name."""
        return {"name": subject.name}


class UploadForm(ReasonForm):
    """A table, and what becomes of the segment."""

    file = UploadedTable(
        label=_("table"),
        help_text=_(
            "CSV or XLSX, a phone, a card number or a contact code in each line. Without a heading (phone, card, code)"
            " the first column is read."
        ),
    )
    mode = forms.ChoiceField(
        label=_("what to do"), choices=translated(SegmentMode), widget=widgets.UnfoldAdminSelectWidget()
    )

    def content(self) -> bytes:
        """Return the uploaded file."""
        read: bytes = self.cleaned_data["file"].read()
        return read
