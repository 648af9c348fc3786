"""The back office. Django's autodiscovery imports this package; each module registers its nouns on `site`."""

from loyalty.admin import (
    adjustments,
    api_clients,
    cards,
    consents,
    contacts,
    interactions,
    journal,
    ledger,
    limits,
    promotions,
    purchases,
    settings,
    staff,
    tiers,
    words,
)

words.apply()

__all__ = [
    "adjustments",
    "api_clients",
    "cards",
    "consents",
    "contacts",
    "interactions",
    "journal",
    "ledger",
    "limits",
    "promotions",
    "purchases",
    "settings",
    "staff",
    "tiers",
]
