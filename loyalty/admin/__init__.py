"""The back office. Django's autodiscovery imports this package; each module registers its nouns on `site`."""

from loyalty.admin import (
    adjustments,
    api_clients,
    card_imports,
    card_series,
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
    stores,
    tiers,
    words,
)

words.apply()

__all__ = [
    "adjustments",
    "api_clients",
    "card_imports",
    "card_series",
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
    "stores",
    "tiers",
]
