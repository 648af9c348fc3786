"""How the back office looks (django-unfold). What it shows is decided in loyalty.admin."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _


def _style(_request: HttpRequest) -> str:
    return str(static("back_office/style.css"))


def _icon(_request: HttpRequest) -> str:
    return str(static("back_office/icon.svg"))


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Loyalty back office"),
    "SITE_HEADER": _("Loyalty"),
    "SITE_SUBHEADER": _("Back office"),
    "SITE_SYMBOL": "loyalty",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SITE_URL": None,
    # The journal is the history; Django's own would show a part of it only.
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [_style],
    "DASHBOARD_CALLBACK": "loyalty.admin.dashboard.fill",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "loyalty.admin.menu.navigation",
    },
    "COLORS": {
        "primary": {
            "50": "oklch(97.7% .014 248)",
            "100": "oklch(94.3% .029 250)",
            "200": "oklch(88.8% .057 252)",
            "300": "oklch(81.0% .100 252)",
            "400": "oklch(71.0% .148 254)",
            "500": "oklch(62.0% .188 258)",
            "600": "oklch(54.5% .205 261)",
            "700": "oklch(48.5% .190 263)",
            "800": "oklch(42.0% .155 265)",
            "900": "oklch(37.5% .120 266)",
            "950": "oklch(28.0% .085 267)",
        }
    },
}
