"""The journal and the runs of jobs: what happened behind every page. Administrators only."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cards.models import CardImport
from customers.models import Contact
from loyalty.admin import columns, pages, search, wording
from loyalty.admin.base import ReadOnly
from loyalty.admin.code_words import RUNS
from loyalty.admin.pages import Fact, Group, Page
from loyalty.admin.site import site
from loyalty.models import JobRun, JournalEntry


@admin.register(JournalEntry, site=site)
class JournalAdmin(ReadOnly):
    """Who did what to which thing, when and why."""

    list_display = (columns.moment("recorded_at", _("when")), "actor", "role", "action", "target", "reason")
    search_fields = ("actor",)
    search_help_text = _("A log-in, a card number, a contact code or a phone")
    facts = ("recorded_at", "actor", "role", "channel", "address", "action", "target", "reason")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[JournalEntry], search_term: str
    ) -> tuple[QuerySet[JournalEntry], bool]:
        """Find by actor, by target, or by the contact that somebody names: each has an index."""
        text = search.clean(search_term)
        if not text:
            return queryset, False
        actors = [text, f"staff:{text}", f"client:{text}", f"system:{text}"]
        contacts = search.contact_ids(text) if any(letter.isdigit() or letter == "@" for letter in text) else []
        return queryset.filter(Q(actor__in=actors) | Q(target=text) | Q(contact_id__in=contacts)), False

    def title_of(self, record: JournalEntry) -> str:
        """Name what was done."""
        return wording.action(record.action)

    def page(self, request: HttpRequest, record: JournalEntry) -> Page:
        """Show an entry with its details."""
        facts = self.facts_of(record)
        if record.contact_id:
            contact = Contact.objects.filter(pk=record.contact_id).first()
            facts.append(
                Fact(_("customer"), pages.link(contact or record.contact_id, "customers.contact", record.contact_id))
            )
        details = [Fact(name, value) for name, value in wording.of_entry(record.action, record.details)]
        groups = [Group(_("Entry"), facts)]
        return Page([*groups, Group(_("Details"), details)] if details else groups)


class JobFilter(admin.SimpleListFilter):
    """Runs of one job: an index stands in this order."""

    title = _("job")
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """Return the jobs that leave a row, in words."""
        return sorted(((job, str(words)) for job, words in RUNS.items()), key=lambda each: each[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> QuerySet[JobRun]:
        """Narrow to the chosen one."""
        return queryset.filter(job=self.value()) if self.value() else queryset


@admin.register(JobRun, site=site)
class JobRunAdmin(ReadOnly):
    """Runs of long jobs, with their progress."""

    list_display = (
        "job",
        columns.moment("started_at", _("started at")),
        "progress",
        columns.moment("finished_at", _("finished at")),
        "actor",
    )
    list_filter = (JobFilter,)
    facts = ("job", "actor", "as_of", "started_at", "updated_at", "finished_at", "done", "total")

    @admin.display(description=_("progress"))
    def progress(self, run: JobRun) -> str:
        """Draw how far the run is."""
        return progress_bar(run)

    def title_of(self, record: JobRun) -> str:
        """Name the job."""
        return wording.job(record.job)

    def page(self, request: HttpRequest, record: JobRun) -> Page:
        """Show a run and what came out of it."""
        facts = [*self.facts_of(record), Fact(_("progress"), progress_bar(record))]
        result = [Fact(name, value) for name, value in wording.of_run(record.result)]
        notes = [] if record.finished_at else [
            gettext("Not finished: the run is going on, or was killed. The next run takes up what is left.")
        ]  # fmt: skip
        groups = [Group(_("Job run"), facts)]
        return Page([*groups, Group(_("Result"), result)] if result else groups, notes=notes)


def progress_bar(run: JobRun | CardImport) -> str:
    """Return the progress of a run or an import as a bar with its numbers."""
    return pages.bar(run.done, run.total, finished=run.finished_at is not None)
