"""One HTTP caller with limits on everything: requests of a run, requests a second, seconds and bytes an answer."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

LARGEST_ANSWER = 1024 * 1024
# One slow call may be asked three times in a row.
SILENCES_BEFORE_THE_END = 5
_LOOPBACK = ("localhost", "::1")


class RunEnded(Exception):
    """The run cannot go on; its text says why."""


class BudgetSpent(RunEnded):
    """The number of requests that was allowed has been sent."""


class ServerGone(RunEnded):
    """The server answers no more."""


@dataclass(frozen=True, slots=True)
class Received:
    """What came back. `problem` says why there is no whole answer; then status is 0."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    problem: str = ""
    too_large: bool = False

    @property
    def content_type(self) -> str:
        """Return the header as it came."""
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; `body` is turned into JSON unless it is bytes. `credentials` None sends the run's own."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    credentials: tuple[str, str] | None = None
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds an answer may take, requests of the whole run, requests a second."""

    timeout: float = 10.0
    max_requests: int = 150
    rate: float = 10.0


class Client:
    """Sends requests to one server; safe to use from two threads at once."""

    def __init__(
        self, base_url: str, login: str, password: str, limits: Limits, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.base_url = base_url
        self.sent = 0
        self._credentials = (login, password)
        self._limits = limits
        self._lock = threading.Lock()
        self._next = 0.0
        self._silences = 0
        # Redirects would carry the credentials elsewhere; a proxy of the environment is no way to this machine.
        self._http = httpx.Client(
            timeout=limits.timeout,
            follow_redirects=False,
            trust_env=not is_loopback(base_url),
            # Certificates of authorities are read for HTTPS only: that takes longer than many a run.
            verify=base_url.startswith("https:"),
            transport=transport,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "koshelek-check/1"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, request: Request) -> Received:
        """Send one request and return what came. Raises BudgetSpent, ServerGone."""
        self._wait_for_turn()
        try:
            received = self._exchange(request)
        except httpx.TimeoutException:
            received = Received(problem=f"no answer within {self._limits.timeout:g} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            received = Received(problem=f"the connection failed: {reason}")
        self._count_silence(received)
        return received

    def _wait_for_turn(self) -> None:
        with self._lock:
            if self.sent >= self._limits.max_requests:
                raise BudgetSpent(f"the {self._limits.max_requests} requests of --max-requests are spent")
            self.sent += 1
            turn = max(self._next, time.monotonic())
            self._next = turn + 1 / self._limits.rate
        if (wait := turn - time.monotonic()) > 0:
            time.sleep(wait)

    def _exchange(self, request: Request) -> Received:
        headers, content = {}, request.body
        if content is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
            if not isinstance(content, bytes):
                content = json.dumps(content, ensure_ascii=False).encode()
        auth = None if request.anonymous else httpx.BasicAuth(*(request.credentials or self._credentials))
        deadline = time.monotonic() + self._limits.timeout
        with self._http.stream(
            request.method,
            self.base_url + request.path,
            params=request.query or None,
            content=content,
            headers=headers,
            auth=auth,
        ) as response:
            return self._read(response, deadline)

    def _read(self, response: httpx.Response, deadline: float) -> Received:
        body = b""
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                return Received(response.status_code, response.headers, body[:LARGEST_ANSWER], too_large=True)
            if time.monotonic() > deadline:
                return Received(problem=f"not whole within {self._limits.timeout:g} s")
        return Received(response.status_code, response.headers, body)

    def _count_silence(self, received: Received) -> None:
        with self._lock:
            self._silences = self._silences + 1 if received.problem else 0
            if self._silences >= SILENCES_BEFORE_THE_END:
                raise ServerGone(f"the server did not answer {self._silences} times in a row: {received.problem}")


def is_loopback(url: str) -> bool:
    """Tell whether the address names this machine."""
    host = urlsplit(url).hostname or ""
    return host in _LOOPBACK or host.startswith("127.")
