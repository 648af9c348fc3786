"""Records in a valid state for tests, made through plain models: no use case runs, no points move."""

from tests.factories.cards import CardFactory, CardSeriesFactory, ReservationFactory
from tests.factories.clients import SECRET, ApiClientFactory
from tests.factories.customers import ConsentFactory, ContactFactory
from tests.factories.shops import StoreFactory
from tests.factories.standings import StandingFactory, tier_named

__all__ = [
    "SECRET",
    "ApiClientFactory",
    "CardFactory",
    "CardSeriesFactory",
    "ConsentFactory",
    "ContactFactory",
    "ReservationFactory",
    "StandingFactory",
    "StoreFactory",
    "tier_named",
]
