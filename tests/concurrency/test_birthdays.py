"""Two purchases at the same instant, on the birthday: the gift is given once."""

from datetime import date
from decimal import Decimal

import pytest

from cards.models import Card
from customers.models import Contact
from loyalty.core import clock
from loyalty.services import holders, receipts
from tests.concurrency.conftest import buy
from tests.concurrency.threads import Meeting, race
from tests.conftest import MOSCOW
from tests.factories import CardFactory
from tests.promos.marketing import live

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def sold_twice_at_once(monkeypatch: pytest.MonkeyPatch, patience: float) -> list[Decimal]:
    """Each has asked for the gifts of the year before the other commits, if the locks let it."""
    live(kind="fixed", value=Decimal(50), birthday_days=1)
    card: Card = CardFactory()
    today = clock.now().astimezone(MOSCOW).date()
    Contact.objects.filter(pk=card.contact_id).update(birth_date=date(1992, today.month, today.day))
    monkeypatch.setattr(receipts, "insert", Meeting(patience=patience).after(receipts.insert))
    return sorted(each.accrued for each in race(lambda: buy(card, "A"), lambda: buy(card, "B")))


def test_two_purchases_at_once_have_one_gift(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sold_twice_at_once(monkeypatch, patience=0.5) == [1000, 1050]


@pytest.mark.negative_control
def test_without_the_cards_lock_there_would_be_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "_LOCKED", "")
    assert sold_twice_at_once(monkeypatch, patience=10) == [1050, 1050]
