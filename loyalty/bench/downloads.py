"""Reading a large answer over HTTP as a caller does, piece by piece, and what the server's worker held meanwhile."""

import http.client
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from loyalty.bench import measured
from loyalty.bench.measured import Cost
from loyalty.bench.servers import HOST, Server

_PIECE = 64 * 1024
_SILENCE_SECONDS = 120.0


def download(
    server: Server, path: str, headers: Mapping[str, str], counted: bytes, form: Mapping[str, str] | None = None
) -> tuple[Cost, int]:
    """Read an answer to its end; return what it cost the one worker, and how often `counted` stood in it.

    With a form it is sent by POST. Raises RuntimeError for another status than 200.
    """
    (worker,) = server.workers()
    held = measured.held_by(worker)
    with measured.watching_server() as cost:
        started = time.perf_counter()
        found = _read(server.port, path, headers, counted, form)
        cost.seconds = time.perf_counter() - started
    cost.process = measured.peak_of(worker)
    cost.grown = max(cost.process - held, 0.0)
    return cost, found


def _read(port: int, path: str, headers: Mapping[str, str], counted: bytes, form: Mapping[str, str] | None) -> int:
    caller = http.client.HTTPConnection(HOST, port, timeout=_SILENCE_SECONDS)
    try:
        if form is None:
            caller.request("GET", path, headers=dict(headers))
        else:
            typed = {"Content-Type": "application/x-www-form-urlencoded"}
            caller.request("POST", path, urlencode(form), {**headers, **typed})
        answer = caller.getresponse()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path} answered {answer.status}: {answer.read(300)!r}")
        count, rest = 0, b""
        while piece := answer.read(_PIECE):
            text = rest + piece
            count += text.count(counted)
            # What may be the beginning of one more; a whole one is counted already and does not fit in it.
            rest = text[-(len(counted) - 1) :] if len(counted) > 1 else b""
        return count
    finally:
        caller.close()
