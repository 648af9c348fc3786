"""`manage.py bench` measures everything and leaves nothing behind; how fast it is, is not tested."""

import json
import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from django.conf import settings

from loyalty.bench.databases import PREFIX

# Both tests look at all databases of the bench: one after the other, in one worker.
pytestmark = pytest.mark.xdist_group("bench")

COMMAND = [sys.executable, str(settings.BASE_DIR / "manage.py"), "bench", "--quick"]


def environment():
    return os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.base"}


def heed_interrupts():
    """A shell that runs this in the background ignores Ctrl-C, and a child would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def databases():
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return {name for (name,) in rows.fetchall()}


@pytest.fixture
def leftover():
    """A database of a run that was killed: nobody holds its lock."""
    name = f"{PREFIX}1"
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return name


def test_it_measures_every_kind_of_work_and_drops_its_database_and_those_of_killed_runs(leftover):
    done = subprocess.run(
        [*COMMAND, "--json"], env=environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    names = [each["name"] for each in found["comparisons"]]
    assert names[:4] == ["accrual", "spend", "balance read", "rollover"]
    assert {"GET card/balance", "GET v1/card", "POST purchase/add"} <= set(names)
    assert {"POST purchase/quote", "POST purchase/batch of 500, purchases"} <= set(names)
    assert all(each["ratio"] is None or each["ratio"] > 0 for each in found["comparisons"])
    assert all(each["ours"] > 0 for each in found["comparisons"])
    assert found["broken_laws"] == []
    assert databases() == set()


@pytest.mark.parametrize(("what", "number"), [("speed", signal.SIGINT), ("books", signal.SIGTERM)])
def test_an_interrupted_run_drops_its_database(what, number):
    # Not the quick run: that one may end by itself before it is interrupted.
    running = subprocess.Popen(
        [*COMMAND[:-1], what, "--no-http"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - no threads run here yet
    )
    deadline = time.monotonic() + 60
    while not databases() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    # In the middle of the work, not of the one statement that makes the database.
    time.sleep(1.5)
    running.send_signal(number)
    output, _ = running.communicate(timeout=180)
    assert databases() == set(), output
    assert running.returncode != 0, output
