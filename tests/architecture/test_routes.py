"""Deny by default: every route says who may call it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from loyalty.api.views import RoleAllowed, SurfaceView

OPEN = {
    "healthz": "a load balancer asks it",
    "readyz": "a load balancer asks it",
    "metrics": "counts only; a proxy keeps it inside",
    "api/schema/": "the API's description holds no data",
    "api/docs/": "the API's description holds no data",
    "offers/<str:name>": "pictures of offers are for everybody: they are shown in an app",
    "": "the front page holds no data",
}
GUARDED_ELSEWHERE = ("admin/", "static/", "i18n/")


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


def test_every_route_declares_who_may_call_it() -> None:
    undeclared = []
    for path, callback in routes(get_resolver()):
        view = getattr(callback, "cls", None)
        if path in OPEN or path.startswith(GUARDED_ELSEWHERE):
            continue
        declared = view is not None and issubclass(view, SurfaceView) and "roles" in _declared(view)
        if not (declared and RoleAllowed in view.permission_classes and view.authentication_classes):
            undeclared.append(path)
    assert undeclared == []


def _declared(view: type[APIView]) -> set[str]:
    return {name for each in view.__mro__ if each is not SurfaceView for name in vars(each)}


def test_a_view_that_declares_nothing_is_closed() -> None:
    class Forgotten(SurfaceView):
        pass

    class Anyone:
        role = "administrator"

    request = type("Request", (), {"user": Anyone()})()
    assert not RoleAllowed().has_permission(request, Forgotten())


@pytest.mark.parametrize("app_label", ["ledger", "customers", "cards", "tiers", "promos", "loyalty"])
def test_foreign_keys_point_down(app_label: str) -> None:
    from django.apps import apps

    order = ["ledger", "customers", "cards", "tiers", "promos", "loyalty"]
    for model in apps.get_app_config(app_label).get_models():
        for field in model._meta.get_fields():
            if field.many_to_one and field.concrete and field.related_model:
                target = field.related_model._meta.app_label
                if target in order:
                    assert order.index(target) <= order.index(app_label), f"{model.__name__}.{field.name}"
