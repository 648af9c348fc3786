"""Wake-up calls for durable work: the row is the work, the task only says that it is there."""

from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)


def wake(task: str, *args: Any) -> None:
    """After the commit send `task` by name. A stopped broker is logged, not raised: the beat sweep finds the row."""
    transaction.on_commit(partial(_send, task, args))


def _send(task: str, args: tuple[Any, ...]) -> None:
    try:
        current_app.send_task(task, args=args, retry=False, ignore_result=True)
    except Exception as error:
        log.warning("wake_up_lost", task=task, error=type(error).__name__)
