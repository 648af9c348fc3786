"""Two ways through one set of routes: pages pass all middleware, API calls only what an API call needs.

Sessions, languages, log-in, two-factor and messages serve people with browsers. A till pays for them on every
call and never uses them: measured, they cost as much as the call itself (docs/decisions).
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test.utils import override_settings

Answer = Iterable[bytes]


class ApiHandler(WSGIHandler):
    """Django's own handler with settings.API_MIDDLEWARE around the view."""

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain once, at the start of the process."""
        with override_settings(MIDDLEWARE=settings.API_MIDDLEWARE):
            super().load_middleware(is_async)


class Doors:
    """A WSGI application: chooses by the path; both handlers serve the same routes."""

    def __init__(self) -> None:
        self.pages, self.api = WSGIHandler(), ApiHandler()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Answer:
        handler = self.api if is_api_call(environ.get("PATH_INFO", "")) else self.pages
        answer: Answer = handler(environ, start_response)
        return answer


def is_api_call(path: str) -> bool:
    """Tell whether a path is a call by a program; the documentation of the API is for people."""
    return path.startswith(settings.API_PATHS) and not path.startswith(settings.API_PAGES)
