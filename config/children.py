"""The processes of the service: started in sessions of their own, watched, and ended within a bound.

In sessions of their own, because the supervisor alone decides in which order they stop: a signal to the whole
process group (Ctrl-C in a terminal) must not take the broker away under a task.
"""

import contextlib
import ctypes
import logging.handlers
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

_LOG_BYTES = 10 * 1024 * 1024
_LONGEST_LINE = 64 * 1024
_PARENT_DEATH_SIGNAL = 1
_TROUBLE = re.compile(
    rb"\b(ERROR|CRITICAL|FATAL)\b|\[(error|critical) *\]|\"level\": ?\"(error|critical)\""
    rb"|^Traceback |^\S*(Error|Exception): "
)
# Lives shorter than this count as dying at once.
SHORT_LIFE_SECONDS = 10.0
_LONGEST_PAUSE = 10.0

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Ask the kernel for SIGTERM when the supervisor is killed. Runs between fork and exec."""
    if _libc is not None:
        _libc.prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def say(line: str, to_errors: bool = False) -> None:
    """Print one line; a terminal that is gone must not stop an orderly end."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr if to_errors else sys.stdout, flush=True)


@dataclass
class Child:
    """One process of the service, started again when it dies."""

    name: str
    command: list[str]
    log_file: Path
    stop_seconds: float
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    resume_at: float = 0.0
    short_lives: int = 0
    echo_all: bool = False
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=50))
    _partial: bytes = b""
    _log: logging.handlers.RotatingFileHandler | None = None

    def start(self, environment: dict[str, str], folder: Path, selector: selectors.BaseSelector) -> None:
        """Start the process; its output goes to the log file through `selector`."""
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - the supervisor has no threads
        )
        self.started_at = time.monotonic()
        assert self.process.stdout is not None  # noqa: S101 - because of stdout=PIPE
        os.set_blocking(self.process.stdout.fileno(), False)
        selector.register(self.process.stdout, selectors.EVENT_READ, self)

    def read(self, selector: selectors.BaseSelector) -> None:
        """Take what the process has written; forget the pipe when its last writer has closed it."""
        if self.process is None or self.process.stdout is None:
            return
        pipe = self.process.stdout
        try:
            data = os.read(pipe.fileno(), 1 << 16)
        except BlockingIOError:
            return
        if not data:
            selector.unregister(pipe)
            pipe.close()
            self.process.stdout = None
        *lines, self._partial = (self._partial + data).split(b"\n")
        if not data or len(self._partial) > _LONGEST_LINE:
            lines, self._partial = [*lines, self._partial], b""
        for line in lines:
            if line.strip():
                self._take(line)

    def _take(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        self.last_lines.append(text)
        if self._log is None:
            self._log = logging.handlers.RotatingFileHandler(
                self.log_file, maxBytes=_LOG_BYTES, backupCount=3, encoding="utf-8"
            )
            logging.raiseExceptions = False
        self._log.emit(logging.makeLogRecord({"msg": text}))
        if self.echo_all:
            say(text)
        elif _TROUBLE.search(line):
            say(f"{self.name}: {text}", to_errors=True)

    def has_died(self) -> bool:
        """Return whether the process has ended, and end what it left behind: it may hold the port."""
        if self.process is None or self.process.poll() is None:
            return False
        self._kill_group()
        return True

    def note_death(self) -> None:
        """Count a short life and choose the pause before the next start."""
        life = time.monotonic() - self.started_at
        self.short_lives = self.short_lives + 1 if life < SHORT_LIFE_SECONDS else 1
        self.resume_at = time.monotonic() + min(0.25 * 2**self.short_lives, _LONGEST_PAUSE)

    def reason(self) -> str:
        """Return the line in which the process most likely says why it died."""
        said = [line for line in self.last_lines if _TROUBLE.search(line.encode())]
        lines = said or list(self.last_lines)
        return lines[-1].strip() if lines else f"see {self.log_file}"

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process itself; it tells its own workers."""
        if self.process is not None and self.is_running():
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
        self._kill_group()

    def _kill_group(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
