"""Celery: the queue and the table of what beat does when."""

import os
import time
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, worker_init, worker_ready
from redis import Redis

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

app = Celery("loyalty")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["loyalty"])

HEARTBEAT_KEY = "loyalty:worker_heartbeat"
HEARTBEAT_SECONDS = 10

app.conf.beat_schedule = {
    "heartbeat": {
        "task": "config.celery.heartbeat",
        "schedule": HEARTBEAT_SECONDS,
        "options": {"expires": 2 * HEARTBEAT_SECONDS},
    },
    "roll-over-escrow": {
        "task": "loyalty.tasks.roll_over_escrow",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "assess-tiers": {
        "task": "loyalty.tasks.assess_tiers",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "expire-points": {
        "task": "loyalty.tasks.expire_points",
        "schedule": 600,
        "options": {"expires": 600},
    },
    "decide-fiscal-receipts": {
        "task": "loyalty.tasks.decide_fiscal_receipts",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "match-scanned-purchases": {
        "task": "loyalty.tasks.match_scanned_purchases",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "sweep-holds": {
        "task": "loyalty.tasks.sweep_holds",
        "schedule": 300,
        "options": {"expires": 300},
    },
    "import-card-numbers": {
        "task": "loyalty.tasks.import_card_numbers",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "watch-card-pool": {
        "task": "loyalty.tasks.watch_card_pool",
        "schedule": 300,
        "options": {"expires": 300},
    },
    "change-segments": {
        "task": "loyalty.tasks.change_segments",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "verify-ledger": {
        "task": "loyalty.tasks.verify_ledger",
        "schedule": crontab(hour=1, minute=30),
        "options": {"expires": 3600},
    },
    "make-promo-codes": {
        "task": "loyalty.tasks.make_promo_codes",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "delete-old-interactions": {
        "task": "loyalty.tasks.delete_old_interactions",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "delete-old-limit-uses": {
        "task": "loyalty.tasks.delete_old_limit_uses",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
}


@app.task(name="config.celery.heartbeat")
def heartbeat() -> None:
    """Tell /readyz that the whole way from beat over the broker to a worker is open."""
    _beat_heart()


def _beat_heart() -> None:
    from django.conf import settings

    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.set(HEARTBEAT_KEY, str(time.time()))


@worker_ready.connect
def _worker_ready(**_kwargs: Any) -> None:
    _beat_heart()


@worker_init.connect
@beat_init.connect
def _refuse_unsafe_start(**_kwargs: Any) -> None:
    from config.checks import refuse_unsafe_start

    refuse_unsafe_start()
