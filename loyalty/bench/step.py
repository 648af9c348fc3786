"""`python -m loyalty.bench.step NAME [JSON]`: do one piece of the service's work in a process of its own.

So its time and memory are those of a worker that does nothing else. Prints one JSON object: seconds, megabytes that
the process held at its peak beyond what it held before, and what the work returned.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import django

Step = Callable[..., dict[str, Any]]


def order_codes(count: int) -> dict[str, Any]:
    """Order single-use codes for a promotion made for them."""
    from loyalty.core import actors, clock
    from loyalty.services import code_orders, promotions
    from promos.models import PromotionKind, PromotionTrigger

    actor = actors.system("bench")
    terms = {
        "name": "Bench", "kind": PromotionKind.FIXED.value, "trigger": PromotionTrigger.CODE.value,
        "value": Decimal(10), "starts_at": clock.now() - timedelta(days=1),
    }  # fmt: skip
    promotion = promotions.create_promotion(actor, terms, "bench")
    batch = code_orders.order_codes(
        actor, promotion.pk, count=count, prefix="", length=code_orders.USUAL_LENGTH, reason="bench"
    )
    return {"batch": batch.pk}


def make_codes() -> dict[str, Any]:
    """Do what the task of the worker does."""
    from loyalty.core import actors
    from loyalty.services import code_orders

    return {"made": code_orders.make_codes(actors.system("bench"))}


def staff_session() -> dict[str, Any]:
    """Make a marketer who is logged in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from loyalty.core import actors
    from loyalty.core.roles import Role
    from loyalty.services import staff

    user, _ = staff.create(actors.system("bench"), username="bench", role=Role.MARKETER.value)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"name": settings.SESSION_COOKIE_NAME, "key": session.session_key}


def import_numbers(path: str, mode: str) -> dict[str, Any]:
    """Upload a file of card numbers and work it off, as the page and the task do."""
    from cards.models import CardCategory, CardImport, CardSeries, ImportMode
    from loyalty.core import actors
    from loyalty.services import card_imports

    series = CardSeries.objects.get(issuing=True)
    made, _ = card_imports.start(
        actors.system("bench"), series_id=series.pk, category=CardCategory.VIRTUAL, mode=ImportMode(mode),
        file_name=Path(path).name, content=Path(path).read_bytes(), reason="bench",
    )  # fmt: skip
    card_imports.run_waiting()
    made = CardImport.objects.get(pk=made.pk)
    return {
        "status": str(made.status), "lines": made.total, "added": made.added, "refused": made.refused,
        "problem": made.problem,
    }  # fmt: skip


STEPS: dict[str, Step] = {each.__name__: each for each in (order_codes, make_codes, staff_session, import_numbers)}


def main(arguments: list[str]) -> None:
    """Run one step as the command line says."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.bench")
    django.setup()
    from loyalty.bench import measured

    step, given = STEPS[arguments[0]], json.loads(arguments[1]) if len(arguments) > 1 else {}
    held = measured.held_by(os.getpid())
    started = time.perf_counter()
    found = step(**given)
    seconds = time.perf_counter() - started
    grown = max(measured.peak_of(os.getpid()) - held, 0.0)
    sys.stdout.write(json.dumps({"seconds": seconds, "grown": grown, "found": found}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
