"""The back office. Django's autodiscovery imports this package; each module registers its nouns on `site`."""

from loyalty.admin import (
    adjustments,
    api_clients,
    card_imports,
    card_series,
    cards,
    code_batches,
    consents,
    contacts,
    interactions,
    journal,
    ledger,
    limits,
    promo_codes,
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
    "code_batches",
    "consents",
    "contacts",
    "interactions",
    "journal",
    "ledger",
    "limits",
    "promo_codes",
    "promotions",
    "purchases",
    "settings",
    "staff",
    "stores",
    "tiers",
]
