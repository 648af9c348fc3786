"""Every page says that the test clock is on (specs/points_and_tiers.md, Settled points)."""

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from loyalty.core import clock

# Attributes may hold ">" inside their quotes.
_BODY = re.compile(rb"""<body(?:"[^"]*"|'[^']*'|[^'">])*>""")
_STYLE = (
    "position:sticky;top:0;z-index:1000;padding:6px 16px;background:#b45309;color:#fff;"
    "font:600 13px/1.4 system-ui,sans-serif;text-align:center"
)


class TestClockBanner:
    """Puts a line on top of every HTML page while CLOCK_OFFSET moves the clock; otherwise it is not there at all."""

    __test__ = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.CLOCK_OFFSET:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, with the line when the answer is a page."""
        response = self.get_response(request)
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        body = _BODY.search(response.content)
        if body:
            page = response.content
            response.content = page[: body.end()] + banner().encode() + page[body.end() :]
        return response


def banner() -> str:
    """Return the line, with the moment in the retailer's zone."""
    moment = timezone.localtime(clock.now(), _zone())
    text = _("Test clock: the service's time is shifted. It is now %(moment)s.") % {
        "moment": date_format(moment, _("j M Y, H:i"))
    }
    return str(format_html('<div id="test-clock" role="status" style="{}">{}</div>', _STYLE, text))


def _zone() -> ZoneInfo:
    from loyalty.models import Program
    from loyalty.services import program

    try:
        return program.settings().tzinfo
    except (DatabaseError, Program.DoesNotExist):
        return ZoneInfo("UTC")
