"""The back office. Django's autodiscovery imports this package; each module registers its nouns on `site`."""

from loyalty.admin import (
    api_clients,
    audiences,
    cards,
    consents,
    contacts,
    interactions,
    journal,
    ledger,
    limits,
    promotions,
    purchases,
    segments,
    settings,
    staff,
    tiers,
    words,
)

words.apply()

__all__ = [
    "api_clients",
    "audiences",
    "cards",
    "consents",
    "contacts",
    "interactions",
    "journal",
    "ledger",
    "limits",
    "promotions",
    "purchases",
    "segments",
    "settings",
    "staff",
    "tiers",
]
