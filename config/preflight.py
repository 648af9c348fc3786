"""What is checked before the service starts, so that it fails at once and not in the middle."""

import errno
import socket

from config.embedded.faults import CannotStart, first_line

OLDEST_POSTGRESQL = 150000
_CONNECT_SECONDS = 5


def check_port(host: str, port: int) -> None:
    """Raise `CannotStart` when nobody can listen on `host`:`port`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            # Two sockets that were only bound do not collide with each other.
            probe.listen(1)
    except socket.gaierror:
        raise CannotStart(f"HOST {host} is not an address of this machine") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"port {port} on {host} is taken by another program: try `make run PORT={port + 1}`"
            ) from None
        raise CannotStart(f"cannot listen on {host} port {port}: {error.strerror}") from None


def check_database(url: str) -> None:
    """Raise `CannotStart` when the database behind `url` cannot be reached or is too old."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS) as connection:
            version = connection.info.server_version
    except (psycopg.Error, UnicodeError) as error:
        raise CannotStart(f"DATABASE_URL: {first_line(str(error), 'the database is unreachable')}") from None
    if version < OLDEST_POSTGRESQL:
        raise CannotStart(f"DATABASE_URL: PostgreSQL 15 or newer is needed, this server is {version // 10000}")


def check_broker(url: str) -> None:
    """Raise `CannotStart` when the Redis or Valkey behind `url` cannot be reached."""
    import redis

    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=_CONNECT_SECONDS, socket_timeout=_CONNECT_SECONDS
        ) as broker:
            broker.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise CannotStart(f"REDIS_URL: {first_line(str(error), 'the broker is unreachable')}") from None
