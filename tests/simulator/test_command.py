"""`manage.py simulate` works beside the live data, and leaves nothing behind when it is stopped."""

import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from loyalty.bench.databases import PREFIX

# It looks at all databases of the bench, as the bench's own tests do: one after the other, in one worker.
pytestmark = pytest.mark.xdist_group("bench")
PATIENCE = 90


def databases() -> set[str]:
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return {name for (name,) in rows.fetchall()}


def test_stopped_in_the_middle_it_leaves_no_database_and_no_process(tmp_path) -> None:
    page, told = tmp_path / "page.html", tmp_path / "told.txt"
    command = [sys.executable, "manage.py", "simulate", "--members", "500", "--processes", "2", "--chart", str(page)]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.base"}
    with told.open("w") as output:
        running = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        _wait_until(lambda: "events" in told.read_text() or running.poll() is not None)
        assert len(databases()) == 1, told.read_text()
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 130
    assert databases() == set()
    _wait_until(lambda: not _lives(running.pid))
    assert not _lives(running.pid)
    assert not page.exists()


@pytest.mark.parametrize(
    "options", [["--members", "0"], ["--days", "9999"], ["--processes", "99"], ["--chart", "nowhere/at/all.html"]]
)
def test_it_says_at_once_what_cannot_be(options: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("simulate", *options)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until(true) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
