"""Cards in each state of specs/cash_desk.md, with real numbers of the default series."""

from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from cards import numbers
from cards.models import Card, CardCategory, CardSeries, CardStatus, CheckDigit, Reservation
from loyalty.core import clock
from tests.factories.customers import ContactFactory
from tests.factories.standings import StandingFactory

FIRST_SERIAL = 50_000_000
"""Serial numbers of factories start here, far from the next serial of the series."""


class CardSeriesFactory(DjangoModelFactory):
    """Another series beside the default one; it does not issue numbers."""

    class Meta:
        model = CardSeries

    name = factory.Sequence(lambda number: f"Series {number}")
    prefix = factory.Sequence(lambda number: f"3{number:03d}")
    length = 13
    check_digit = CheckDigit.EAN
    issuing = False


class CardFactory(DjangoModelFactory):
    """An Active card, bound to an Active, enrolled contact.

    Traits: `new`, `issued` (unbound), `issued_bound` (the holder's data do not suffice), `blocked`,
    `for_good` (blocked for replacement), `plastic`.
    """

    class Meta:
        model = Card
        skip_postgeneration_save = True

    class Params:
        new = factory.Trait(status=CardStatus.NEW, contact=None, bound_at=None, issued_at=None, activated_at=None)
        issued = factory.Trait(status=CardStatus.ISSUED, contact=None, bound_at=None, activated_at=None)
        issued_bound = factory.Trait(
            status=CardStatus.ISSUED,
            contact=factory.SubFactory(ContactFactory, insufficient=True),
            activated_at=None,
        )
        blocked = factory.Trait(status=CardStatus.BLOCKED)
        for_good = factory.Trait(status=CardStatus.BLOCKED, blocked_for_good=True)
        plastic = factory.Trait(category=CardCategory.PLASTIC)

    series = factory.LazyFunction(lambda: CardSeries.objects.get(issuing=True))
    number = factory.LazyAttributeSequence(
        lambda card, number: numbers.make_number(
            card.series.prefix, card.series.length, card.series.check_digit, FIRST_SERIAL + number
        )
    )
    category = CardCategory.VIRTUAL
    status = CardStatus.ACTIVE
    contact = factory.SubFactory(ContactFactory)
    created_at = factory.LazyFunction(clock.now)
    issued_at = factory.SelfAttribute("created_at")
    bound_at = factory.Maybe("contact", factory.SelfAttribute("created_at"), None)
    activated_at = factory.SelfAttribute("created_at")

    @factory.post_generation
    def enrolled(self, create: bool, extracted: bool | None, **_kwargs: object) -> None:
        """Enrol the holder in Base, as binding does; `enrolled=False` leaves it out."""
        wanted = extracted is not False and create and self.contact is not None
        if wanted and not self.contact.standings.exists():
            StandingFactory(contact=self.contact, entered_at=self.bound_at)


class ReservationFactory(DjangoModelFactory):
    """A New number, held for an hour."""

    class Meta:
        model = Reservation

    card = factory.SubFactory(CardFactory, new=True)
    reserved_at = factory.LazyFunction(clock.now)
    reserved_until = factory.LazyAttribute(lambda held: held.reserved_at + timedelta(hours=1))
    actor = "client:wallet"
