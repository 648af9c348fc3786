"""What answers when a request fails outside every view.

A till or a wallet gets its own surface's words, never HTML; a person gets a page that says what to do next. No page
asks the database: it may be what has failed.
"""

import math
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from loyalty.api.koshelek import errors as koshelek
from loyalty.api.loyalty_data import errors as loyalty_data

CASH_DESK_PREFIXES = ("/api/card", "/api/purchase")
KOSHELEK_PREFIX = "/v1"
LOYALTY_DATA_PREFIX = "/priv"
JSON = "application/json; charset=utf-8"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400: an unknown host name, too many fields, too much of anything."""
    text = "The request was refused: check the host name it is sent to."
    answer = _in_words_of(request, 400, "InvalidRequest", text)
    if answer is not None:
        return answer
    if isinstance(exception, RequestDataTooBig):
        size = settings.MAX_UPLOAD_BYTES // 1_048_576
        told = _("Nothing was changed. A file may have %(size)s MB at most: split it into several.") % {"size": size}
        return _page(400, _("What was sent is too large"), told)
    return _page(400, _("The request cannot be read"), _("Go back, look at what you sent, and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403: this person may not do that."""
    told = _("Nothing was changed. Ask an administrator if you need it for your work.")
    return _page(403, _("Your role does not include this"), told)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form that was opened before a log-in, or came from elsewhere (Django's CSRF_FAILURE_VIEW)."""
    told = _("Nothing was changed. You have logged in anew since this form was opened, or cookies are switched off.")
    told += " " + _("Go back, load the page again, and fill in the form once more.")
    return _page(403, _("This form is out of date"), told)


def locked_out(request: HttpRequest, _response: HttpResponse | None, _credentials: Any) -> HttpResponse:
    """Answer 429 after too many wrong passwords (django-axes)."""
    minutes = math.ceil(settings.AXES_COOLOFF_TIME.total_seconds() / 60)
    told = ngettext(
        "Wait %(minutes)s minute, then try again, or ask an administrator for a new password.",
        "Wait %(minutes)s minutes, then try again, or ask an administrator for a new password.",
        minutes,
    ) % {"minutes": minutes}
    return _page(429, _("Too many wrong passwords"), told)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    text = "There is nothing at this address."
    told = _("Check the address, or look for what you need from the overview.")
    return _in_words_of(request, 404, "NotFound", text) or _page(404, _("There is nothing at this address"), told)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500. The cause is in the log."""
    text = "A fault on our side; tell us the time of the call."
    told = _(
        "It is not your fault. Look whether your change is there before you repeat it; then tell an administrator."
    )
    return _in_words_of(request, 500, "InternalError", text) or _page(500, _("Something went wrong here"), told)


def _page(status: int, title: str, text: str) -> HttpResponse:
    words = {"title": title, "text": text, "home": _("To the overview"), "language": get_language() or "en"}
    response = HttpResponse(render_to_string("back_office/fault.html", words), status=status)
    add_never_cache_headers(response)
    return response


def _in_words_of(request: HttpRequest, status: int, key: str, text: str) -> HttpResponse | None:
    path = request.path_info
    body: dict[str, Any]
    if path.startswith(CASH_DESK_PREFIXES):
        body = {"Status": False, "Key": key, "Value": text}
    elif path.startswith(KOSHELEK_PREFIX):
        body = dict(koshelek.body_of(koshelek.row_of(key), text))
    elif path.startswith(LOYALTY_DATA_PREFIX):
        body = loyalty_data.body_of(loyalty_data.row_of(key))
    else:
        return None
    return JsonResponse(body, status=status, content_type=JSON)
