"""Promo codes: what the call centre looks up when a code does not work, and the words that marketers add.

A free single-use code is worth points to whoever reads it: pages show its last characters only. Who knows a code
finds it; an export, which the journal keeps, hands all of a batch out.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import columns, pages, promotion_words, wording
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.marketing_words import FIELDS
from loyalty.admin.pages import Fact, Group, Page, Table, Tile
from loyalty.admin.site import site
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.services import code_orders
from promos import codes
from promos.errors import PromoCodeMisspelled, PromoCodeUnknown
from promos.models import CodeUse, PromoCode, Promotion, PromotionStatus, PromotionTrigger

_SHOWN_OF_A_FREE_CODE = 3
_LAST_USES = 50
_MOST_SHARED = 100
_WORDS = FIELDS["promos.promocode"]


def shown(code: PromoCode) -> str:
    """Write a code as it is printed; of a single-use one that is free the last characters only."""
    if not code.single_use:
        return code.code
    printed = codes.printed(code.code, code.batch.prefix if code.batch else "")
    if code.used_at is not None:
        return printed
    hidden, rest = printed[:-_SHOWN_OF_A_FREE_CODE], printed[-_SHOWN_OF_A_FREE_CODE:]
    return "".join(letter if letter == "-" else "•" for letter in hidden) + rest


def kind(code: PromoCode) -> str:
    """Say for how many customers a code is."""
    return gettext("single-use") if code.single_use else gettext("shared")


def state(code: PromoCode) -> SafeString:
    """Say what a customer meets who types the code now: used, used up, or what the promotion is doing."""
    if code.used_at is not None:
        return pages.mark(gettext("Used"), "plain")
    if code.promotion.status == PromotionStatus.LIVE and _is_spent(code.promotion):
        return pages.mark(gettext("Used up"), "danger")
    return promotion_words.phase(code.promotion)


def _is_spent(promotion: Promotion) -> bool:
    budget = promotion.budget is not None and promotion.granted >= promotion.budget
    return budget or (promotion.total_count is not None and promotion.used >= promotion.total_count)


@admin.register(PromoCode, site=site)
class PromoCodeAdmin(ReadOnly):
    """Codes, found by the whole code as a customer reads it out."""

    list_display = (
        columns.computed("code", _WORDS["code"], shown),
        columns.computed("kind", _("kind"), kind),
        "promotion",
        columns.computed("state", _("state"), state),
        columns.moment("used_at", _WORDS["used_at"]),
        "used_by",
    )
    list_select_related = ("promotion", "batch", "used_by")
    search_fields = ("code",)
    hint = _("Codes belong to a promotion of the kind Promo code: make one, then add codes on its page.")
    search_help_text = _("The whole code, however it is written")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PromoCode], search_term: str
    ) -> tuple[QuerySet[PromoCode], bool]:
        """Find a code as the wallet reads it; say so when a character is wrong."""
        if not search_term.strip():
            return queryset, False
        try:
            return queryset.filter(code=codes.read(search_term[:80])), False
        except PromoCodeMisspelled:
            messages.warning(
                request,
                gettext("A character of this code is wrong: its check character does not fit. Ask for it once more."),
            )
        except PromoCodeUnknown:
            messages.warning(request, gettext("No code looks like this: codes are 4 to 32 letters and digits."))
        return queryset.none(), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromoCode]:
        """Bring along what every page of a code shows."""
        return super().get_queryset(request).select_related("promotion", "batch", "used_by")

    def title_of(self, record: Any) -> str:
        """Return the code as pages show it."""
        return shown(record)

    def page(self, request: HttpRequest, record: PromoCode) -> Page:
        """Say why a code works or does not, and who used it when."""
        promotion = record.promotion
        tiles = [Tile(_("State"), state(record)), Tile(_("Gives"), promotion_words.gives(promotion))]
        facts = [
            Fact(_WORDS["code"], shown(record)),
            Fact(_("kind"), kind(record)),
            Fact(_WORDS["promotion"], pages.link(promotion.name, "promos.promotion", promotion.pk)),
            Fact(_("the promotion now"), promotion_words.phase(promotion)),
            Fact(_("begins"), pages.moment(promotion.starts_at)),
            Fact(_("ends"), pages.moment(promotion.ends_at) if promotion.ends_at else _("without end")),
        ]
        if record.used_by is not None:
            holder = pages.link(record.used_by, "customers.contact", record.used_by_id)
            facts += [Fact(_WORDS["used_by"], holder), Fact(_WORDS["used_at"], pages.moment(record.used_at))]
        return Page([Group(_("Promo code"), facts)], tiles=tiles, tables=[_uses(record)], notes=_notes(record))


def _notes(code: PromoCode) -> list[str]:
    """Say what keeps a customer from using the code now, if the code or its promotion does."""
    promotion, now = code.promotion, clock.now()
    ended = promotion.status == PromotionStatus.ENDED or (promotion.ends_at is not None and promotion.ends_at <= now)
    told = {
        gettext("It was used: a single-use code gives points once."): code.used_at is not None,
        gettext("Its promotion is a draft: to customers the code is unknown."): promotion.status
        == PromotionStatus.DRAFT,
        gettext("Its promotion is paused: the code works again when it goes on."): promotion.status
        == PromotionStatus.PAUSED,
        gettext("Its promotion is over: the code gives nothing any more."): ended,
        gettext("Its promotion has not begun yet."): promotion.starts_at > now and not ended,
        gettext("Its promotion is used up: it gives nothing more to anybody."): _is_spent(promotion),
    }
    found = [text for text, true in told.items() if true]
    if found or code.used_at is not None:
        return found
    return [
        gettext(
            "It can be used now. A customer who cannot may have used it already, may not be meant by the promotion,"
            " or may have typed too many wrong codes and has to wait a quarter of an hour."
        )
    ]


def _uses(code: PromoCode) -> Table:
    last = CodeUse.objects.filter(code=code).select_related("contact").order_by("-pk")[:_LAST_USES]
    rows = [
        (
            pages.moment(use.used_at),
            pages.link(use.contact, "customers.contact", use.contact_id),
            pages.amount(use.points),
            pages.link(use.operation_id, "ledger.operation", use.operation_id),
            wording.written(wording.actor, use.actor),
        )
        for use in last
    ]
    headers = (_("when"), _("customer"), _("points"), _("operation"), _("who"))
    return Table(_("Last uses"), headers, rows, empty=_("Nobody has used it yet."), numeric=frozenset({2}))


class SharedCodeForm(ReasonForm):
    """A word for everybody."""

    code = forms.CharField(
        label=_WORDS["code"],
        max_length=40,
        widget=widgets.UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        help_text=_(
            "4 to 32 Latin letters and digits, like SUMMER2026. Capitals, blanks and dashes do not matter to customers."
        ),
    )


def _add_shared(actor: Actor, promotion: Promotion, form: SharedCodeForm) -> str:
    made = code_orders.add_shared_code(actor, promotion.pk, form.cleaned_data["code"], form.cleaned_data["reason"])
    return gettext("%(code)s is added.") % {"code": made.code}


def takes_codes(promotion: Promotion) -> bool:
    """Tell whether codes may be added to a promotion."""
    return promotion.trigger == PromotionTrigger.CODE and promotion.status != PromotionStatus.ENDED


ADD_SHARED = Command(
    "add-code",
    _("Add a shared code"),
    SharedCodeForm,
    _add_shared,
    submit=_("Add"),
    explain=_(
        "Every customer may use it, once unless the promotion says otherwise. It works while the promotion is live."
    ),
    icon="confirmation_number",
    offered=takes_codes,
)


def shared_codes(promotion: Promotion) -> Table:
    """Return the shared codes of a promotion."""
    found = PromoCode.objects.filter(promotion=promotion, single_use=False).order_by("-pk")[:_MOST_SHARED]
    rows = [(pages.link(code.code, "promos.promocode", code.pk),) for code in found]
    return Table(_("Shared codes"), (_WORDS["code"],), rows, empty=_("None."))
