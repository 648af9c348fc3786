"""Valkey for one machine: the broker of Celery, the cache and the rate limits, behind a socket of our own."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psutil

from config.embedded import places, processes
from config.embedded.accounts import Account
from config.embedded.binaries import valkey_server
from config.embedded.faults import CannotStart

_SOCKET = "valkey.sock"
_READY_SECONDS = 60.0
_LOG_BYTES = 10 * 1024 * 1024

# Queued wake-ups survive a stop (append-only file) and are never evicted to make room.
_CONFIGURATION = """# Written at every start.
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
pidfile {pid_file}
logfile {log}
daemonize no
databases 16
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class Valkey:
    """The Valkey of one DATA_DIR. Callers hold the start lock while they call `start` or `stop`."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "valkey"
        self.log = data_dir / "log" / "valkey.log"
        self._joined: psutil.Process | None = None

    def running(self) -> psutil.Process | None:
        """Return the server's process when it runs on this very data."""
        return processes.named_in(self.folder / "valkey.pid", self.folder, "valkey-server")

    def start(self) -> str:
        """Make sure that the server runs, and return its REDIS_URL."""
        ourselves = Account("", os.geteuid(), os.getegid(), switch=False)
        path = places.socket_folder(self.folder / "run", _SOCKET, ourselves) / _SOCKET
        launched = None
        if self.running() is None:
            # One whose pid file was never written, or was lost, holds the data still.
            processes.end(processes.working_in(self.folder, "valkey-server"), (signal.SIGTERM, 5.0))
            path.unlink(missing_ok=True)
            launched = self._launch(path)
        self._wait_ready(path, launched)
        self._joined = self.running()
        return f"unix://{quote(str(path))}?db=0"

    def stop(self, seconds: float = 4.0) -> None:
        """Stop the server; it writes its append-only file first."""
        # The one we joined is known even when somebody has deleted its folder.
        process = self.running() or self._joined
        if process is not None:
            processes.end([process], (signal.SIGTERM, seconds))

    def _launch(self, path: Path) -> subprocess.Popen[bytes]:
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > _LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
        configuration = self.folder / "valkey.conf"
        text = _CONFIGURATION.format(
            socket=_quoted(path),
            folder=_quoted(self.folder),
            pid_file=_quoted(self.folder / "valkey.pid"),
            log=_quoted(self.log),
        )
        places.write_private(configuration, text)
        with self._output().open("wb") as file:
            return subprocess.Popen(
                [str(valkey_server()), str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=self.folder,
                start_new_session=True,
            )

    def _output(self) -> Path:
        return self.log.with_name("valkey-start.log")

    def _wait_ready(self, path: Path, launched: subprocess.Popen[bytes] | None) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if answers(path):
                return
            if launched is not None and launched.poll() is not None:
                reason = places.last_reason(self._output(), "") or places.last_reason(self.log, f"see {self.log}")
                raise CannotStart(f"Valkey did not start: {reason}")
            time.sleep(0.01)
        raise CannotStart(f"Valkey is not ready after {_READY_SECONDS:.0f} s: see {self.log}")


def answers(path: Path) -> bool:
    """Return whether a server behind the socket `path` is up and has loaded its data."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _quoted(path: Path) -> str:
    """Return a path as a string of Valkey's configuration file."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
