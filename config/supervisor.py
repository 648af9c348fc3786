"""`manage.py serve`: servers, migrations, then web, worker and beat, until a signal ends all in order."""

import contextlib
import datetime
import http.client
import json
import os
import selectors
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

from config import embedded, env, preflight
from config.children import Child, say
from config.embedded import locks, places, processes
from config.embedded.faults import CannotStart
from config.web import FLAGS

CHECKOUT = Path(__file__).resolve().parents[1]
# Names the DATA_DIR in the environment of every process of the service: a later start finds leftovers by it.
MARK = "LOYALTY_SERVICE"
_MOST_SHORT_LIVES = 5
_LATE_SECONDS = 60.0
_WATCH_SERVERS_SECONDS = 2.0


class _Stopped(BaseException):
    """A signal asked for the end while the servers were being started."""


@dataclass(frozen=True)
class Options:
    """What `serve` reads from the environment."""

    data_dir: Path
    host: str
    port: int
    web_workers: int
    worker_concurrency: int

    @classmethod
    def read(cls) -> "Options":
        env.flag("DEMO", True)
        env.duration("CLOCK_OFFSET", datetime.timedelta())
        return cls(
            data_dir=embedded.default_data_dir(),
            host=env.text("HOST", "127.0.0.1"),
            port=env.integer("PORT", 8000, 1, 65535),
            web_workers=env.integer("WEB_WORKERS", 2, 1, 256),
            worker_concurrency=env.integer("WORKER_CONCURRENCY", 2, 1, 256),
        )


class Supervisor:
    """Starts the service, keeps it running, and ends it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.selector = selectors.DefaultSelector()
        self.attachment: embedded.Attachment | None = None
        self.children: list[Child] = []
        self.stopping = False
        self._interruptible = False
        self._ready = False
        self._late_said = False
        self._servers_seen = time.monotonic()

    def run(self) -> int:
        """Run until a signal comes (exit code 0) or the service cannot go on (`CannotStart`)."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            self._start_servers()
            self._prepare()
            self._start_children()
            self._watch()
        except _Stopped:
            pass
        finally:
            self._interruptible = False
            self.stopping = True
            self._shut_down()
        return 0

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True
        if self._interruptible:
            self._interruptible = False
            raise _Stopped

    def _start_servers(self) -> None:
        self._interruptible = True
        data_dir = self.options.data_dir
        given_database, given_broker = env.text("DATABASE_URL"), env.text("REDIS_URL")
        if given_database:
            preflight.check_database(given_database)
        if given_broker:
            preflight.check_broker(given_broker)
        self.attachment = embedded.attach(data_dir)
        self._interruptible = False

    def _environment(self) -> dict[str, str]:
        mark = {MARK: str(self.options.data_dir), "PYTHONUNBUFFERED": "1"}
        return {**os.environ, **mark}

    def _log(self, name: str) -> Path:
        return self.options.data_dir / "log" / f"{name}.log"

    def _prepare(self) -> None:
        """Migrate, and fill an empty database with the demo retailer, in a process of its own."""
        command = [sys.executable, str(CHECKOUT / "manage.py"), "prepare_service"]
        child = Child("prepare", command, self._log("prepare"), stop_seconds=5.0, echo_all=True)
        self.children = [child]
        child.start(self._environment(), CHECKOUT, self.selector)
        while not child.has_died() and not self.stopping:
            self._pump(0.05)
        self._drain(child)
        if self.stopping:
            raise _Stopped
        self.children = []
        if child.process is not None and child.process.returncode != 0:
            raise CannotStart(f"the database could not be prepared: {child.reason()}")

    def _commands(self) -> list[Child]:
        options, python = self.options, sys.executable
        web = [python, "-m", "granian", "--host", options.host, "--port", str(options.port)]
        web += ["--workers", str(options.web_workers), *FLAGS]
        celery = [python, "-m", "celery", "-A", "config"]
        worker = [*celery, "worker", "--concurrency", str(options.worker_concurrency), "--loglevel", "INFO"]
        worker += ["--without-gossip", "--without-mingle", "--hostname", f"loyalty-{options.port}@%h"]
        schedule = options.data_dir / "beat-schedule"
        beat = [*celery, "beat", "--schedule", str(schedule), "--pidfile=", "--loglevel", "INFO"]
        return [
            Child("web", web, self._log("web"), stop_seconds=6.0),
            Child("beat", beat, self._log("beat"), stop_seconds=3.0),
            Child("worker", worker, self._log("worker"), stop_seconds=7.0),
        ]

    def _start_children(self) -> None:
        self.children = self._commands()
        for child in self.children:
            child.start(self._environment(), CHECKOUT, self.selector)

    def _watch(self) -> None:
        started_at = time.monotonic()
        next_probe = 0.0
        while not self.stopping:
            self._pump(0.05 if not self._ready else 0.5)
            for child in self.children:
                self._look_after(child)
            self._look_after_servers()
            now = time.monotonic()
            if not self._ready and now >= next_probe:
                self._probe(now - started_at)
                next_probe = time.monotonic() + 0.1

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.resume_at:
                child.start(self._environment(), CHECKOUT, self.selector)
        elif child.has_died() and not self.stopping:
            self._drain(child)
            child.note_death()
            code = child.process.returncode
            if child.short_lives >= _MOST_SHORT_LIVES:
                raise CannotStart(f"{child.name} dies at once, {child.short_lives} times now: {child.reason()}")
            say(f"{child.name} ended with code {code} and is started again: {child.reason()}", to_errors=True)
            child.process = None

    def _look_after_servers(self) -> None:
        """Start a server again that was killed under us; its data survive that."""
        if self.attachment is None or time.monotonic() - self._servers_seen < _WATCH_SERVERS_SECONDS:
            return
        for name in self.attachment.revive():
            say(f"{name} had ended and was started again", to_errors=True)
        self._servers_seen = time.monotonic()

    def _probe(self, waited: float) -> None:
        answer = _get_readiness(self.options)
        if answer == "ok":
            self._ready = True
            _print_banner(self.options)
        elif waited > _LATE_SECONDS and not self._late_said:
            self._late_said = True
            say(f"not ready after {_LATE_SECONDS:.0f} seconds: {answer}", to_errors=True)

    def _pump(self, seconds: float) -> None:
        if not self.selector.get_map():
            time.sleep(seconds)
        for key, _ in self.selector.select(seconds):
            key.data.read(self.selector)

    def _drain(self, child: Child) -> None:
        """Read the last words of a process that has ended."""
        deadline = time.monotonic() + 1.0
        while child.process is not None and child.process.stdout is not None and time.monotonic() < deadline:
            child.read(self.selector)

    def _shut_down(self) -> None:
        """End web, beat, worker, Valkey, PostgreSQL in this order, in 25 seconds at the most."""
        if self.children or self.attachment is not None:
            say("stopping ...", to_errors=True)
        for child in self.children:
            self._stop_child(child)
        if self.attachment is not None:
            self.attachment.stop()

    def _stop_child(self, child: Child) -> None:
        child.signal(signal.SIGTERM)
        deadline = time.monotonic() + child.stop_seconds
        while child.is_running() and time.monotonic() < deadline:
            self._pump(0.02)
        child.kill()


def serve(_arguments: list[str]) -> int:
    """Run the service in the foreground and return the exit code."""
    options = Options.read()
    with embedded.one_line():
        places.prepare(options.data_dir)
        lock = locks.FileLock(options.data_dir / "service.lock")
        if not lock.try_exclusive():
            raise CannotStart(_already_running(options))
        _end_leftovers(options.data_dir)
        preflight.check_port(options.host, options.port)
        lock.write(json.dumps({"pid": os.getpid(), "host": options.host, "port": options.port}))
        try:
            return Supervisor(options).run()
        finally:
            lock.write("")
            lock.release()


def _already_running(options: Options) -> str:
    where = ""
    with contextlib.suppress(OSError, ValueError, KeyError):
        note = json.loads((options.data_dir / "service.lock").read_text())
        where = f" (process {note['pid']}, port {note['port']} is taken by it)"
    return f"the service already runs on DATA_DIR {options.data_dir}{where}: choose another PORT and DATA_DIR"


def _end_leftovers(data_dir: Path) -> None:
    """End web, worker and beat of a supervisor that was killed; we hold its lock, so it is gone."""
    ancestors = {process.pid for process in psutil.Process().parents()}
    found = [child for child in processes.started_with(MARK, str(data_dir)) if child.pid not in ancestors]
    if found:
        say(f"ending {len(found)} processes left by a service that was killed", to_errors=True)
        processes.end(found, (signal.SIGTERM, 3.0))


def _reachable_host(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _get_readiness(options: Options) -> str:
    """Return "ok", or why the service is not ready yet."""
    connection = http.client.HTTPConnection(_reachable_host(options.host), options.port, timeout=2)
    allowed = [name.lstrip(".") for name in env.words("ALLOWED_HOSTS") if name != "*"]
    try:
        # Behind a proxy the service answers under its own names only, and to https only.
        headers = {
            "Host": allowed[0] if allowed else f"localhost:{options.port}",
            "X-Forwarded-Proto": "https",
        }
        connection.request("GET", "/readyz", headers=headers)
        answer = connection.getresponse()
        body = answer.read(4096).decode(errors="replace")
        return "ok" if answer.status == http.HTTPStatus.OK else f"/readyz answers {answer.status} {body[:400]}"
    except (OSError, http.client.HTTPException) as error:
        return f"/readyz does not answer: {error}"
    finally:
        connection.close()


def _print_banner(options: Options) -> None:
    host = _reachable_host(options.host)
    home = f"http://{f'[{host}]' if ':' in host else host}:{options.port}"
    lines = ["", "The loyalty platform is ready.", ""]
    lines += [
        f"  home        {home}/",
        f"  admin       {home}/admin/",
        f"  API         {home}/api/docs/",
        f"  health      {home}/healthz  {home}/readyz",
        f"  data        {options.data_dir}",
        f"  logs        {options.data_dir / 'log'}",
    ]
    if env.text("CLOCK_OFFSET"):
        lines.append(f"  test clock  now() is shifted by {env.text('CLOCK_OFFSET')}")
    credentials = options.data_dir / "demo_credentials.txt"
    with contextlib.suppress(OSError):
        lines += ["", *credentials.read_text().rstrip().splitlines()]
    say("\n".join([*lines, "", "Ctrl-C stops all of it and keeps the data.", ""]))
