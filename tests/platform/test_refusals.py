"""What cannot work says why in one line on stderr, exits non-zero, and shows no traceback."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.platform.service import manage


def refused(answer: subprocess.CompletedProcess[str], *words: str) -> None:
    assert answer.returncode not in (0, None)
    assert len(answer.stderr.strip().splitlines()) == 1, answer.stderr
    for word in words:
        assert word in answer.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "eighty"), ("PORT", "70000"), ("WEB_WORKERS", "0"), ("DEMO", "maybe")]
)
def test_a_value_that_is_none_is_named_with_its_variable(place: Path, name: str, value: str) -> None:
    refused(manage(place / "data", "serve", **{name: value}), name, value)


def test_an_unreachable_database_is_named_without_its_password(place: Path) -> None:
    url = "postgresql://somebody:hush@127.0.0.1:1/x"
    answer = manage(place / "data", "serve", DATABASE_URL=url)
    refused(answer, "DATABASE_URL")
    assert "hush" not in answer.stderr
    refused(manage(place / "data", "migrate", DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:1"), "port 1 ")


def test_an_unreachable_broker_is_named(place: Path) -> None:
    database = os.environ["DATABASE_URL"]
    refused(manage(place / "data", "serve", DATABASE_URL=database, REDIS_URL="redis://127.0.0.1:1"), "REDIS_URL")


def test_a_taken_port_is_named(place: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refused(manage(place / "data", "serve", PORT=port), port)


def test_a_data_dir_that_is_a_file_is_named(place: Path) -> None:
    (place / "data").write_text("")
    refused(manage(place / "data", "serve"), str(place / "data"))


def test_data_of_another_postgresql_are_left_alone(place: Path) -> None:
    assert manage(place / "data", "shell", "-c", "pass").returncode == 0
    version = place / "data" / "postgres" / "data" / "PG_VERSION"
    version.write_text("14\n")
    refused(manage(place / "data", "serve"), "PostgreSQL 14")


def test_a_folder_closed_to_the_servers_account_is_not_opened(place: Path) -> None:
    place.chmod(0o700)
    answer = manage(place / "data", "shell", "-c", "from django.db import connection as c; c.ensure_connection()")
    assert answer.returncode == 0, answer.stderr
    assert place.stat().st_mode & 0o777 == 0o700
    # Whoever runs these tests below a closed folder sees that the programs are copied as well.
    if os.geteuid() == 0:
        assert (place / "data" / "postgres").is_symlink()
        assert len(answer.stderr.strip().splitlines()) == 1
