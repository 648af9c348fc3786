"""The back office as a site of its own: what a package registers by itself does not appear in it."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from loyalty.admin import pages, two_factor
from loyalty.admin.roles import actor_of
from loyalty.services import program, staff

View = Callable[..., HttpResponseBase]


class BackOffice(UnfoldAdminSite):
    """Log-in, second factor, the retailer's time zone on every page; pages register themselves."""

    index_template = "back_office/index.html"
    index_title = _("Overview")
    enable_nav_sidebar = True
    empty_value_display = pages.NOTHING

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in people of the back office, with a second factor when the retailer asks for one."""
        return bool(super().has_permission(request)) and not two_factor.is_missing(request)

    def extra_urls(self) -> list[URLPattern]:
        """Return the page of the second factor, which stands before the door."""
        return [path("two-factor/", two_factor.page, {"site": self}, name="two_factor")]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ask for log-in and password, then for the second factor when it is missing."""
        if request.method == "GET" and super().has_permission(request) and two_factor.is_missing(request):
            wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
            return redirect(f"{reverse('admin:two_factor')}?{urlencode({REDIRECT_FIELD_NAME: wanted})}")
        return super().login(request, extra_context)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Guard a view as Django does, and show its times in the retailer's zone."""
        guarded = super().admin_view(view, cacheable)

        def in_zone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with timezone.override(program.settings().tzinfo):
                response = guarded(request, *args, **kwargs)
                # Templates are rendered after the view otherwise, when the zone is forgotten.
                return response.render() if isinstance(response, SimpleTemplateResponse) else response

        return update_wrapper(in_zone, guarded)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Let people change their own password; the journal knows when."""
        response = super().password_change(request, extra_context)
        if request.method == "POST" and response.status_code == 302:
            staff.note_own_password(actor_of(request))
        return response


site = BackOffice()
