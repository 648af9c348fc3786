"""How long the service waits for a database that has vanished behind the network."""

import socket
import time

import psycopg
import pytest

from config.connections import database

_NOT_LIBPQ = {"server_side_binding", "prepare_threshold", "pool"}


def _parameters(url: str) -> dict[str, object]:
    entry = database(url, pool_size=1, lock_timeout_ms=100)
    named = {"host": entry["HOST"], "port": entry["PORT"], "user": entry["USER"], "dbname": entry["NAME"]}
    return named | {name: value for name, value in entry["OPTIONS"].items() if name not in _NOT_LIBPQ}


def test_a_server_that_accepts_and_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        url = f"postgresql://vera@127.0.0.1:{silent.getsockname()[1]}/loyalty"
        assert _parameters(url)["connect_timeout"] == 5
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(**_parameters(f"{url}?connect_timeout=2"))  # type: ignore[arg-type]
        assert time.monotonic() - began < 30, "what the address says goes before our own choice"


def test_a_connection_that_falls_silent_is_given_up_within_a_minute() -> None:
    told = psycopg.conninfo.conninfo_to_dict(
        psycopg.conninfo.make_conninfo("", **_parameters("postgresql://vera@db.example.com/loyalty"))  # type: ignore[arg-type]
    )
    assert int(told["tcp_user_timeout"] or 0) <= 60_000
    idle, every, times = (int(told[f"keepalives_{name}"] or 0) for name in ("idle", "interval", "count"))
    assert 0 < idle + every * times <= 60
