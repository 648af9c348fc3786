"""Tiers, which marketers may change, and the standings of contacts in them."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import columns, pages, refusals, roles, search, year_end
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.pages import Fact, Group, Page
from loyalty.admin.site import site
from loyalty.admin.words import TIER, translated
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.services import tiers as use_cases
from loyalty.services.tiers import CHANGEABLE
from tiers import selectors
from tiers.models import LONGEST_DAYS, ExpiryPolicy, Standing, Tier


class TierForm(ReasonForm):
    """What a marketer may change of a tier."""

    name = forms.CharField(label=TIER["name"], max_length=60, widget=widgets.UnfoldAdminTextInputWidget())
    target = forms.DecimalField(
        label=TIER["target"],
        required=False,
        max_digits=14,
        decimal_places=2,
        min_value=0,
        widget=widgets.UnfoldAdminDecimalFieldWidget(),
        help_text=_("Qualifying points of a calendar year that reach this tier."),
    )
    multiplier = forms.DecimalField(
        label=TIER["multiplier"],
        max_digits=5,
        decimal_places=2,
        min_value=0,
        widget=widgets.UnfoldAdminDecimalFieldWidget(),
        help_text=_("Of the base rate: 1.50 gives half as many points again."),
    )
    expiry_policy = forms.ChoiceField(
        label=TIER["expiry_policy"],
        choices=translated(ExpiryPolicy),
        widget=widgets.UnfoldAdminSelectWidget(),
    )
    expiry_days = forms.IntegerField(
        label=TIER["expiry_days"],
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        widget=widgets.UnfoldAdminIntegerFieldWidget(),
        help_text=_("Only when the tier lasts a number of days."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.subject is not None and self.subject.rank <= 1:
            # Unenrolled and Base are not reached by points, and do not expire.
            for name in ("target", "expiry_policy", "expiry_days"):
                del self.fields[name]

    def present(self, subject: Tier | None) -> dict[str, Any]:
        """Show what is stored."""
        return {name: getattr(subject, name) for name in CHANGEABLE} if subject else {}

    def clean(self) -> dict[str, Any]:
        """Refuse halves: days without the policy that needs them, and the other way about."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        by_days = cleaned.get("expiry_policy") == ExpiryPolicy.DAYS
        if by_days and not cleaned.get("expiry_days"):
            self.add_error("expiry_days", _("Say how many days the tier lasts."))
        if not by_days and cleaned.get("expiry_days"):
            self.add_error("expiry_days", _("Empty this, or choose a number of days above."))
        if cleaned.get("multiplier") == 0:
            self.add_error("multiplier", _("The multiplier is above zero."))
        if "target" in self.fields and not cleaned.get("target"):
            self.add_error("target", _("This tier needs a target above zero."))
        return cleaned


class NewTierForm(TierForm):
    """A tier that is inserted above another."""

    above = forms.ChoiceField(
        label=_("right above"),
        widget=widgets.UnfoldAdminSelectWidget(),
        help_text=_("The tiers above it move up by one rank."),
    )
    field_order = ("name", "above")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        higher = [tier for tier in selectors.ladder() if tier.rank >= selectors.BASE_RANK]
        above: Any = self.fields["above"]
        above.choices = [(str(tier.pk), tier.name) for tier in reversed(higher)]

    def present(self, subject: Tier | None) -> dict[str, Any]:
        """Propose what most tiers have."""
        return {"multiplier": Decimal("1.00"), "expiry_policy": ExpiryPolicy.NEXT_YEAR_END}


def _add(actor: Actor, _nothing: None, form: NewTierForm) -> None:
    values = {name: form.cleaned_data[name] for name in CHANGEABLE}
    use_cases.add_tier(actor, int(form.cleaned_data["above"]), values, form.cleaned_data["reason"])


def _change(actor: Actor, tier: Tier, form: TierForm) -> None:
    use_cases.change_tier(actor, tier.pk, form.changes(CHANGEABLE), form.cleaned_data["reason"])


@admin.register(Tier, site=site)
class TierAdmin(ReadOnly):
    """The ladder."""

    list_display = (
        "name",
        "rank",
        columns.amount("target", TIER["target"]),
        columns.amount("multiplier", TIER["multiplier"]),
        columns.choice("expiry_policy", TIER["expiry_policy"]),
        "expiry_days",
    )
    ordering = ("rank",)
    facts = ("name", "rank", "target", "multiplier", "expiry_policy", "expiry_days", "public_id")
    commands = (
        Command(
            "edit",
            _("Change the tier"),
            TierForm,
            _change,
            done=_("The tier was changed."),
            submit=_("Save"),
            explain=_(
                "Whoever is in the tier keeps the end it was given; purchases from now on use the new values."
                " A lower target lifts whoever meets it already, within a minute or so."
            ),
        ),
    )
    creates = Command(
        roles.ADD,
        _("Add a tier"),
        NewTierForm,
        _add,
        done=_("The tier was added. Whoever meets its target already will be moved up within a minute or so."),
        submit=_("Add"),
        explain=_(
            "Everybody is assessed anew: customers move up at once, and nobody moves down before their tier ends."
            " A tier cannot be removed again."
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.year_end_view)
        return [path("year-end/", view, name="tiers_tier_year_end"), *super().get_urls()]

    def year_end_view(self, request: HttpRequest) -> HttpResponse:
        """Show what the end of the year will do, for those who may see the tiers."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            shown = year_end.show(request)
        except InvalidParameter as refusal:
            messages.warning(request, refusals.words(refusal))
            return redirect("admin:tiers_tier_year_end")
        return TemplateResponse(request, "back_office/year_end.html", self.context(request, None) | shown)

    def page(self, request: HttpRequest, record: Tier) -> Page:
        """Show the tier, the way to the forecast, and under which ids partners read the tier and its rule."""
        partners = [
            Fact(_("tier system"), record.system.public_id),
            Fact(_("rule tree"), record.rule_tree_id),
            Fact(_("rule node"), record.rule_node_id),
            Fact(_("rule"), record.rule_id),
            Fact(_("constraint"), record.rule_constraint_id),
        ]
        forecast = pages.away(_("What the end of the year will bring"), reverse("admin:tiers_tier_year_end"))
        groups = [Group("", [*self.facts_of(record), Fact("", forecast)])]
        return Page([*groups, Group(_("Ids for partners"), partners)] if record.target else groups)


@admin.register(Standing, site=site)
class StandingAdmin(ReadOnly):
    """Who was in which tier, from when to when."""

    list_display = (
        "contact",
        "tier",
        columns.moment("entered_at", _("entered at")),
        columns.moment("ends_at", _("ends at")),
        columns.moment("left_at", _("left at")),
        columns.choice("reason", _("reason")),
    )
    list_select_related = ("contact", "tier")
    search_fields = ("contact",)
    search_help_text = _("The customer's phone, card number, code or surname")
    facts = ("tier", "joined_at", "entered_at", "ends_at", "left_at", "reason", "public_id")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Order one contact's standings as their index does."""
        narrowed = request.GET.get("q") or any(name.startswith("contact") for name in request.GET)
        return ("contact", "-entered_at", "-id") if narrowed else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Standing], search_term: str
    ) -> tuple[QuerySet[Standing], bool]:
        """Find the contact first."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(contact_id__in=search.contact_ids(search_term)), False

    def title_of(self, record: Standing) -> str:
        """Name the tier."""
        return record.tier.name

    def page(self, request: HttpRequest, record: Standing) -> Page:
        """Show one period."""
        holder = Fact(_("customer"), pages.link(record.contact, "customers.contact", record.contact_id))
        return Page([Group(_("Standing"), [holder, *self.facts_of(record)])])
