"""Logs go to stderr, one event a line; personal data and secrets are masked before they get there."""

import re
from typing import Any

import structlog

_PHONE = re.compile(r"(?<![\w.])(\+?\d{2})\d{6,10}(\d{2})(?![\w.])")
_EMAIL = re.compile(r"([^\s@\"'<>]{1,2})[^\s@\"'<>]*@")
_SECRET_NAMES = ("secret", "password", "passwd", "authorization", "token")


def mask(text: str) -> str:
    """Return `text` with phones, card numbers and e-mail addresses made unreadable."""
    return _EMAIL.sub(r"\1***@", _PHONE.sub(r"\1***\2", text))


def _mask_event(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    for name, value in event.items():
        if any(word in name.lower() for word in _SECRET_NAMES):
            event[name] = "***"
        elif isinstance(value, str) and name not in ("timestamp", "level"):
            event[name] = mask(value)
    return event


def configure(level: str, *, json: bool) -> dict[str, Any]:
    """Set up structlog and return Django's LOGGING: readable lines, or JSON for a log collector."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "plain": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": renderer,
                "foreign_pre_chain": [
                    *shared[:3],
                    structlog.stdlib.PositionalArgumentsFormatter(),
                    *shared[3:],
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.request": {"level": "ERROR"},
            "axes": {"level": "WARNING"},
        },
    }
