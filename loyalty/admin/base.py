"""The base of every page: it shows, and it changes nothing unless a command says so."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from loyalty.admin import columns, commands, roles, wording
from loyalty.admin.commands import Command
from loyalty.admin.pages import Fact, Group, Page, choice, shown
from loyalty.admin.paging import InfinitePaginator


class Crumb:
    """A record under the name that its page gives it, for the line above the page."""

    def __init__(self, record: Model, title: str) -> None:
        self._meta, self.pk, self._title = record._meta, record.pk, title

    def __str__(self) -> str:
        return self._title


class ReadOnly(ModelAdmin):
    """A list and a page of one noun. Rights come from the table in `roles`, changes from `commands`."""

    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 50
    actions = None
    # Sorting a list of millions by any column is a walk over all of it.
    sortable_by = ()
    ordering: tuple[str, ...] = ("-id",)
    facts: ClassVar[Sequence[str]] = ()
    # What an empty list says: how its first entry comes about.
    hint: ClassVar[Any] = ""
    commands: ClassVar[Sequence[Command]] = ()
    creates: ClassVar[Command | None] = None

    @property
    def label(self) -> str:
        """The model's label in the table of roles."""
        return str(self.opts.label_lower)

    # Rights

    def may(self, request: HttpRequest, act: str) -> bool:
        """Tell whether the person may do `act` here."""
        return roles.may(request.user, self.label, act)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, roles.VIEW)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may(request, roles.VIEW)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.creates is not None and self.may(request, roles.ADD)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    # Pages

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<path:object_id>/{command.name}/",
                self.admin_site.admin_view(self._command_view(command)),
                name=f"{self.opts.app_label}_{self.opts.model_name}_{command.name}",
            )
            for command in self.commands
        ]
        return [*own, *super().get_urls()]

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns; a field that holds codes is shown in words."""
        return columns.in_words(self.model, self.list_display)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list. A filter with NUL, which PostgreSQL cannot look for, is left out as any odd one is."""
        if any("\x00" in value for _name, values in request.GET.lists() for value in values):
            return redirect(f"{self.list_address()}?{ERROR_FLAG}=1")
        shown: HttpResponse = super().changelist_view(request, extra_context)
        return shown

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one record. Writing to it is refused whoever asks."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = self.get_object(request, unquote(object_id))
        if record is None:
            return self.lost(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        context = {
            **self.context(request, record),
            "page": self.page(request, record),
            "buttons": self._buttons(request, record),
        }
        return TemplateResponse(request, "back_office/record.html", context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Run the command that makes a new record, where there is one."""
        if self.creates is None or not self.has_add_permission(request):
            raise PermissionDenied
        context = {**self.context(request, None), "original": None}
        return commands.serve(request, self.creates, None, context, self.list_address())

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Refuse Django's own history: the journal is the history."""
        raise PermissionDenied

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Refuse: nothing is deleted here."""
        raise PermissionDenied

    def page(self, request: HttpRequest, record: Any) -> Page:
        """Return what the page of a record shows."""
        return Page([Group("", self.facts_of(record))])

    def facts_of(self, record: Any) -> list[Fact]:
        """Return the fields named in `facts` with their values."""
        return [self._fact(record, name) for name in self.facts]

    def context(self, request: HttpRequest, record: Model | None) -> dict[str, Any]:
        """Return what every page of this noun needs."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": Crumb(record, self.title_of(record)) if record else None,
            "title": self.title_of(record) if record else self.opts.verbose_name,
            "has_view_permission": True,
        }

    def title_of(self, record: Any) -> str:
        """Return what a record is called on its page, in the reader's language."""
        return str(record)

    def list_address(self) -> str:
        """Return the address of the list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def lost(self, request: HttpRequest) -> HttpResponse:
        """Say that the record is not there, and go back to the list."""
        messages.warning(request, _("There is no such record. Search for it in the list."))
        return redirect(self.list_address())

    def _fact(self, record: Any, name: str) -> Fact:
        field = record._meta.get_field(name)
        return Fact(field.verbose_name, self._told(record, name, field))

    @staticmethod
    def _told(record: Any, name: str, field: Any) -> Any:
        words = wording.words_of(record, name)
        if field.choices:
            return choice(record, name)
        return wording.told(words, getattr(record, name)) if words else shown(getattr(record, name))

    def _buttons(self, request: HttpRequest, record: Model) -> list[dict[str, Any]]:
        return [
            {
                "title": command.label,
                "icon": command.icon,
                "href": self._command_address(command, record),
                "variant": "danger" if command.danger else "default",
            }
            for command in self.commands
            if self.offers(request, record, command)
        ]

    def offers(self, request: HttpRequest, record: Any, command: Command) -> bool:
        """Tell whether the command's button stands on the record's page for this person."""
        return (
            self.may(request, command.name)
            and command.offered(record)
            and command.offered_to(record, roles.role_of(request.user))
        )

    def _command_address(self, command: Command, record: Model) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{command.name}"
        return reverse(name, args=[record.pk])

    def _command_view(self, command: Command) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            if not self.may(request, command.name):
                raise PermissionDenied
            record = self.get_object(request, unquote(object_id))
            if record is None:
                return self.lost(request)
            back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk])
            if not command.offered_to(record, roles.role_of(request.user)):
                messages.warning(request, _("This cannot be done now, or not by your role. The page says more."))
                return redirect(back)
            return commands.serve(request, command, record, self.context(request, record), back)

        return view
