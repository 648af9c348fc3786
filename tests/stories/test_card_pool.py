"""A marketer fills the wallet's pool from a printer's file; customers empty it; an alert calls the marketer back."""

from datetime import date

import pytest

from cards.errors import CardNotReserved, PoolEmpty
from cards.models import Card, CardCategory, CardStatus, ImportMode, Reservation
from customers.models import Contact
from customers.services import PersonalData
from loyalty.core import actors
from loyalty.models import JournalEntry, Program
from loyalty.selectors.wallet import Search, find_card
from loyalty.services import cards, pool_watch, wallet
from tests.cards.files import bring, csv_of, outcome, spoilt, ten
from tests.conftest import MovingClock

pytestmark = pytest.mark.django_db
APP = actors.client("wallet", "", "koshelek")


def person(phone: str, *, sufficient: bool = True) -> PersonalData:
    more = {"first_name": "Anna", "surname": "Orlova", "birth_date": date(1990, 5, 17)} if sufficient else {}
    return PersonalData(phone=phone, **more)  # type: ignore[arg-type]


def found(phone: str) -> Card | None:
    return find_card(Search(phone=phone, email="", birth_date=None))


def alerts() -> list[str]:
    return list(JournalEntry.objects.filter(target="card_pool").order_by("pk").values_list("action", flat=True))


def test_a_pool_from_the_printers_file_to_the_last_number(story_clock: MovingClock) -> None:
    Program.objects.update(low_pool_alert=2)
    numbers = ten(count=4)

    # The printer's file has a wrong check digit. All or nothing: nothing, and the line is named.
    refused = bring(csv_of(*numbers[:3], spoilt(numbers[3])), ImportMode.ALL_OR_NOTHING)
    assert outcome(refused) == ("refused", 4, 0, 1)
    assert not Card.objects.exists()
    assert alerts() == ["card_pool.low"], "the pool is empty still"
    # The corrected file comes in.
    assert outcome(bring(csv_of(*numbers), ImportMode.ALL_OR_NOTHING)) == ("done", 4, 4, 0)
    assert alerts() == ["card_pool.low", "card_pool.filled"]

    # Anna takes an anonymous card, thinks for half an hour, and registers on it. She may send that twice.
    anna = wallet.reserve_number(APP)
    story_clock.forward(minutes=30)
    for _ in range(2):
        wallet.register_on_number(APP, anna.number, person("+79000000001"))
    assert found("+79000000001") == anna
    assert Card.objects.get(pk=anna.pk).status == CardStatus.ACTIVE

    # Boris gives his phone alone and gets a number in the answer, the same one each time he asks.
    boris = {wallet.issue_virtual(APP, person("+79000000002", sufficient=False)).number for _ in range(3)}
    assert len(boris) == 1
    assert found("+79000000002").status == CardStatus.ISSUED  # type: ignore[union-attr]

    # Vera reserves and forgets: after an hour the number is free again, and hers no more.
    vera = wallet.reserve_number(APP)
    pool_watch.look()
    assert alerts()[2:] == ["card_pool.low"]
    story_clock.forward(minutes=61)
    with pytest.raises(CardNotReserved):
        wallet.register_on_number(APP, vera.number, person("+79000000003"))
    pool_watch.look()
    assert alerts()[2:] == ["card_pool.low", "card_pool.filled"]

    # Two more take the last two; the next one is turned away, and the marketer is called at once.
    last = {wallet.reserve_number(APP).number for _ in range(2)}
    assert last == set(numbers) - {anna.number, *boris}
    with pytest.raises(PoolEmpty):
        wallet.reserve_number(APP)
    assert alerts()[-1] == "card_pool.low"
    # Who needs no reservation still gets a card: the series steps over what was imported.
    assert wallet.issue_virtual(APP, person("+79000000004")).number == ten(5, 1)[0]

    # New numbers are made: the alert is over.
    cards.create_card_pool(APP, count=5, category=CardCategory.VIRTUAL)
    assert alerts()[-1] == "card_pool.filled"
    assert wallet.reserve_number(APP).number == ten(6, 1)[0]
    assert (Contact.objects.count(), Card.objects.exclude(contact=None).count()) == (3, 3)
    assert Reservation.objects.filter(card__contact__isnull=False).count() == 0
