"""A whole service in processes of its own, as `make run` starts it, for tests that watch it live and die."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from config.embedded.processes import is_alive, wait_gone

CHECKOUT = Path(__file__).resolve().parents[2]
READY = "is ready"
# What the tests' own environment says must not reach a service that is to find its own servers.
_OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE", "DATA_DIR", "CLOCK_OFFSET")


def environment(data_dir: Path, **values: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {
        **kept,
        "DATA_DIR": str(data_dir),
        "DEMO": "0",
        "WEB_WORKERS": "1",
        "WORKER_CONCURRENCY": "1",
        **values,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def manage(data_dir: Path, *arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
    """Run one command of manage.py to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env=environment(data_dir, **values),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Service:
    """One `manage.py serve` in a process group of its own."""

    def __init__(self, data_dir: Path, **values: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.output = data_dir.with_suffix(".out")
        self.started = time.monotonic()
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=CHECKOUT,
                env=environment(data_dir, PORT=str(self.port), **values),
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def wait_ready(self, seconds: float = 60) -> float:
        """Wait for the banner and return the seconds since the start."""
        while READY not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() - self.started < seconds, self.output.read_text()
            time.sleep(0.05)
        return time.monotonic() - self.started

    def get(self, path: str) -> tuple[int, dict[str, object]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def processes(self) -> list[psutil.Process]:
        """Return the supervisor and everything below it, servers included."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def stop(self, times: int = 1) -> float:
        """Send SIGTERM to the process group, wait for the end, and return the seconds that it took."""
        began = time.monotonic()
        for _ in range(times):
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill everything, as a power cut would."""
        for process in self.processes():
            # Some end by themselves as soon as the supervisor is gone.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(5)


def alive(found: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that still live, zombies left out: some containers never bury them."""
    return [one for one in found if is_alive(one)]


def gone(found: list[psutil.Process]) -> bool:
    """Return whether all have ended; the kernel needs a moment to take a killed process away."""
    return wait_gone(found, 10.0) == []
