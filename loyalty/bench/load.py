"""`python -m loyalty.bench.load`: calls over keep-alive connections, as fast as they are answered.

A process of its own, so that it does not share an interpreter with what is measured. It reads one JSON object
from stdin (address, connections, seconds, requests as text) and writes one to stdout (done, failed, seconds,
latencies in milliseconds). COUNTER in a request becomes a number that no other request of the run carries.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

COUNTER = "@COUNTER@"
_HEAD_END = b"\r\n\r\n"
_SILENCE_SECONDS = 60.0


@dataclass(slots=True)
class Line:
    """One connection and what has come back on it so far."""

    socket: socket.socket
    sent_at: float = 0.0
    received: bytes = b""


@dataclass(slots=True)
class Load:
    """A run: every connection sends its next request as soon as it has an answer."""

    requests: list[bytes]
    counter: int
    done: int = 0
    failed: int = 0
    first_failure: str = ""
    latencies: list[float] = field(default_factory=list)

    def run(self, address: tuple[str, int], connections: int, seconds: float) -> float:
        """Send for `seconds`, or until the first answer; return how long it took until the last one was counted."""
        selector = selectors.DefaultSelector()
        started = time.perf_counter()
        ends = started + seconds
        lines = [Line(socket.create_connection(address, timeout=_SILENCE_SECONDS)) for _ in range(connections)]
        for line in lines:
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(line.socket, selectors.EVENT_READ, line)
            self._send(line)
        now = started
        # On a busy machine a batch may take longer than the whole run was meant to.
        while now < ends or not self.done:
            ready = selector.select(_SILENCE_SECONDS)
            if not ready:
                raise TimeoutError("the server answers no more")
            for key, _ in ready:
                self._read(key.data)
            now = time.perf_counter()
        for line in lines:
            line.socket.close()
        return now - started

    def _send(self, line: Line) -> None:
        request = self.requests[self.counter % len(self.requests)]
        self.counter += 1
        line.sent_at = time.perf_counter()
        line.socket.sendall(request.replace(COUNTER.encode(), b"%09d" % self.counter))

    def _read(self, line: Line) -> None:
        data = line.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection")
        line.received += data
        head, found, body = line.received.partition(_HEAD_END)
        if not found or len(body) < _length(head):
            return
        self.latencies.append((time.perf_counter() - line.sent_at) * 1000)
        self.done += 1
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")) or b'"Status":false' in body:
            self.failed += 1
            self.first_failure = self.first_failure or line.received[:400].decode(errors="replace")
        line.received = b""
        self._send(line)


def _length(head: bytes) -> int:
    lowered = head.lower()
    place = lowered.find(b"content-length:")
    if place < 0:
        raise ValueError("an answer without a length")
    return int(lowered[place + 15 :].split(b"\r\n", 1)[0])


def main() -> None:
    """Run one load as stdin says."""
    order: dict[str, Any] = json.load(sys.stdin)
    load = Load([text.encode() for text in order["requests"]], order["counter"])
    seconds = load.run((order["host"], order["port"]), order["connections"], order["seconds"])
    json.dump(
        {
            "done": load.done,
            "failed": load.failed,
            "first_failure": load.first_failure,
            "counter": load.counter,
            "seconds": seconds,
            "latencies": sorted(load.latencies),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
