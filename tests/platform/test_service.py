"""The service as a whole: it starts, is joined, ends without a trace, and comes back after the worst."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.platform.service import CHECKOUT, READY, Service, alive, environment, gone, manage

pytestmark = pytest.mark.worker
Start = Callable[..., Service]
_REFUSED_ROW = """
from django.db import connection as c
cursor = c.cursor()
cursor.execute("CREATE TEMPORARY TABLE person (phone text UNIQUE)")
cursor.execute("INSERT INTO person SELECT unnest(ARRAY[%s, %s])", ["+79001112233"] * 2)
"""


def test_a_service_is_ready_joined_by_commands_and_ends_without_a_trace(place: Path, start: Start) -> None:
    service = start()
    service.wait_ready()
    status, body = service.get("/readyz")
    assert status == 200
    assert body["status"] == "ok"
    assert service.get("/healthz") == (200, {"status": "ok"})
    family = service.processes()
    lines = [" ".join(process.cmdline()) for process in family]
    assert any("celery" in line and " worker " in line for line in lines)

    joined = manage(place / "data", "shell", "-c", "from django.db import connection as c; c.ensure_connection()")
    assert joined.returncode == 0, joined.stderr
    assert alive(family) == family
    refused = manage(place / "data", "shell", "-c", _REFUSED_ROW)
    assert "+79001112233" in refused.stderr
    told = "".join(each.read_text() for each in (place / "data" / "postgres" / "log").iterdir())
    assert "duplicate key" in told
    assert "79001112233" not in told, "personal data do not enter the log of the database"

    taken = manage(place / "other", "serve", PORT=str(service.port))
    assert taken.returncode == 1
    assert str(service.port) in taken.stderr
    assert len(taken.stderr.strip().splitlines()) == 1
    again = manage(place / "data", "serve", PORT=str(service.port))
    assert again.returncode == 1
    assert str(service.port) in again.stderr

    assert service.stop() < 25
    assert service.process.returncode == 0
    assert gone(family)

    alone = manage(place / "data", "shell", "-c", "from loyalty.ledger.models import Operation as o; o.objects.count()")
    assert alone.returncode == 0, alone.stderr
    assert not (place / "data" / "postgres" / "data" / "postmaster.pid").exists()


def test_a_start_after_kill_9_recovers_although_another_process_has_the_old_number(start: Start) -> None:
    service = start()
    service.wait_ready()
    family = service.processes()
    service.kill()
    assert gone(family)
    pid_file = service.data_dir / "postgres" / "data" / "postmaster.pid"
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        _replace_first_line(pid_file, str(stranger.pid))
        _replace_first_line(service.data_dir / "valkey" / "valkey.pid", str(stranger.pid))
        second = start()
        second.wait_ready()
        assert stranger.poll() is None
    finally:
        stranger.kill()
    family = second.processes()
    second.process.kill()
    third = start()
    third.wait_ready()
    survivors = [process for process in alive(family) if process.name() not in {"postgres", "valkey-server"}]
    assert survivors == []
    assert third.stop() < 25
    assert gone(family)


def _replace_first_line(path: Path, line: str) -> None:
    _, _, rest = path.read_text().partition("\n") if path.exists() else ("", "", "")
    path.write_text(f"{line}\n{rest}")


def test_two_services_run_side_by_side_and_signals_that_come_twice_do_no_harm(start: Start) -> None:
    # The second name makes the path of a socket longer than the kernel allows.
    one, two = start("one"), start("two " + "x" * 90, CLOCK_OFFSET="P31D")
    for service in (one, two):
        service.wait_ready()
    assert one.get("/readyz")[1]["clock_offset"] is None
    assert two.get("/readyz")[1]["clock_offset"] == "P31D"
    assert "P31D" in two.output.read_text()
    families = one.processes() + two.processes()
    assert one.stop(times=2) < 25
    assert two.get("/readyz")[0] == 200
    two.process.send_signal(signal.SIGINT)
    assert two.stop(times=2) < 25
    assert gone(families)


def test_a_killed_worker_and_a_killed_server_are_started_again(start: Start) -> None:
    service = start()
    service.wait_ready()
    named = {process.name(): process for process in service.processes()}
    worker = next(p for p in service.processes() if " worker " in " ".join(p.cmdline()))
    worker.kill()
    named["valkey-server"].kill()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        text = service.output.read_text()
        if "worker ended" in text and "Valkey had ended" in text and service.get("/readyz")[0] == 200:
            break
        time.sleep(0.2)
    else:
        pytest.fail(service.output.read_text())
    assert service.stop() < 25


def test_a_service_whose_folder_was_deleted_still_ends_all_of_it(start: Start) -> None:
    service = start()
    service.wait_ready()
    family = service.processes()
    service.data_dir.rename(service.data_dir.with_name("moved"))
    assert service.stop() < 25
    assert gone(family)


def test_a_service_stopped_while_it_starts_leaves_nothing(start: Start) -> None:
    service = start()
    while not (service.data_dir / "postgres" / "data" / "postmaster.pid").exists():
        time.sleep(0.01)
    family = service.processes()
    assert service.stop() < 25
    assert gone(family)
    assert READY not in service.output.read_text()


def test_two_commands_at_once_do_not_stop_the_servers_under_each_other(place: Path) -> None:
    data = place / "data"
    manage(data, "migrate", "--verbosity=0")
    code = "import time; from django.db import connection as c; time.sleep({}); c.ensure_connection()"
    with_short = [manage_in_background(data, code.format(seconds)) for seconds in (0.1, 1.5)]
    assert [process.wait(30) for process in with_short] == [0, 0]
    assert not (data / "postgres" / "data" / "postmaster.pid").exists()
    assert [p for p in psutil.process_iter(["cwd"]) if str(data) in (p.info["cwd"] or "")] == []


def manage_in_background(data: Path, code: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "shell", "-c", code]
    return subprocess.Popen(command, cwd=CHECKOUT, env=environment(data))
