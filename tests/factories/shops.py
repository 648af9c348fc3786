"""Stores."""

import factory
from factory.django import DjangoModelFactory

from loyalty.core import clock
from loyalty.models import Store


class StoreFactory(DjangoModelFactory):
    class Meta:
        model = Store

    code = factory.Sequence(lambda number: f"S{number:04d}")
    name = factory.LazyAttribute(lambda store: f"Store {store.code}")
    created_at = factory.LazyFunction(clock.now)
