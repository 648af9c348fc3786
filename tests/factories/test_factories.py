import pytest

from cards.models import Card, CardStatus
from loyalty.models import Surface
from loyalty.selectors import cards
from loyalty.services import api_clients
from tests.factories import (
    SECRET,
    ApiClientFactory,
    CardFactory,
    CardSeriesFactory,
    ConsentFactory,
    ContactFactory,
    ReservationFactory,
    StandingFactory,
    StoreFactory,
    tier_named,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("traits", "status", "bound"),
    [
        ({}, CardStatus.ACTIVE, True),
        ({"new": True}, CardStatus.NEW, False),
        ({"issued": True}, CardStatus.ISSUED, False),
        ({"issued_bound": True}, CardStatus.ISSUED, True),
        ({"blocked": True}, CardStatus.BLOCKED, True),
        ({"for_good": True}, CardStatus.BLOCKED, True),
    ],
)
def test_a_card_stands_in_the_state_of_its_trait(traits, status, bound):
    card = Card.objects.get(pk=CardFactory(**traits).pk)
    assert (card.status, card.contact_id is not None) == (status, bound)
    assert cards.by_number(card.number).card == card


def test_the_holder_of_a_bound_card_is_enrolled_unless_told_otherwise():
    assert CardFactory().contact.standings.get().tier.name == "Base"
    assert not CardFactory(enrolled=False).contact.standings.exists()


def test_every_other_factory_makes_a_record_that_the_database_accepts():
    assert ContactFactory(new=True).status == "new"
    assert StandingFactory(tier=tier_named("Silver")).tier.rank == 2
    assert [ConsentFactory().pk, ReservationFactory().pk, StoreFactory().pk, CardSeriesFactory().pk]


def test_the_secret_of_a_credential_is_known():
    assert api_clients.matches(ApiClientFactory(), SECRET)
    assert ApiClientFactory(surface=Surface.KOSHELEK).role == ""
