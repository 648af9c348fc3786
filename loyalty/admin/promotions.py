"""Promotions: marketers write drafts, try them, let them live, pause and end them."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from loyalty.admin import audience_words, code_batches, columns, offer_faces, pages, promo_codes, promotion_words
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, Onward, ReasonForm
from loyalty.admin.marketing_words import PROMOTION
from loyalty.admin.offer_faces import FACE_COMMAND
from loyalty.admin.pages import Group, Page, Table, Tile
from loyalty.admin.promotion_forms import DuplicateForm, PromotionForm, TryForm
from loyalty.admin.site import site
from loyalty.core.actors import Actor
from loyalty.ledger.rounding import ZERO
from loyalty.selectors import promotion_preview
from loyalty.selectors.promotion_preview import Trial
from loyalty.services import offers, program
from loyalty.services import promotions as use_cases
from promos.basket import Line
from promos.models import Promotion, PromotionStatus, PromotionTrigger


def _create(actor: Actor, _subject: None, form: PromotionForm) -> Onward:
    made = use_cases.create_promotion(actor, form.terms(), form.cleaned_data["reason"])
    return Onward(pages.page_of("promos.promotion", made.pk))


def _duplicate(actor: Actor, promotion: Promotion, form: DuplicateForm) -> Onward:
    made = offers.duplicate_promotion(actor, promotion.pk, form.terms(), form.cleaned_data["reason"])
    return Onward(pages.page_of("promos.promotion", made.pk))


def _change(actor: Actor, promotion: Promotion, form: PromotionForm) -> None:
    reason, shown = form.cleaned_data["reason"], form.shown_trigger()
    use_cases.change_promotion(actor, promotion.pk, form.changed_terms(), reason, shown_trigger=shown)


def _go_live(actor: Actor, promotion: Promotion, form: ReasonForm) -> None:
    use_cases.go_live(actor, promotion.pk, form.cleaned_data["reason"])


def _pause(actor: Actor, promotion: Promotion, form: ReasonForm) -> None:
    use_cases.pause(actor, promotion.pk, form.cleaned_data["reason"])


def _end(actor: Actor, promotion: Promotion, form: ReasonForm) -> None:
    use_cases.end(actor, promotion.pk, form.cleaned_data["reason"])


def _has_status(*statuses: PromotionStatus) -> Any:
    return lambda promotion: promotion.status in statuses


class GoLiveForm(ReasonForm):
    """Says whom it is about to reach, before it does."""

    def notes(self) -> list[Any]:
        """Count the audience."""
        return [audience_words.reach_note(_conditions(self.subject))]


_COMMANDS = (
    Command(
        "go-live",
        _("Go live"),
        GoLiveForm,
        _go_live,
        done=_("The promotion is live."),
        explain=_("From now on it works, within its dates. Its terms cannot be changed any more."),
        icon="play_arrow",
        offered=_has_status(PromotionStatus.DRAFT, PromotionStatus.PAUSED),
    ),
    Command(
        "edit",
        _("Change the draft"),
        PromotionForm,
        _change,
        done=_("The draft was changed."),
        submit=_("Save"),
        offered=_has_status(PromotionStatus.DRAFT),
    ),
    FACE_COMMAND,
    promo_codes.ADD_SHARED,
    code_batches.GENERATE,
    Command(
        "duplicate",
        _("Duplicate as a new draft"),
        DuplicateForm,
        _duplicate,
        done=_("The new draft is made, with the same offer in the wallet."),
        submit=_("Save the draft"),
        icon="content_copy",
    ),
    Command(
        "pause",
        _("Pause"),
        ReasonForm,
        _pause,
        done=_("The promotion is paused."),
        explain=_(
            "From now on it gives nothing, and the wallet does not show it. What was bought before and comes late still"
            " earns by it."
        ),
        icon="pause",
        offered=_has_status(PromotionStatus.LIVE),
    ),
    Command(
        "end",
        _("End for good"),
        ReasonForm,
        _end,
        done=_("The promotion has ended."),
        explain=_("It cannot be started again; make a new one then. What was bought before still earns."),
        icon="stop",
        danger=True,
        offered=_has_status(PromotionStatus.DRAFT, PromotionStatus.LIVE, PromotionStatus.PAUSED),
    ),
)


@admin.display(description=gettext_lazy("status"))
def phase(promotion: Promotion) -> SafeString:
    """What the promotion is doing now, as its status and the clock say."""
    return promotion_words.phase(promotion)


@admin.display(description=gettext_lazy("gives"))
def gives(promotion: Promotion) -> str:
    """What it gives, in a few words."""
    return promotion_words.gives(promotion)


@admin.display(description=gettext_lazy("granted of the budget"))
def progress(promotion: Promotion) -> SafeString:
    """How much of the budget is gone."""
    return promotion_words.progress(promotion)


@admin.register(Promotion, site=site)
class PromotionAdmin(ReadOnly):
    """The list, the page with its worked example, and the buttons."""

    list_display = (
        "name",
        columns.choice("trigger", PROMOTION["trigger"]),
        gives,
        phase,
        columns.moment("starts_at", PROMOTION["starts_at"]),
        columns.moment("ends_at", PROMOTION["ends_at"]),
        progress,
    )
    list_filter = (("status", columns.ChoiceFilter), ("trigger", columns.ChoiceFilter))
    search_fields = ("name",)
    search_help_text = _("A part of the name")
    hint = _("Make a draft, write what the wallet shows of it, see whom it reaches, then let it go live.")
    creates = Command(
        "add",
        _("New promotion"),
        PromotionForm,
        _create,
        done=_("The draft is made. Try it with a basket on its page, then let it go live."),
        submit=_("Save the draft"),
        explain=_("Nobody earns by it or sees it until it goes live."),
    )
    commands = _COMMANDS

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the promotion, and beside it what a basket would earn."""
        response = super().change_view(request, object_id, form_url, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            promotion = Promotion.objects.select_related("audience").get(pk=unquote(object_id))
            form = TryForm(request.GET if "basket" in request.GET else None, subject=promotion)
            response.template_name = "back_office/promotion.html"
            tried = promotion.trigger == PromotionTrigger.PURCHASE
            response.context_data |= {
                "form": form if tried else None,
                "example": _example(promotion, form) if tried else None,
                "face": offer_faces.face(promotion),
            }
        return response

    def page(self, request: HttpRequest, record: Promotion) -> Page:
        """Say the terms in words, what it has given, and when it was live."""
        notes = [note] if (note := promotion_words.note(record)) else []
        groups = [Group(title, facts) for title, facts in promotion_words.terms(record)]
        tables = [*_codes(record), _periods(record)]
        return Page(groups, tiles=_tiles(record), tables=tables, notes=notes)


def _tiles(promotion: Promotion) -> list[Tile]:
    tiles = [Tile(_("Gives"), promotion_words.gives(promotion))]
    if promotion.budget is not None:
        left = promotion.budget - promotion.granted
        note = gettext("of %(budget)s") % {"budget": pages.amount(promotion.budget)}
        tiles += [Tile(_("Granted"), pages.amount(promotion.granted), note), Tile(_("Left"), pages.amount(left))]
    if promotion.total_count is not None:
        note = gettext("of %(most)s times") % {"most": pages.whole(promotion.total_count)}
        tiles.append(Tile(_("Given"), pages.whole(promotion.used), note))
    if promotion.status != PromotionStatus.ENDED:
        tiles += audience_words.tiles(_conditions(promotion))
    return [Tile(_("Status"), promotion_words.phase(promotion)), *tiles]


def _conditions(promotion: Promotion) -> dict[str, Any]:
    return promotion.audience.conditions if promotion.audience else {}


def _codes(promotion: Promotion) -> list[Table]:
    if promotion.trigger != PromotionTrigger.CODE:
        return []
    return [promo_codes.shared_codes(promotion), code_batches.batches(promotion)]


def _periods(promotion: Promotion) -> Table:
    rows = [
        (pages.moment(period.began_at), pages.moment(period.ended_at) if period.ended_at else gettext("until now"))
        for period in promotion.live_periods.order_by("-began_at", "-id")[:50]
    ]
    return Table(_("Was live"), (_("since"), _("until")), rows, empty=_("Never yet."))


def _example(promotion: Promotion, form: TryForm) -> Page | None:
    if form.is_bound and not form.is_valid():
        return None
    data = form.cleaned_data if form.is_bound else form.present(promotion)
    trial = Trial(
        line=Line(data["basket"], sku=data.get("sku") or "", category=data.get("category") or ""),
        paid=data.get("paid") or ZERO,
        moment=data["moment"],
        store=data.get("store") or "",
        birth_date=data.get("birth_date"),
        first_purchase=bool(data.get("first_purchase")),
        contact_id=data.get("customer"),
    )
    found = promotion_preview.preview(program.settings(), promotion, trial)
    notes = [promotion_words.obstacle(promotion, name) for name in found.obstacles]
    return Page(
        [],
        tiles=[
            Tile(_("Base rule"), pages.amount(found.base), _("in a tier with multiplier 1")),
            Tile(_("This promotion"), pages.amount(found.award)),
            Tile(_("Together"), pages.amount(found.base + found.award)),
        ],
        notes=notes,
    )
