"""Where a call comes from: lock-outs, throttling and the journal go by it."""

import ipaddress
from typing import Any

from django.conf import settings


def address_of(request: Any) -> str:
    """Return the caller's address; behind a proxy (BEHIND_PROXY) the last one that the proxy adds.

    `request` is Django's or that of REST framework. What is not an address, like `unknown`, counts as none.
    """
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        if _is_address(forwarded):
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


def _is_address(text: str) -> bool:
    try:
        # A zone behind % may be of any length.
        return ipaddress.ip_address(text) is not None and "%" not in text
    except ValueError:
        return False
