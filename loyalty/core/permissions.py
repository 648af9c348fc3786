"""Deny by default: a view that declares nothing is closed (a test walks the routes)."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Denied(BasePermission):
    """Refuse everyone."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False
