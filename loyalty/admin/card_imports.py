"""Imports of card numbers: the form that uploads a file, and the page that shows how far it is and what was wrong."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from cards.imports import LARGEST_FILE
from cards.models import (
    UNFINISHED,
    CardCategory,
    CardImport,
    CardImportFault,
    CardSeries,
    ImportCause,
    ImportMode,
    ImportStatus,
)
from loyalty.admin import columns, downloads, pages
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, Onward, ReasonForm
from loyalty.admin.form_fields import UploadedTable
from loyalty.admin.journal import progress_bar
from loyalty.admin.pages import Fact, Group, Page, Table, Tile
from loyalty.admin.site import site
from loyalty.admin.words import translated
from loyalty.core.actors import Actor
from loyalty.services import card_imports as use_cases

SHOWN = 200
LOOKS_AGAIN = 2


class ImportForm(ReasonForm):
    """A file of numbers, for which pool, and what becomes of the good lines when others are bad."""

    EXPLAIN = _(
        "A CSV or XLSX file, one number a line, up to a million. A header is recognised; of several columns the one"
        " called Number or Card number is read, else the first. Empty lines are passed over."
    )

    file = UploadedTable(label=_("file"), help_text=_("CSV or XLSX, 32 MB at most."))
    category = forms.TypedChoiceField(
        label=_("category"),
        choices=translated(CardCategory),
        coerce=int,
        initial=CardCategory.VIRTUAL,
        widget=widgets.UnfoldAdminSelectWidget(),
        help_text=_("Virtual numbers form the pool of the wallet app; plastic ones belong to the shops."),
    )
    mode = forms.ChoiceField(
        label=_("bad lines"),
        choices=translated(ImportMode),
        initial=ImportMode.ALL_OR_NOTHING,
        widget=widgets.UnfoldAdminSelectWidget(),
        help_text=_("All or nothing: one bad line, and no number is added. Either way every bad line is listed."),
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large before it is read."""
        file = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 32 MB. Divide it into several files."))
        return file


class NewImportForm(ImportForm):
    """From the list of imports the series is asked, too."""

    series = forms.ModelChoiceField(
        CardSeries.objects.order_by("name"),
        label=_("series"),
        widget=widgets.UnfoldAdminSelectWidget(),
        empty_label=None,
        help_text=_("Numbers must have its prefix, length and check digit."),
    )
    field_order = ("file", "series", "category", "mode")

    def present(self, subject: Any) -> dict[str, Any]:
        """Offer the series that issues numbers."""
        return {"series": CardSeries.objects.filter(issuing=True).first()}


def import_into(actor: Actor, series: CardSeries, form: ImportForm) -> Onward:
    """Upload the file of a form into a series; go to the page of the import."""
    data = form.cleaned_data
    made, new = use_cases.start(
        actor,
        series_id=series.pk,
        category=CardCategory(data["category"]),
        mode=ImportMode(data["mode"]),
        file_name=data["file"].name,
        content=data["file"].read(),
        reason=data["reason"],
    )
    said = _("The file is uploaded. The import begins in a moment.")
    return Onward(pages.page_of("cards.cardimport", made.pk), said if new else _("This file is on its way already."))


def _import(actor: Actor, _subject: None, form: NewImportForm) -> Onward:
    return import_into(actor, form.cleaned_data["series"], form)


@admin.register(CardImport, site=site)
class CardImportAdmin(ReadOnly):
    """Files on their way into the system, and what became of those before."""

    list_display = (
        "file_name",
        "series",
        columns.badge("status", _("status")),
        columns.computed("progress", _("checked"), progress_bar),
        columns.computed("added", _("added"), lambda made: pages.whole(made.added)),
        columns.computed("refused", _("refused lines"), lambda made: pages.whole(made.refused)),
        columns.moment("created_at", _("uploaded at")),
        "actor",
    )
    list_select_related = ("series",)
    list_filter = (("status", columns.ChoiceFilter),)
    hint = _("Files of card numbers from the printer stand here, and what became of each line.")
    facts = ("file_name", "category", "mode", "actor", "reason", "created_at", "started_at", "finished_at")
    creates = Command(
        "add", _("Import numbers"), NewImportForm, _import, submit=_("Upload"), explain=ImportForm.EXPLAIN
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the list of bad lines."""
        view = self.admin_site.admin_view(self.faults_view)
        return [path("<path:object_id>/refused.csv", view, name="cards_cardimport_faults"), *super().get_urls()]

    def page(self, request: HttpRequest, record: CardImport) -> Page:
        """Say how far it is, what it did, and what was wrong; look again by itself while it goes on."""
        going_on = record.status in UNFINISHED
        series = Fact(_("series"), pages.link(record.series.name, "cards.cardseries", record.series_id))
        facts = self.facts_of(record)
        tables = [_faults(record)] if record.refused else []
        return Page(
            [Group(_("Import"), [facts[0], series, Fact(_("progress"), progress_bar(record)), *facts[1:]])],
            tiles=_tiles(record),
            tables=tables,
            notes=_notes(record),
            warnings=_warnings(record),
            refresh=LOOKS_AGAIN if going_on else 0,
        )

    def faults_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Send every bad line as CSV, however many there are."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = self.get_object(request, unquote(object_id))
        if record is None:
            return self.lost(request)
        head = [gettext("line"), gettext("number"), gettext("what is wrong")]
        causes = {cause.value: gettext(cause.label) for cause in ImportCause}
        again = gettext("%(cause)s, first in line %(line)s")
        return downloads.table(f"refused-{record.pk}.csv", head, _written(record, causes, again))


def _tiles(record: CardImport) -> list[Tile]:
    lines = gettext("of %(count)s lines") % {"count": pages.whole(record.total)} if record.total else ""
    return [
        Tile(_("Status"), pages.badge(record, "status")),
        Tile(_("Checked"), pages.whole(record.done), lines),
        Tile(_("Added"), pages.whole(record.added)),
        Tile(_("Refused lines"), pages.whole(record.refused)),
    ]


def _notes(record: CardImport) -> list[Any]:
    notes = []
    if record.status == ImportStatus.WAITING:
        notes.append(gettext("The file waits for the job; it begins within a minute. This page looks again by itself."))
    elif record.status == ImportStatus.RUNNING and not record.total:
        notes.append(gettext("The file is being read. This page looks again by itself."))
    elif record.status == ImportStatus.RUNNING and record.done == record.total:
        notes.append(gettext("Every line is checked; the numbers are being added in one step."))
    elif record.status == ImportStatus.RUNNING:
        notes.append(gettext("The import is going on. This page looks again by itself."))
    before = CardImport.objects.filter(sha256=record.sha256, series=record.series_id, pk__lt=record.pk).first()
    if before is not None:
        told = gettext("The same file was uploaded before, on {}: {}. What came in then is in the system already.")
        link = pages.link(before.file_name, "cards.cardimport", before.pk)
        notes.append(format_html(told, pages.moment(before.created_at), link))
    return notes


def _warnings(record: CardImport) -> list[str]:
    if record.status == ImportStatus.FAILED:
        problem = gettext(record.problem)
        return [gettext("%(problem)s Upload it again when that is mended.") % {"problem": problem}]
    if record.finished_at is not None and record.refused == record.total:
        return [gettext("Nothing was added: every line is bad, or its number is in the system already.")]
    if record.status == ImportStatus.REFUSED:
        return [gettext("Nothing was added: there are bad lines. Correct them, or import again and skip them.")]
    return []


def _faults(record: CardImport) -> Table:
    first = CardImportFault.objects.filter(card_import=record).order_by("line")[:SHOWN]
    causes = {cause.value: gettext(cause.label) for cause in ImportCause}
    again = gettext("%(cause)s, first in line %(line)s")
    rows = [(pages.whole(fault.line), fault.number or pages.NOTHING, _cause(fault, causes, again)) for fault in first]
    title = gettext("Refused lines")
    if record.refused > SHOWN:
        title = gettext("Refused lines, the first %(count)s") % {"count": SHOWN}
    return Table(
        title,
        (_("line"), _("number"), _("what is wrong")),
        rows,
        more=reverse("admin:cards_cardimport_faults", args=[record.pk]),
        more_text=_("Download all as CSV"),
    )


def _cause(fault: CardImportFault, causes: dict[str, str], again: str) -> str:
    cause = causes[fault.cause]
    return again % {"cause": cause, "line": fault.first_line} if fault.first_line else cause


def _written(record: CardImport, causes: dict[str, str], again: str) -> Iterator[tuple[int, str, str]]:
    for fault in CardImportFault.objects.filter(card_import=record).order_by("line").iterator(chunk_size=5000):
        yield fault.line, fault.number, _cause(fault, causes, again)
