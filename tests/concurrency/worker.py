"""A real Celery worker in processes of its own, on the test's database and on a broker database of its own."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from celery import Celery
from django.conf import settings
from django.db import connection
from redis import Redis

from config.connections import celery_broker

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 60


def broker_url() -> str:
    """The run's Valkey, in a database that neither the cache nor another worker of pytest-xdist uses."""
    number = 8 + int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % 8
    url = settings.REDIS_URL
    return re.sub(r"db=\d+", f"db={number}", url) if "db=" in url else re.sub(r"/\d+$", f"/{number}", url)


def database_url() -> str:
    """The test's database, as a process outside the test finds it."""
    name = connection.settings_dict["NAME"]
    return urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}"))


class Worker:
    """One `celery ... worker` with its pool of child processes, in a process group of its own."""

    def __init__(self, log: Path, **environment: str) -> None:
        self.log = log
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--concurrency", "1", "-l", "INFO"]
        inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        mine = {"DATABASE_URL": database_url(), "REDIS_URL": broker_url()}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=inherited | mine | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL the whole tree at once: nobody says goodbye."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        """End it kindly, then not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.kill()


@contextlib.contextmanager
def worker(log: Path, **environment: str) -> Iterator[Worker]:
    """Start a worker; whatever happens, nothing of it is left."""
    started = Worker(log, **environment)
    try:
        yield started
    finally:
        started.stop()


@contextlib.contextmanager
def broker() -> Iterator[Redis]:
    """The broker's database, empty before and after."""
    with Redis.from_url(broker_url()) as redis:
        redis.flushdb()
        yield redis
        redis.flushdb()


def send(task: str) -> None:
    """Put a task into the queue of the test's workers."""
    app = Celery(broker=celery_broker(broker_url()))
    app.send_task(task, ignore_result=True)
    app.close()


def others_are_gone() -> bool:
    """Tell whether nobody else is connected to the test's database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return bool(cursor.fetchone()[0])


def until(condition: Callable[[], object], log: Path | None = None, seconds: float = LONGEST) -> None:
    """Wait for something to become true, looking often."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(log.read_text()[-4000:] if log else "it never came")
        time.sleep(0.02)
