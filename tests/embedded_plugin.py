"""Real PostgreSQL and real Valkey for the tests, without anything to set up.

The process that controls a run joins the PostgreSQL of `var/test` and starts a Valkey of its own; the workers
of pytest-xdist inherit the addresses. Several runs in one checkout share PostgreSQL and never a database:
each run has its own suffix, and what a killed run has left is removed by the next one.
"""

import atexit
import os
import shutil
import time
from pathlib import Path

from config import embedded
from config.embedded import locks, places
from config.embedded.valkey import Valkey

TEST_DATA = Path(__file__).resolve().parents[1] / "var" / "test"
SUFFIX = "TEST_DATABASE_SUFFIX"


def _start() -> None:
    """Give this run its servers and its suffix."""
    runs = TEST_DATA / "runs"
    places.prepare(TEST_DATA)
    runs.mkdir(mode=0o700, exist_ok=True)
    name = f"r{os.getpid()}x{int(time.time())}"
    folder, valkey = runs / name, None
    with locks.alone(TEST_DATA / "runs.lock"):
        lock = locks.FileLock(runs / f"{name}.lock")
        lock.exclude(5)
        if not os.environ.get("REDIS_URL"):
            places.prepare(folder)
            valkey = Valkey(folder)
            os.environ["REDIS_URL"] = valkey.start()
        embedded.attach(TEST_DATA, durable=False)
        os.environ[SUFFIX] = name
        _remove_dead_runs(runs, name)
    atexit.register(_finish, folder, lock, valkey)


def _finish(folder: Path, lock: locks.FileLock, valkey: Valkey | None) -> None:
    # The lock's file stays: from it the next run knows which databases may have been left.
    if valkey is not None:
        valkey.stop()
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()


def _remove_dead_runs(runs: Path, own_name: str) -> None:
    """Drop databases and end the Valkey of runs whose lock nobody holds any more."""
    for path in runs.glob("*.lock"):
        lock = locks.FileLock(path)
        if path.stem != own_name and lock.try_exclusive():
            Valkey(path.with_suffix("")).stop()
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            _drop_databases(f"test_loyalty_{path.stem}")
            path.unlink(missing_ok=True)
        lock.release()


def _drop_databases(prefix: str) -> None:
    import psycopg

    from loyalty.bench import databases

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE datname = %s OR starts_with(datname, %s)",
            [prefix, prefix + "_"],
        )
        for (name,) in rows.fetchall():
            databases.drop(connection, name)


if "PYTEST_XDIST_WORKER" not in os.environ:
    _start()
