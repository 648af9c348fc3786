"""The web server as shipped, on the bench's database and a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.conf import settings

from loyalty.bench import measured

HOST = "127.0.0.1"
_READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running web server: its port, and the process that minds its workers."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        """Return the ids of the processes that answer calls."""
        return [child.pid for child in psutil.Process(self.pid).children()]


@contextmanager
def serve(database_url: str, workers: int, changes: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Start the shipped web server on a free port, give it, end it. `changes`: further variables of its environment."""
    port = _free_port()
    command = [sys.executable, "-m", "granian", *settings.WEB_SERVER_FLAGS]
    command += ["--host", HOST, "--port", str(port), "--workers", str(workers)]
    follower = [sys.executable, "-m", "loyalty.bench.follower", str(os.getpid())]
    log = Path(settings.DATA_DIR) / "log" / "bench-web.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.bench"} | dict(changes or {})
    environment["DATABASE_URL"] = database_url
    with log.open("ab") as output:
        server = subprocess.Popen(
            follower + command, env=environment, cwd=settings.BASE_DIR, stdout=output, stderr=output
        )
    try:
        _wait_ready(server, port, log)
        yield Server(port, server.pid)
    finally:
        measured.end(server)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_ready(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the web server did not start: see {log}")
