"""System checks: what must not run in production, each with an id."""

import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks


@register(Tags.security)
def production_settings(app_configs: Any = None, **_kwargs: Any) -> Sequence[CheckMessage]:
    """Return an error for each setting that is unsafe in production (ENVIRONMENT=production)."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if settings.SECRET_KEY == settings.DEFAULT_SECRET_KEY or len(settings.SECRET_KEY) < 40:
        found.append(Error("SECRET_KEY is missing or too short.", hint="Set 50 random characters.", id="loyalty.E001"))
    if settings.DEBUG:
        found.append(Error("DEBUG is on.", hint="Unset DEBUG.", id="loyalty.E002"))
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS does not name the hosts.",
                hint="Set ALLOWED_HOSTS=loyalty.example.com (commas between several).",
                id="loyalty.E003",
            )
        )
    if settings.CLOCK_OFFSET:
        found.append(
            Error(
                "CLOCK_OFFSET shifts the clock.",
                hint="The test clock is not for production.",
                id="loyalty.E004",
            )
        )
    return found


def refuse_unsafe_start() -> None:
    """End the process with one line an error when the production settings are unsafe."""
    errors = [message for message in run_checks(tags=[Tags.security]) if message.is_serious()]
    if errors:
        for error in errors:
            sys.stderr.write(f"{error.id}: {error.msg} {error.hint or ''}\n")
        raise SystemExit(1)
