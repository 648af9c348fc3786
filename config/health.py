"""`/healthz` says that the process lives, `/readyz` that it can work: database, broker, worker.

Both answer without credentials and therefore name no host, no user and no text of an error.
"""

import datetime
import functools
import time
from collections.abc import Callable
from typing import Any

import isodate
import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import env
from config.database.patience import patience

# Written by the worker when it is ready and then every ten seconds: a unix time of the real clock.
HEARTBEAT_KEY = "loyalty:worker_heartbeat"
OLDEST_HEARTBEAT_SECONDS = 60
_BROKER_SECONDS = 1
_DATABASE_SECONDS = 1

Check = dict[str, Any]


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as this process serves requests."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, broker and worker do their work, 503 otherwise, and say which does not."""
    checks = {name: _checked(check) for name, check in _CHECKS.items()}
    is_ready = all(check["status"] == "ok" for check in checks.values())
    body = {"status": "ok" if is_ready else "unavailable", "checks": checks, "clock_offset": _clock_offset()}
    response = JsonResponse(body, status=200 if is_ready else 503)
    # Asked several times a second while the service starts: its "not yet" is an answer, not an error for the log.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _checked(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except Exception as error:
        return {"status": "unavailable", "error": type(error).__name__}


def _database() -> Check:
    try:
        with patience(_DATABASE_SECONDS), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        # A connection that was cut stays broken until it is closed; the next request gets a new one.
        connection.close()
        raise
    return {"status": "ok"}


def _broker() -> Check:
    _client().ping()
    return {"status": "ok"}


def _worker() -> Check:
    written = _client().get(HEARTBEAT_KEY)
    if written is None:
        return {"status": "unavailable", "age_seconds": None}
    age = max(0, round(time.time() - float(written)))
    return {"status": "ok" if age < OLDEST_HEARTBEAT_SECONDS else "unavailable", "age_seconds": age}


_CHECKS = {"database": _database, "broker": _broker, "worker": _worker}


@functools.cache
def _client() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=_BROKER_SECONDS,
        socket_connect_timeout=_BROKER_SECONDS,
        # Whoever asks asks again; a second try here would only keep the answer back.
        retry=Retry(NoBackoff(), 0),
    )


def _clock_offset() -> str | None:
    offset = env.duration("CLOCK_OFFSET", datetime.timedelta())
    return isodate.duration_isoformat(offset) if offset else None
