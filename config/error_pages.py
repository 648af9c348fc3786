"""What answers when a request fails outside every view: a till or a wallet gets its own surface's words, never HTML."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from loyalty.api.koshelek import errors as koshelek
from loyalty.api.loyalty_data import errors as loyalty_data

CASH_DESK_PREFIXES = ("/api/card", "/api/purchase")
KOSHELEK_PREFIX = "/v1"
LOYALTY_DATA_PREFIX = "/priv"
JSON = "application/json; charset=utf-8"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400: an unknown host name, too many fields."""
    text = "The request was refused: check the host name it is sent to."
    return _in_words_of(request, 400, "InvalidRequest", text) or defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    text = "There is nothing at this address."
    return _in_words_of(request, 404, "NotFound", text) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500. The cause is in the log."""
    text = "A fault on our side; tell us the time of the call."
    return _in_words_of(request, 500, "InternalError", text) or defaults.server_error(request)


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
