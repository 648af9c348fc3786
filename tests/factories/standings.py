"""Standings of contacts in the default tiers."""

import factory
from factory.django import DjangoModelFactory

from loyalty.core import clock
from tests.factories.customers import ContactFactory
from tiers.models import Standing, StandingReason, Tier


def tier_named(name: str) -> Tier:
    """Return one of the retailer's tiers: Unenrolled, Base, Silver, Gold."""
    return Tier.objects.get(name=name)


class StandingFactory(DjangoModelFactory):
    """An open standing in the Base tier; `tier=tier_named("Silver")` for another."""

    class Meta:
        model = Standing

    contact = factory.SubFactory(ContactFactory)
    tier = factory.LazyFunction(lambda: tier_named("Base"))
    entered_at = factory.LazyFunction(clock.now)
    reason = StandingReason.ENROLLED
