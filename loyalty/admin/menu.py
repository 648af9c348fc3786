"""The menu: what a role may open, grouped by what people come for."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from loyalty.admin import roles
from loyalty.admin.words import MODELS

_GROUPS: tuple[tuple[Any, tuple[tuple[str, str], ...]], ...] = (
    (
        _("Customers"),
        (
            ("customers.contact", "group"),
            ("cards.card", "credit_card"),
            ("loyalty.purchase", "receipt_long"),
            ("customers.consent", "mark_email_read"),
        ),
    ),
    (
        _("Points"),
        (
            ("ledger.bonusbalance", "account_balance_wallet"),
            ("ledger.operation", "menu_book"),
            ("ledger.lot", "stacks"),
            ("loyalty.adjustmentrequest", "published_with_changes"),
            ("tiers.standing", "military_tech"),
        ),
    ),
    (
        _("Programme"),
        (
            ("loyalty.program", "tune"),
            ("tiers.tier", "stairs"),
            ("cards.cardseries", "pin"),
            ("cards.cardimport", "upload_file"),
            ("loyalty.store", "storefront"),
            ("loyalty.limit", "speed"),
        ),
    ),
    (
        _("Marketing"),
        (
            ("promos.promotion", "campaign"),
            ("promos.promocode", "confirmation_number"),
            ("promos.codebatch", "inventory_2"),
            ("promos.audience", "groups"),
            ("promos.segment", "playlist_add_check"),
            ("promos.segmentchange", "upload_file"),
        ),
    ),
    (
        _("Administration"),
        (
            ("loyalty.journalentry", "history"),
            ("loyalty.interaction", "swap_horiz"),
            ("loyalty.jobrun", "progress_activity"),
            ("loyalty.apiclient", "key"),
            ("auth.user", "badge"),
        ),
    ),
)


# Pages beside the list of a model: whoever may open the list may open them.
_BESIDE: dict[str, tuple[Any, str, str]] = {
    "tiers.tier": (_("Year end"), "event_upcoming", "admin:tiers_tier_year_end"),
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the menu for this person, without what it may not open."""
    overview = {
        "title": "",
        "items": [{"title": _("Overview"), "icon": "space_dashboard", "link": reverse("admin:index")}],
    }
    return [overview, *(_group(request, title, entries) for title, entries in _GROUPS)]


def _group(request: HttpRequest, title: Any, entries: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    items = []
    for label, icon in entries:
        if roles.may(request.user, label):
            items.append(_item(label, icon))
            items += _beside(request, items[-1], label)
    return {"title": title, "separator": True, "items": items}


def _item(label: str, icon: str) -> dict[str, Any]:
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    return {"title": capfirst(MODELS[label][1]), "icon": icon, "link": address}


def _beside(request: HttpRequest, item: dict[str, Any], label: str) -> list[dict[str, Any]]:
    """Return the entry of the page beside a list. While it is open the list, whose address it continues, is not."""
    if label not in _BESIDE:
        return []
    title, icon, name = _BESIDE[label]
    address = reverse(name)
    if request.path == address:
        item["active"] = False
    return [{"title": title, "icon": icon, "link": address}]
