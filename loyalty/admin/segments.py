"""Segments: lists of customers that people upload, what changed them, and which lines of a table named nobody."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.admin import columns, downloads, pages, roles
from loyalty.admin.audience_forms import SegmentForm, UploadForm
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, Onward
from loyalty.admin.pages import Group, Page, Table, Tile
from loyalty.admin.site import site
from loyalty.core.actors import Actor
from loyalty.services import segments as use_cases
from promos import segments
from promos.models import Segment, SegmentChange, SegmentChangeStatus, SegmentMember

_CHANGE = "promos.segmentchange"
_SHOWN = 100
LOOKS_AGAIN = 2
_WHY: dict[str, Any] = {
    segments.UNREADABLE: _("no phone, card number or contact code"),
    segments.UNKNOWN: _("nobody has it"),
    segments.AMBIGUOUS: _("a phone of one customer and a card of another"),
}


def _create(actor: Actor, _subject: None, form: SegmentForm) -> Onward:
    data = form.cleaned_data
    made = use_cases.create_segment(actor, data["name"], data["note"], data["reason"])
    return Onward(pages.page_of("promos.segment", made.pk))


def _describe(actor: Actor, segment: Segment, form: SegmentForm) -> None:
    told = {"name": segment.name, "note": segment.note} | form.changes(("name", "note"))
    use_cases.describe_segment(actor, segment.pk, told["name"], told["note"], form.cleaned_data["reason"])


def _upload(actor: Actor, segment: Segment, form: UploadForm) -> Onward:
    data = form.cleaned_data
    order = use_cases.upload(
        actor,
        segment.pk,
        mode=data["mode"],
        file_name=data["file"].name,
        content=form.content(),
        reason=data["reason"],
    )
    return Onward(pages.page_of(_CHANGE, order.pk))


def progress(change: SegmentChange) -> SafeString:
    """How far a change has come, as a bar; a frozen audience has no lines to count."""
    if change.lines and change.status != SegmentChangeStatus.DONE:
        return pages.bar(change.done, change.lines)
    return pages.badge(change, "status")


@admin.register(Segment, site=site)
class SegmentAdmin(ReadOnly):
    """The list, and a page with the last changes."""

    list_display = ("name", "note", columns.moment("updated_at", _("changed at")))
    ordering = ("name",)
    search_fields = ("name",)
    search_help_text = _("A part of the name")
    hint = _("A segment is a list of customers: upload a table of phones, card numbers or codes into it.")
    creates = Command(
        "add", _("New segment"), SegmentForm, _create, done=_("The segment is made. Upload a table next."),
        submit=_("Save"),
    )  # fmt: skip
    commands = (
        Command(
            "upload", _("Upload a table"), UploadForm, _upload, done=_("The table is accepted."), icon="upload_file",
            explain=_("A long table is worked off in the background; the segment changes all at once at the end."),
        ),
        Command("edit", _("Change name and note"), SegmentForm, _describe, submit=_("Save")),
    )  # fmt: skip

    def page(self, request: HttpRequest, record: Segment) -> Page:
        """Show how many are in it, and what changed it."""
        count = SegmentMember.objects.filter(segment=record).count()
        changes = record.changes.defer("content", "problems").select_related("audience")[:10]
        rows = [
            (
                pages.link(pages.moment(each.created_at), _CHANGE, each.pk),
                each.audience or pages.choice(each, "mode"),
                pages.whole(each.added),
                pages.whole(each.removed),
                progress(each),
            )
            for each in changes
        ]
        headers = (_("ordered at"), _("what to do"), _("added"), _("taken out"), _("status"))
        more = pages.list_of(_CHANGE, f"segment__id__exact={record.pk}")
        history = Table(_("Changes"), headers, rows, more=more, numeric=frozenset({2, 3}))
        return Page(
            [Group(_("Segment"), self.facts_of(record))], tiles=[Tile(_("Customers"), pages.whole(count))],
            tables=[history],
        )  # fmt: skip

    facts = ("note", "created_at", "updated_at")


@admin.register(SegmentChange, site=site)
class SegmentChangeAdmin(ReadOnly):
    """What was ordered, how far it is, and which lines named nobody."""

    list_display = (
        "segment",
        columns.choice("mode", _("what to do")),
        "audience",
        "actor",
        columns.moment("created_at", _("ordered at")),
        columns.computed("progress", _("status"), progress),
    )
    list_select_related = ("segment", "audience")
    list_filter = (("status", columns.ChoiceFilter),)
    hint = _("Uploads into segments stand here, and which lines named nobody.")
    facts = ("mode", "audience", "file_name", "status", "actor", "created_at", "finished_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SegmentChange]:
        """Leave the uploaded files where they are."""
        return super().get_queryset(request).defer("content", "problems")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Let a segment's page narrow the list to itself."""
        return lookup == "segment__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[URLPattern]:
        """Add the report of the lines that named nobody."""
        report = self.admin_site.admin_view(self.report)
        return [path("<int:pk>/report/", report, name="promos_segmentchange_report"), *super().get_urls()]

    def title_of(self, record: SegmentChange) -> str:
        """Name the segment and the moment."""
        return f"{record.segment.name}, {pages.moment(record.created_at)}"

    def page(self, request: HttpRequest, record: SegmentChange) -> Page:
        """Show the counts, then the first lines that named nobody."""
        link = pages.link(record.segment.name, "promos.segment", record.segment_id)
        facts = [pages.Fact(_("segment"), link), *self.facts_of(record)]
        going_on = record.status != SegmentChangeStatus.DONE
        return Page(
            [Group(_("Order"), facts)],
            tiles=_tiles(record),
            tables=_problems(record),
            notes=[gettext("A worker is at it. This page looks again by itself.")] if going_on else [],
            refresh=LOOKS_AGAIN if going_on else 0,
        )

    def report(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Answer with the lines that named nobody, as CSV for a spreadsheet."""
        if not self.may(request, roles.VIEW):
            raise PermissionDenied
        change = SegmentChange.objects.defer("content").filter(pk=pk).first()
        if change is None:
            return self.lost(request)
        head = [gettext("line"), gettext("what stands there"), gettext("why")]
        rows = [(line, text, str(_WHY[why])) for line, text, why in change.problems]
        return downloads.table(f"segment-change-{pk}.csv", head, rows)


def _tiles(change: SegmentChange) -> list[Tile]:
    counted: list[tuple[Any, int]] = [
        (_("Customers found"), change.found),
        (_("Added"), change.added),
        (_("Taken out"), change.removed),
    ]
    tiles = [Tile(_("Progress"), progress(change)), *(Tile(label, pages.whole(value)) for label, value in counted)]
    if change.audience_id is None:
        tiles.append(Tile(_("Lines without a customer"), pages.whole(change.problem_count)))
    return tiles


def _problems(change: SegmentChange) -> list[Table]:
    if not change.problem_count:
        return []
    rows = [(line, text or pages.NOTHING, _WHY[why]) for line, text, why in change.problems[:_SHOWN]]
    headers = (_("line"), _("what stands there"), _("why"))
    title = gettext("Lines that name no customer")
    if change.problem_count > _SHOWN:
        title = gettext("Lines that name no customer, the first %(count)s") % {"count": _SHOWN}
    more = reverse("admin:promos_segmentchange_report", args=[change.pk])
    return [Table(title, headers, rows, more=more, more_text=_("Download all as CSV"))]
