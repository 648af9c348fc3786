"""API credentials whose secret the test knows."""

import factory
from factory.django import DjangoModelFactory

from loyalty.core import clock
from loyalty.models import ApiClient, CashDeskRole, Surface
from loyalty.services import api_clients

SECRET = "secret-of-a-test-0123456789-abcdefghijklmno"
"""The secret of every credential that the factory makes."""


class ApiClientFactory(DjangoModelFactory):
    """A till's credential; `surface=Surface.KOSHELEK` and the others get no role by themselves."""

    class Meta:
        model = ApiClient

    surface = Surface.CASH_DESK
    login = factory.Sequence(lambda number: f"client-{number}")
    role = factory.LazyAttribute(lambda client: CashDeskRole.TILL if client.surface == Surface.CASH_DESK else "")
    secret_prefix = SECRET[: api_clients.PREFIX_LENGTH]
    secret_digest = api_clients.digest(SECRET)
    active = True
    created_at = factory.LazyFunction(clock.now)
