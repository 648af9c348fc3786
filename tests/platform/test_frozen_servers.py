"""A server that stands still (SIGSTOP) keeps its sockets open and says nothing: nobody may wait for it for ever."""

import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from config.database.patience import ServerSilent, Watch, connection_class, patience
from tests.platform.service import Service

Start = Callable[..., Service]
CALL = "/api/card/balance/by/2990000000019"
BOUND = 40
"""The client's own timeout: far above what an answer takes, far below for ever."""


def ask(service: Service, path: str) -> tuple[int, dict[str, object]]:
    credentials = {"Authorization": "Basic dGlsbDpzZWNyZXQ="}
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", headers=credentials)
    try:
        with urllib.request.urlopen(request, timeout=BOUND) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@contextmanager
def frozen(service: Service, name: str) -> Iterator[None]:
    """Stop a server with all its sessions, and let it go on whatever happens."""
    root = next(process for process in service.processes() if process.name() == name)
    family = [root, *root.children(recursive=True)]
    # The first process first: it starts no new session once it stands.
    for process in family:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in family:
            if process.is_running():
                process.send_signal(signal.SIGCONT)


def wait_ready_again(service: Service) -> None:
    deadline = time.monotonic() + 60
    while ask(service, "/readyz")[0] != 200:
        assert time.monotonic() < deadline, service.output.read_text()
        time.sleep(0.2)


@pytest.mark.worker
def test_a_frozen_database_or_broker_makes_the_service_unready_and_holds_no_thread(start: Start) -> None:
    service = start()
    service.wait_ready()
    with frozen(service, "postgres"):
        status, body = ask(service, "/readyz")
        assert (status, body["status"]) == (503, "unavailable")
        checks = body["checks"]
        assert isinstance(checks, dict)
        assert checks["database"]["status"] == "unavailable"
        assert checks["broker"]["status"] == "ok"
        # Calls come all at once to the one thread; readiness is told behind them, too.
        answers: list[int] = []
        crowd = [threading.Thread(target=lambda: answers.append(ask(service, CALL)[0])) for _ in range(6)]
        for each in crowd:
            each.start()
        assert ask(service, "/readyz")[0] == 503
        for each in crowd:
            each.join()
        assert answers == [503] * 6, "a till is told to repeat, and keeps no thread"
        assert ask(service, "/healthz") == (200, {"status": "ok"})
    wait_ready_again(service)
    with frozen(service, "valkey-server"):
        status, body = ask(service, "/readyz")
        checks = body["checks"]
        assert isinstance(checks, dict)
        assert (status, checks["database"]["status"], checks["broker"]["status"]) == (503, "ok", "unavailable")
    wait_ready_again(service)
    assert service.stop() < 25


@pytest.fixture
def connected() -> Iterator[Callable[[Watch], psycopg.Connection[tuple[object, ...]]]]:
    """Open a connection to the database of the tests that asks a watch."""
    opened: list[psycopg.Connection[tuple[object, ...]]] = []

    def connect(watch: Watch) -> psycopg.Connection[tuple[object, ...]]:
        opened.append(connection_class(watch).connect(**connection.get_connection_params()))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


Connect = Callable[[Watch], psycopg.Connection[tuple[object, ...]]]


@pytest.mark.django_db
def test_a_long_statement_of_a_living_server_goes_on(connected: Connect) -> None:
    asked: list[int] = []
    patient = connected(Watch(lambda: asked.append(1)))
    with patience(0.05):
        assert patient.execute("SELECT 7 FROM pg_sleep(0.3)").fetchone() == (7,)
    assert len(asked) > 1, "a second connection was tried, and again"


def _silence() -> None:
    raise psycopg.errors.ConnectionTimeout("nobody answers")


def _refusal() -> None:
    raise psycopg.OperationalError("FATAL: too many clients already")


@pytest.mark.django_db
def test_a_wait_for_a_silent_server_ends_and_new_connections_are_refused_for_a_while(connected: Connect) -> None:
    watch = Watch(_silence)
    patient = connected(watch)
    with patience(0.05), pytest.raises(ServerSilent):
        patient.execute("SELECT pg_sleep(20)")
    assert patient.closed, "nobody knows what became of the statement"
    with pytest.raises(ServerSilent):
        watch.require_answering()


@pytest.mark.django_db
def test_a_server_that_refuses_the_second_connection_lives(connected: Connect) -> None:
    watch = Watch(_refusal)
    with patience(0.05):
        assert connected(watch).execute("SELECT 7 FROM pg_sleep(0.2)").fetchone() == (7,)
    watch.require_answering()
