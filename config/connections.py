"""From DATABASE_URL and REDIS_URL to what Django and Celery take."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

_SILENCE = {
    # A server that vanished behind the network says nothing: without these a call waits for a quarter of an hour, and
    # an idle connection for two hours. A local socket ignores them, and a server that stands still acknowledges what it
    # gets and answers nothing: config/database ends the wait for that.
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def database(url: str, *, pool_size: int, lock_timeout_ms: int, pooled: bool = True) -> dict[str, Any]:
    """Return Django's DATABASES entry for a `postgresql://` URL; a `host` parameter may be a socket directory.

    Parameters are bound by the server and statements prepared, and connections live for minutes only: both measured,
    see docs/decisions.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    entry: dict[str, Any] = {
        "ENGINE": "config.database",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {
            **_SILENCE,
            **query,
            "server_side_binding": True,
            "prepare_threshold": 3,
            "application_name": "loyalty",
            "options": f"-c lock_timeout={lock_timeout_ms} -c TimeZone=UTC",
        },
    }
    if pooled:
        entry["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pool_size, "max_lifetime": 300, "timeout": 3}
    return entry


def celery_broker(url: str) -> str:
    """Return the broker URL Celery understands: its word for a socket differs from the client library's."""
    if url.startswith("unix://"):
        parts = urlsplit(url)
        number = dict(parse_qsl(parts.query)).get("db", "0")
        return f"redis+socket://{unquote(parts.path)}?virtual_host={number}"
    return url
