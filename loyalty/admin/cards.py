"""Cards, with the barcodes that shops scan."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cards import barcodes
from cards.models import Barcode, Card, CardStatus, Reservation
from customers import sufficiency
from loyalty.admin import blocking, columns, pages, search
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.pages import Fact, Figure, Group, Page
from loyalty.admin.site import site
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.services import cards as use_cases
from loyalty.services import program


def _issue(actor: Actor, card: Card, form: ReasonForm) -> None:
    use_cases.issue_card(actor, card.number, reason=form.cleaned_data["reason"])


def _activate(actor: Actor, card: Card, form: ReasonForm) -> None:
    use_cases.activate_card(actor, card.number, reason=form.cleaned_data["reason"])


@admin.register(Card, site=site)
class CardAdmin(ReadOnly):
    """Cards by number or holder."""

    list_display = (
        "number",
        columns.badge("status", _("status")),
        columns.choice("category", _("category")),
        "series",
        "contact",
        columns.moment("bound_at", _("bound at")),
    )
    list_select_related = ("series", "contact")
    list_filter = (("status", columns.ChoiceFilter), ("category", columns.ChoiceFilter))
    search_fields = ("number",)
    search_help_text = _("Card number, or the holder's phone, code or surname")
    commands = (
        Command(
            "issue",
            _("Issue"),
            ReasonForm,
            _issue,
            done=_("The card is issued."),
            explain=_("The card was sold or handed out: a New card becomes Issued."),
            icon="outbox",
            offered=lambda card: card.status == CardStatus.NEW,
        ),
        Command(
            "activate",
            _("Activate"),
            ReasonForm,
            _activate,
            done=_("The card is Active."),
            explain=_("An Issued card becomes Active when its holder's personal data suffice."),
            icon="check_circle",
            offered=lambda card: card.status == CardStatus.ISSUED and card.contact_id is not None,
        ),
        *blocking.COMMANDS,
    )
    facts = ("category", "card_type", "blocked_for_good", "created_at", "issued_at", "bound_at", "activated_at")

    def get_list_display(self, request: HttpRequest) -> Any:
        """Add one click from a row to the form that blocks, unblocks or replaces."""
        return (*self.list_display, blocking.column(request)) if blocking.may_act(request) else self.list_display

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Card], search_term: str
    ) -> tuple[QuerySet[Card], bool]:
        """Find as `search` explains."""
        return (search.cards(queryset, search_term) if search_term.strip() else queryset), False

    def page(self, request: HttpRequest, record: Card) -> Page:
        """Show the card, its holder, what keeps it from being Active, and its blocks."""
        card = Card.objects.select_related("contact", "series").get(pk=record.pk)
        holder = pages.link(card.contact, "customers.contact", card.contact_id) if card.contact else pages.NOTHING
        first = [
            Fact(_("number"), card.number),
            Fact(_("status"), pages.badge(card, "status")),
            Fact(_("holder"), holder),
            Fact(_("series"), card.series.name),
        ]
        return Page(
            [Group(_("Card"), [*first, *self.facts_of(card)])],
            tables=[blocking.history(card)],
            notes=_notes(card),
            figures=[_barcode(card)],
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the address of a card's barcode, for the page and for a printer."""
        # A browser may keep it: what it shows is in the page already.
        view = self.admin_site.admin_view(self.barcode_view, cacheable=True)
        return [path("<path:object_id>/barcode.svg", view, name="cards_card_barcode"), *super().get_urls()]

    def barcode_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Draw the barcode of a card for whoever may see the card."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        card = self.get_object(request, unquote(object_id))
        if card is None:
            return self.lost(request)
        drawn = barcodes.svg(card.series.barcode, card.number)
        return HttpResponse(drawn, content_type=barcodes.CONTENT_TYPE, headers={"Cache-Control": "private"})


def _barcode(card: Card) -> Figure:
    kind = Barcode(barcodes.kind_of(card.series.barcode, card.number))
    title = gettext("Barcode: %(kind)s") % {"kind": gettext(kind.label)}
    return Figure(title, reverse("admin:cards_card_barcode", args=[card.pk]), f"{title}, {card.number}")


def _notes(card: Card) -> list[str]:
    """Say what stands between the card and being Active, or who is taking it."""
    if card.status == CardStatus.ISSUED and card.contact is not None:
        missing = sufficiency.missing(card.contact, program.settings().sufficiency)
        names = ", ".join(str(card.contact._meta.get_field(name).verbose_name) for name in missing)  # type: ignore[union-attr]
        return [gettext("To become Active, these personal data are missing: %(names)s.") % {"names": names}] * bool(
            missing
        )
    if card.status == CardStatus.ISSUED:
        return [gettext("The card is not bound to a customer yet.")]
    if card.status == CardStatus.BLOCKED:
        return blocking.notes(card)
    held = Reservation.objects.filter(card_id=card.pk, reserved_until__gt=clock.now()).first()
    if held is None:
        return []
    return [
        gettext("The wallet app holds this number until %(moment)s.") % {"moment": pages.moment(held.reserved_until)}
    ]
