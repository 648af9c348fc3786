"""What a process costs: time, its own memory at its peak, the memory of the database's sessions, temporary files."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import psutil
from django.conf import settings

from loyalty.bench import databases

_PROCESS_EVERY = 0.05
_SERVER_EVERY = 0.5
_STOP_SECONDS = 10.0
_MEGABYTE = 1024 * 1024


@dataclass(slots=True)
class Cost:
    """Seconds, and megabytes at the peak. `grown`: of `process`, what came with the work, where that was measured.

    `sessions`: PostgreSQL's processes without what they share; None if remote. `temporary`: megabytes that the
    database wrote into temporary files.
    """

    seconds: float = 0.0
    process: float = 0.0
    grown: float | None = None
    sessions: float | None = None
    temporary: float = 0.0
    output: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the figures, rounded as they are printed."""
        return {
            "seconds": round(self.seconds, 3),
            "process_mb": round(self.process, 1),
            "grown_by_mb": None if self.grown is None else round(self.grown, 1),
            "postgres_sessions_mb": None if self.sessions is None else round(self.sessions, 1),
            "temporary_files_mb": round(self.temporary, 1),
        }


def command(arguments: Sequence[str], url: str, *, seconds: float) -> Cost:
    """Run a Python program of ours to its end on the bench's database, and return what it cost.

    Raises RuntimeError when it fails or takes longer than `seconds`. It ends when we end.
    """
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.bench"}
    follower = [sys.executable, "-m", "loyalty.bench.follower", str(os.getpid())]
    with TemporaryFile("w+") as output, watching_server() as cost:
        started = time.perf_counter()
        running = subprocess.Popen(
            [*follower, sys.executable, *arguments],
            env=environment,
            cwd=settings.BASE_DIR,
            stdout=output,
            stderr=output,
        )
        try:
            cost.process = _follow(running, started + seconds)
        finally:
            end(running)
        cost.seconds = time.perf_counter() - started
        output.seek(0)
        cost.output = output.read()
    if running.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} ended with {running.returncode}: {cost.output.strip()[-400:]}")
    return cost


def step(name: str, url: str, *, seconds: float, **given: Any) -> tuple[Cost, dict[str, Any]]:
    """Run a step of `loyalty.bench.step` and return its cost, with what it grew by, and what it found."""
    cost = command(["-m", "loyalty.bench.step", name, json.dumps(given)], url, seconds=seconds)
    told = json.loads(cost.output.strip().splitlines()[-1])
    cost.seconds, cost.grown = told["seconds"], told["grown"]
    return cost, told["found"]


def held_by(pid: int) -> float:
    """Return the memory that a process holds now, in megabytes."""
    return float(psutil.Process(pid).memory_info().rss) / _MEGABYTE


def peak_of(pid: int) -> float:
    """Return the most memory that a process has ever held, in megabytes; where only Linux tells, what it holds now."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    with suppress(psutil.Error):
        return held_by(pid)
    return 0.0


def end(running: "subprocess.Popen[Any]") -> None:
    """End a process that we started, if it has not ended by itself."""
    if running.poll() is not None:
        return
    running.terminate()
    try:
        running.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()


@contextmanager
def watching_server() -> Iterator[Cost]:
    """Watch the sessions and temporary files of Django's present database; the yielded cost has them at the end."""
    cost, over = Cost(), threading.Event()
    with databases.bare_connection(application_name="bench watch") as watch:
        before = _temporary(watch)
        watcher = threading.Thread(target=_watch, args=(watch, cost, over), daemon=True)
        watcher.start()
        try:
            yield cost
        finally:
            over.set()
            watcher.join()
            # A session reports what it wrote when it is idle or ends.
            cost.temporary = (_temporary(watch) - before) / _MEGABYTE


def _follow(running: "subprocess.Popen[Any]", deadline: float) -> float:
    peak = 0.0
    while running.poll() is None:
        if time.perf_counter() > deadline:
            raise RuntimeError(f"{running.args!r} took too long")
        peak = max(peak, peak_of(running.pid))
        time.sleep(_PROCESS_EVERY)
    return peak


def _watch(watch: Any, cost: Cost, over: threading.Event) -> None:
    while not over.wait(_SERVER_EVERY):
        rows = watch.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
        private = [each for (pid,) in rows if (each := _private_of(pid)) is not None]
        if private:
            cost.sessions = max(cost.sessions or 0.0, sum(private))


def _private_of(pid: int) -> float | None:
    """Return the megabytes that are a server process's own, if it runs on this machine."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    if found.get("Name", "").strip() != "postgres" or "RssAnon" not in found:
        return None
    return int(found["RssAnon"].split()[0]) / 1024


def _temporary(watch: Any) -> int:
    time.sleep(_SERVER_EVERY)
    watch.execute("SELECT pg_stat_clear_snapshot()")
    row = watch.execute("SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()").fetchone()
    return int(row[0])
