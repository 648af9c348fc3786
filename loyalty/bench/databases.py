"""A database of the bench's own on the same server: made, used, dropped; the live one is only connected to."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

PREFIX = "bench_loyalty_"
# An advisory lock of this class and the number in a database's name is held while its run lives.
_LOCK_CLASS = 0x62656E63
_LARGEST = 2**31


def url_of(name: str) -> str:
    """Return the DATABASE_URL of another database on the live one's server."""
    parts = urlsplit(settings.DATABASE_URL)
    return urlunsplit(parts._replace(path=f"/{name}"))


@contextmanager
def own_database(*, durable: bool = True) -> Iterator[str]:
    """Make an empty, migrated database, point Django at it, give its URL; drop it whatever happens.

    Unless `durable`, its commits do not wait for the disk: nothing in it has to survive.

    Databases left by runs that were killed are dropped first: the lock of a dead session is free.
    """
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as keeper:
        drop_leftovers(keeper)
        number = secrets.randbelow(_LARGEST)
        keeper.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK_CLASS, number])
        name = f"{PREFIX}{number}"
        try:
            keeper.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
            if not durable:
                keeper.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
            with _django_at(name):
                call_command("migrate", interactive=False, verbosity=0)
                yield url_of(name)
        finally:
            drop(keeper, name)


def drop_leftovers(keeper: psycopg.Connection[Any]) -> list[str]:
    """Drop the databases of runs that no longer live; return their names."""
    rows = keeper.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
    dropped = []
    for (name,) in rows.fetchall():
        number = name.removeprefix(PREFIX)
        if not number.isdecimal() or int(number) >= _LARGEST:
            continue
        row = keeper.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_CLASS, int(number)]).fetchone()
        if row and row[0]:
            drop(keeper, name)
            keeper.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_CLASS, int(number)])
            dropped.append(name)
    return dropped


def drop(keeper: psycopg.Connection[Any], name: str) -> None:
    keeper.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user", [name]
    )
    # Without FORCE: that stumbles over the server's own vacuum, whose process is not ours; a plain one sends it away.
    with suppress(psycopg.OperationalError):
        keeper.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


@contextmanager
def _django_at(name: str) -> Iterator[None]:
    """Let this process's Django work in the database `name` until the block ends."""
    live = connection.settings_dict["NAME"]
    _reconnect(name)
    try:
        yield
    finally:
        _reconnect(live)


def _reconnect(name: str) -> None:
    renew_connections()
    connection.settings_dict["NAME"] = name


def renew_connections() -> None:
    """Close this process's connections: the next statement opens a new one, with plans of its own."""
    connection.close()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()


def bare_connection(**changes: Any) -> psycopg.Connection[Any]:
    """Open a connection to Django's present database with Django's own parameters, past its pool."""
    entry = connection.settings_dict
    options = {key: value for key, value in entry["OPTIONS"].items() if key not in _NOT_FOR_PSYCOPG}
    opened: psycopg.Connection[Any] = psycopg.connect(
        dbname=entry["NAME"],
        user=entry["USER"] or None,
        password=entry["PASSWORD"] or None,
        host=entry["HOST"] or None,
        port=entry["PORT"] or None,
        autocommit=True,
        **{**options, **changes},
    )
    return opened


_NOT_FOR_PSYCOPG = frozenset({"pool", "server_side_binding", "assume_role", "isolation_level"})
