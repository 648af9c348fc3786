"""What a view tells the interaction log: errors always, whole calls where it is switched on for the client.

This part runs inside the call, so it only decides and hands over; masking and writing happen in a thread of
their own (interaction_backlog). It touches no database and raises nothing.
"""

import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from loyalty.api import interaction_backlog
from loyalty.api.authentication import read_basic
from loyalty.core import clock
from loyalty.core.addresses import address_of

log = structlog.get_logger(__name__)

# A caller's own id is kept when it is a UUID, or a word in which no phone can hide.
_CORRELATION = re.compile(r"[0-9a-fA-F-]{32,36}|(?!.*(\d-?){7})[A-Za-z0-9-]{8,64}")
_NOTHING: dict[str, Any] = {}


@dataclass(slots=True)
class Call:
    """One call as it was, unmasked: it lives in memory only, and not for long.

    `items` are the refused items of a batch. `login` of a stranger is what somebody claims to be.
    """

    recorded_at: datetime
    surface: str
    login: str
    role: str
    stranger: bool
    address: str
    method: str
    path: str
    query: str
    route: Mapping[str, str]
    status: int
    failed: bool
    key: str
    text: str
    duration_ms: float
    correlation_id: str
    in_full: bool
    request: bytes = b""
    response: bytes = b""
    items: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many bytes of memory its bodies hold."""
        return len(self.request) + len(self.response)

    def drop_bodies(self) -> None:
        """Forget the bodies: the entry matters more."""
        self.request = self.response = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended, in the words of its surface."""

    failed: bool
    key: str
    text: str = ""


def outcome(status: int, data: Any) -> Outcome:
    """Return how a call ended: cash desk `Status, Key, Value`; wallet `code, description`; data `errors`."""
    body = data if isinstance(data, dict) else _NOTHING
    if "Status" in body and "Key" in body:
        return Outcome(body["Status"] is not True or status >= 400, str(body["Key"]), str(body.get("Value", "")))
    if status < 400:
        return Outcome(False, "OK")
    told = body["errors"] if isinstance(body.get("errors"), dict) else body
    return Outcome(True, str(told.get("code", status)), str(told.get("description") or told.get("message", "")))


def note(view: Any, request: Any, response: Any, started: float) -> None:
    """Hand a finished call over, when it failed or its client is logged in full. Never raises."""
    try:
        # A list that streams has no data to look at, and its body is never held: nobody knows how long it is.
        data = getattr(response, "data", None)
        ended = outcome(response.status_code, data)
        items = _refused(data) if isinstance(data, dict) and "Results" in data else []
        in_full = _in_full(view)
        if not (ended.failed or items or in_full):
            return
        call = _call(view, request, response.status_code, ended, started)
        call.items, call.in_full = items, in_full
        response["X-Request-Id"] = call.correlation_id
        if not in_full or response.streaming:
            interaction_backlog.put(call)
            return
        response.add_post_render_callback(lambda rendered: _put_with_answer(call, rendered))
    except Exception as error:
        log.warning("interaction_not_noted", error=type(error).__name__)


def note_fault(view: Any, request: Any, started: float, fault: Exception) -> None:
    """Hand over a call that ended in a fault of ours, whose answer is made outside the view. Never raises."""
    try:
        ended = Outcome(True, "InternalError", type(fault).__name__)
        interaction_backlog.put(_call(view, request, 500, ended, started))
    except Exception as error:
        log.warning("interaction_not_noted", error=type(error).__name__)


def _put_with_answer(call: Call, rendered: Any) -> None:
    call.response = rendered.content
    interaction_backlog.put(call)


def _in_full(view: Any) -> bool:
    client = getattr(view.request, "_auth", None)
    if client is None or not client.log_in_full:
        return False
    return client.log_full_until is None or clock.now() < client.log_full_until


def _refused(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in data["Results"] if isinstance(each, dict) and each.get("Status") is False]


def _call(view: Any, request: Any, status: int, ended: Outcome, started: float) -> Call:
    caller = getattr(getattr(view, "request", None), "_user", None)
    return Call(
        recorded_at=clock.now(),
        surface=view.authentication_classes[0].surface.value,
        login=caller.login if caller else _claimed(request),
        role=caller.role if caller else "",
        stranger=caller is None,
        address=address_of(request),
        method=request.method or "",
        path=request.path,
        query=request.META.get("QUERY_STRING", ""),
        route=view.kwargs,
        status=status,
        failed=ended.failed,
        key=ended.key,
        text=ended.text,
        duration_ms=(time.perf_counter() - started) * 1000,
        correlation_id=_correlation(request.META.get("HTTP_X_REQUEST_ID", "")),
        in_full=False,
        # A body that nobody has read stays unread: it may be endless.
        request=getattr(request, "_body", b""),
    )


def _claimed(request: Any) -> str:
    try:
        return read_basic(request.META.get("HTTP_AUTHORIZATION", ""))[0]
    except Exception:
        return ""


def _correlation(given: str) -> str:
    return given if _CORRELATION.fullmatch(given) else uuid.uuid4().hex
