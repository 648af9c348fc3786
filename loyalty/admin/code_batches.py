"""Batches of single-use codes: ordered on a promotion's page, made by a worker, handed out as a file."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import columns, downloads, pages, promo_codes, refusals
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, Onward, ReasonForm
from loyalty.admin.marketing_words import FIELDS
from loyalty.admin.pages import Fact, Group, Page, Table, Tile
from loyalty.admin.site import site
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.services import code_orders, program
from loyalty.services.code_orders import Export
from promos import codes
from promos.models import LARGEST_BATCH, CodeBatch, CodeBatchStatus, Promotion

LOOKS_AGAIN = 2
_LAST_BATCHES = 50
_WORDS = FIELDS["promos.codebatch"]


def progress(batch: CodeBatch) -> SafeString:
    """Write how many codes are made."""
    return pages.bar(batch.made, batch.count)


class OrderForm(ReasonForm):
    """How many codes, and what they look like."""

    count = forms.IntegerField(
        label=_("how many"),
        min_value=1,
        max_value=LARGEST_BATCH,
        widget=widgets.UnfoldAdminIntegerFieldWidget(),
        help_text=_("Up to a million in one batch."),
    )
    beginning = forms.CharField(
        label=_WORDS["prefix"],
        required=False,
        max_length=16,
        widget=widgets.UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_(
            "What all of them begin with, like NY26; up to 8 of 2 to 9 and C D F H J K M N P R T V W X Y,"
            " which nobody takes for another. May be empty."
        ),
    )
    length = forms.IntegerField(
        label=_WORDS["length"],
        min_value=codes.SHORTEST_GENERATED,
        max_value=codes.LONGEST_GENERATED,
        widget=widgets.UnfoldAdminIntegerFieldWidget(),
        help_text=_("Behind the prefix; the last one is a check character. 12 suit a million, 10 suit a thousand."),
    )

    def present(self, subject: Any) -> dict[str, Any]:
        """Offer a length that suits every batch."""
        return {"length": code_orders.USUAL_LENGTH}

    def clean_beginning(self) -> str:
        """Return the prefix in its stored form."""
        try:
            return codes.read_prefix(self.cleaned_data["beginning"])
        except InvalidParameter as error:
            raise forms.ValidationError(refusals.words(error)) from error


def _order(actor: Actor, promotion: Promotion, form: OrderForm) -> Onward:
    data = form.cleaned_data
    batch = code_orders.order_codes(
        actor,
        promotion.pk,
        count=data["count"],
        prefix=data["beginning"],
        length=data["length"],
        reason=data["reason"],
    )
    return Onward(pages.page_of("promos.codebatch", batch.pk), _("The codes are ordered. A worker begins in a moment."))


GENERATE = Command(
    "generate-codes",
    _("Generate single-use codes"),
    OrderForm,
    _order,
    submit=_("Order"),
    explain=_("Each code gives points once, to the first customer who types it. Nobody can guess one."),
    icon="playlist_add",
    offered=promo_codes.takes_codes,
)


def _export(actor: Actor, batch: CodeBatch, form: ReasonForm) -> StreamingHttpResponse:
    export = code_orders.export_codes(actor, batch.pk, form.cleaned_data["reason"])
    head = [gettext("code"), gettext("used at")]
    return downloads.table(f"promo-codes-{batch.pk}.csv", head, _written(export, program.settings().tzinfo))


@admin.register(CodeBatch, site=site)
class CodeBatchAdmin(ReadOnly):
    """Orders of codes and how far they are."""

    list_display = (
        "id",
        "promotion",
        "prefix",
        columns.badge("status", _WORDS["status"]),
        columns.computed("made", _("made"), progress),
        columns.moment("created_at", _WORDS["created_at"]),
        "actor",
    )
    list_select_related = ("promotion",)
    list_filter = (("status", columns.ChoiceFilter),)
    hint = _("Single-use codes are ordered on the page of a promotion of the kind Promo code.")
    facts = ("prefix", "length", "actor", "created_at", "finished_at")
    commands = (
        Command(
            "export",
            _("Export the codes"),
            ReasonForm,
            _export,
            submit=_("Download"),
            explain=_("A CSV file with every code. Whoever has it can use them: the journal keeps that you took it."),
            icon="download",
            offered=lambda batch: batch.status == CodeBatchStatus.DONE,
        ),
    )

    def title_of(self, record: Any) -> str:
        """Say which batch of which promotion it is."""
        return gettext("Batch %(number)s of %(promotion)s") % {"number": record.pk, "promotion": record.promotion.name}

    def page(self, request: HttpRequest, record: CodeBatch) -> Page:
        """Say how far the batch is and what its codes look like; look again by itself while it is being made."""
        going_on = record.status != CodeBatchStatus.DONE
        promotion = pages.link(record.promotion.name, "promos.promotion", record.promotion_id)
        chance = codes.space(record.length) // record.count
        facts = [
            Fact(_WORDS["promotion"], promotion),
            *self.facts_of(record),
            Fact(_("as printed"), codes.printed(record.prefix + "X" * record.length, record.prefix)),
            Fact(_("a guess hits once in"), pages.whole(chance)),
        ]
        tiles = [Tile(_("Status"), pages.badge(record, "status")), Tile(_("Made"), progress(record))]
        told = gettext("The codes are being made. This page looks again by itself.")
        return Page(
            [Group(_("Batch"), facts)],
            tiles=tiles,
            notes=[told] if going_on else [],
            refresh=LOOKS_AGAIN if going_on else 0,
        )


def batches(promotion: Promotion) -> Table:
    """Return the batches of a promotion."""
    rows = [
        (
            pages.link(batch.pk, "promos.codebatch", batch.pk),
            batch.prefix or pages.NOTHING,
            pages.badge(batch, "status"),
            progress(batch),
            pages.moment(batch.created_at),
        )
        for batch in promotion.code_batches.order_by("-pk")[:_LAST_BATCHES]
    ]
    headers = (_WORDS["id"], _WORDS["prefix"], _WORDS["status"], _("made"), _WORDS["created_at"])
    return Table(_("Batches of single-use codes"), headers, rows, empty=_("None."))


def _written(export: Export, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    for code, used_at in export.rows:
        yield code, used_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if used_at else ""
