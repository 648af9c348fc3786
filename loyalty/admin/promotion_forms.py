"""What a marketer writes of a promotion, and the basket that tries it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import search
from loyalty.admin.commands import CommandForm, ReasonForm, Tab
from loyalty.admin.form_fields import Moment, OneALine
from loyalty.admin.marketing_words import PROMOTION, PROMOTION_HELP
from loyalty.admin.words import translated
from loyalty.core import clock
from loyalty.services.promotions import DEFAULTS
from promos.models import TERMS, Audience, Promotion, PromotionKind, PromotionTrigger
from promos.occasion import Occasion, birthday_in, obstacles
from promos.requirements import KINDS, LONGEST_ESCROW, LONGEST_NAME, MOST_TIMES

WEEKDAYS = (
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
)
_SECTIONS = (
    (_("Promotion"), ("name", "kind", "value", "stacks", "qualifies", "escrow_days")),
    (_("When"), ("starts_at", "ends_at", "hour_from", "hour_until", "weekdays")),
    (_("For what"), ("minimum_basket", "categories", "skus")),
    (_("Where and for whom"), ("audience", "stores", "birthday_days", "first_purchase")),
    (_("Limits"), ("customer_cap", "budget", "customer_count", "total_count")),
    (_("Why"), ("reason",)),
)
_TOLD = frozenset({"name", "starts_at", "ends_at", "audience"})
_GIVES = _TOLD | {"value", "qualifies", "hour_from", "hour_until", "weekdays", "birthday_days", "first_purchase"}
_GIVES |= {"customer_cap", "budget"}
_COUNTS = frozenset({"customer_count", "total_count", "escrow_days"})
ASKED: dict[str, frozenset[str]] = {
    PromotionTrigger.PURCHASE: _GIVES | {"kind", "stacks", "minimum_basket", "categories", "skus", "stores"},
    PromotionTrigger.RECEIPT: _GIVES | _COUNTS | {"kind", "stacks", "minimum_basket", "stores"},
    PromotionTrigger.CODE: _GIVES | _COUNTS,
    PromotionTrigger.ANNOUNCEMENT: _TOLD,
}
"""What each trigger asks for. A scanned receipt knows no goods, a code no basket; an announcement gives nothing."""


def _said(name: str) -> dict[str, Any]:
    return {"label": capfirst(PROMOTION[name]), "help_text": PROMOTION_HELP.get(name, "")}


def _points(name: str, *, required: bool = False) -> forms.DecimalField:
    return forms.DecimalField(
        required=required,
        max_digits=12,
        decimal_places=2,
        min_value=0,
        widget=widgets.UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"}),
        **_said(name),
    )


def _whole(name: str, most: int, *, required: bool = False) -> forms.IntegerField:
    return forms.IntegerField(
        required=required,
        min_value=0,
        max_value=most,
        widget=widgets.UnfoldAdminIntegerFieldWidget(),
        **_said(name),
    )


def _switch(name: str) -> forms.BooleanField:
    return forms.BooleanField(required=False, widget=widgets.UnfoldBooleanSwitchWidget(), **_said(name))


class PromotionForm(ReasonForm):
    """The terms, by what they decide. What is left empty means any, and no limit."""

    trigger = forms.ChoiceField(choices=PromotionTrigger.choices, required=False, widget=forms.HiddenInput())
    opened_for = forms.CharField(required=False, widget=forms.HiddenInput())
    name = forms.CharField(max_length=80, widget=widgets.UnfoldAdminTextInputWidget(), **_said("name"))
    kind = forms.ChoiceField(
        choices=translated(PromotionKind), widget=widgets.UnfoldAdminSelectWidget(), **_said("kind")
    )
    value = _points("value", required=True)
    stacks = _switch("stacks")
    qualifies = _switch("qualifies")
    starts_at = Moment(**_said("starts_at"))
    ends_at = Moment(required=False, **_said("ends_at"))
    hour_from = _whole("hour_from", 23, required=True)
    hour_until = _whole("hour_until", 24, required=True)
    weekdays = forms.TypedMultipleChoiceField(
        required=False,
        coerce=int,
        choices=WEEKDAYS,
        widget=widgets.UnfoldAdminCheckboxSelectMultipleWidget(),
        **_said("weekdays"),
    )
    minimum_basket = _points("minimum_basket", required=True)
    categories = OneALine(**_said("categories"))
    skus = OneALine(**_said("skus"))
    audience = forms.ModelChoiceField(
        Audience.objects.order_by("name"),
        required=False,
        empty_label=_("everybody"),
        widget=widgets.UnfoldAdminSelectWidget(),
        **_said("audience"),
    )
    stores = OneALine(**_said("stores"))
    birthday_days = _whole("birthday_days", 60)
    first_purchase = _switch("first_purchase")
    customer_cap = _points("customer_cap")
    budget = _points("budget")
    customer_count = _whole("customer_count", MOST_TIMES)
    total_count = _whole("total_count", MOST_TIMES)
    escrow_days = _whole("escrow_days", LONGEST_ESCROW)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.subject.trigger if self.subject else PromotionTrigger.PURCHASE.value
        chosen = (self.data.get("trigger") if self.is_bound else self.query.get("trigger")) or stored
        self.chosen = chosen if chosen in ASKED else stored
        self.initial.update({"trigger": self.chosen, "opened_for": stored})
        for name in set(TERMS) - ASKED[self.chosen] - {"trigger"}:
            del self.fields[name]
        if "kind" in self.fields:
            kinds = [each for each in translated(PromotionKind) if each[0] in KINDS[self.chosen]]
            self.fields["kind"].choices = kinds  # type: ignore[attr-defined]

    def clean_trigger(self) -> str:
        """Return the trigger that this form asks for."""
        return str(self.chosen)

    def tabs(self) -> list[Tab]:
        """Return a form for each trigger, while the promotion is still a draft."""
        return [Tab(label, f"trigger={value}", value == self.chosen) for value, label in translated(PromotionTrigger)]

    def present(self, subject: Promotion | None) -> dict[str, Any]:
        """Show the draft, or a promotion for everybody that begins at the next full hour."""
        if subject is not None:
            return {name: getattr(subject, name) for name in TERMS}
        hour = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return {"starts_at": hour, "stacks": True, "hour_from": 0, "hour_until": 24, "minimum_basket": Decimal(0)}

    def sections(self) -> list[tuple[Any, Any, list[forms.BoundField]]]:
        """Return the terms by what they decide."""
        found = [(title, "", [self[name] for name in names if name in self.fields]) for title, names in _SECTIONS]
        return [section for section in found if section[2]]

    def terms(self) -> dict[str, Any]:
        """Return every term that the form asks for, and those that follow from the trigger."""
        return self._following() | {name: self.cleaned_data[name] for name in TERMS if name in self.cleaned_data}

    def changed_terms(self) -> dict[str, Any]:
        """Return the terms that the person changed; with another trigger also those that are asked no more."""
        changed = self.changes(TERMS)
        if self.chosen == self.subject.trigger:
            return changed
        unasked = {name: value for name, value in DEFAULTS.items() if name not in ASKED[self.chosen]}
        return unasked | self._following() | changed | {"trigger": self.chosen}

    def shown_trigger(self) -> str:
        """Return what made the promotion give when the form was opened; whoever chose the same as another is right."""
        if self.chosen == self.subject.trigger:
            return str(self.chosen)
        return str(self.cleaned_data.get("opened_for") or self.subject.trigger)

    def _following(self) -> dict[str, Any]:
        if self.chosen == PromotionTrigger.ANNOUNCEMENT:
            return {"kind": "", "value": Decimal(0)}
        return {"kind": PromotionKind.FIXED.value} if self.chosen == PromotionTrigger.CODE else {}


class DuplicateForm(PromotionForm):
    """The terms of another promotion, for a new draft: another name, and dates that are not past."""

    def present(self, subject: Any) -> dict[str, Any]:
        """Show the terms of the other."""
        now = clock.now()
        fresh = super().present(None)
        dates = {} if subject.starts_at > now else {"starts_at": fresh["starts_at"]}
        if subject.ends_at is not None and subject.ends_at <= max(now, fresh["starts_at"]):
            dates["ends_at"] = None
        name = gettext("%(name)s (copy)") % {"name": subject.name[: LONGEST_NAME - 12]}
        return super().present(subject) | dates | {"name": name}


class TryForm(CommandForm):
    """A basket of one line: it asks for what this promotion looks at and for nothing else."""

    basket = forms.DecimalField(
        label=_("basket"), min_value=0, max_digits=12, decimal_places=2, widget=widgets.UnfoldAdminDecimalFieldWidget()
    )
    paid = forms.DecimalField(
        label=_("paid with bonuses"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        widget=widgets.UnfoldAdminDecimalFieldWidget(),
    )
    moment = Moment(label=_("bought at"))
    category = forms.CharField(label=_("category"), required=False, widget=widgets.UnfoldAdminTextInputWidget())
    sku = forms.CharField(label=_("SKU"), required=False, widget=widgets.UnfoldAdminTextInputWidget())
    store = forms.CharField(label=_("store code"), required=False, widget=widgets.UnfoldAdminTextInputWidget())
    birth_date = forms.DateField(
        label=_("the customer's birth date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": " ".join(widgets.INPUT_CLASSES)}, format="%Y-%m-%d"),
    )
    first_purchase = forms.BooleanField(
        label=_("the customer's first purchase"), required=False, widget=widgets.UnfoldBooleanSwitchWidget()
    )

    customer = forms.CharField(
        label=_("customer"),
        required=False,
        widget=widgets.UnfoldAdminTextInputWidget(),
        help_text=_("Phone, card number or code of a customer to try. Empty: somebody whom the audience holds."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = {
            "customer": self.subject.audience_id is not None,
            "sku": bool(self.subject.skus),
            "store": bool(self.subject.stores),
            "birth_date": self.subject.birthday_days is not None,
            "first_purchase": self.subject.first_purchase,
        }
        for name, wanted in asked.items():
            if not wanted:
                del self.fields[name]

    def present(self, subject: Promotion) -> dict[str, Any]:
        """Show a basket that should earn: at the next hour that counts, of the first thing that it names."""
        moment = _next_fitting(subject)
        return {
            "basket": max(subject.minimum_basket, Decimal(1000)),
            "paid": Decimal(0),
            "moment": moment,
            "category": next(iter(subject.categories), ""),
            "sku": "" if subject.categories else next(iter(subject.skus), ""),
            "store": next(iter(subject.stores), ""),
            "birth_date": birthday_in(timezone.localdate(moment), moment.year - 30),
            "first_purchase": subject.first_purchase,
        }

    def clean_customer(self) -> int | None:
        """Return the one contact that the text names."""
        text = self.cleaned_data["customer"].strip()
        found = search.contact_ids(text) if text else []
        if text and len(found) != 1:
            raise forms.ValidationError(_("No customer was found, or several: write the whole number."))
        return found[0] if found else None

    def clean(self) -> dict[str, Any]:
        """Refuse more bonuses than there is to pay."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if (cleaned.get("paid") or 0) > cleaned.get("basket", Decimal("Infinity")):
            self.add_error("paid", _("Not more than the basket."))
        return cleaned


def _next_fitting(promotion: Promotion) -> datetime:
    """Return now, or the first hour of the coming week whose hour and weekday count."""
    begin = timezone.localtime(max(clock.now(), promotion.starts_at))
    hours = (begin, *(begin.replace(minute=0) + timedelta(hours=each) for each in range(1, 24 * 8)))
    fits = (each for each in hours if not {"hours", "weekdays"} & set(_obstacles_at(promotion, each)))
    return next(fits, begin)


def _obstacles_at(promotion: Promotion, moment: datetime) -> Iterator[str]:
    return obstacles(promotion, Occasion(moment, "", lambda: True, None))
