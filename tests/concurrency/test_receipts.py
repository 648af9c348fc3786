"""The same receipt from two tills, from a till that repeats itself, and with other content under the same id."""

import pytest

from cards.models import CardStatus
from loyalty.core.errors import OperationConflict
from loyalty.ledger.models import Lot, Operation
from loyalty.models import JournalEntry, Purchase, PurchaseLine, Store
from loyalty.services import holders, receipts
from tests.concurrency.conftest import TILL, buy, sale
from tests.concurrency.threads import Meeting, race
from tests.factories import CardFactory
from tiers.models import Standing

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_one_receipt_sent_four_times_at_once_counts_once_and_all_hear_the_same(rich):
    from loyalty.services import purchases

    once = sale(rich, "R", bonuses=30)
    answers = race(*(lambda: purchases.add_purchase(TILL, once) for _ in range(4)))
    assert len(set(answers)) == 1
    assert (answers[0].paid, answers[0].balance) == (30, 70)
    assert Purchase.objects.filter(purchase_id="R").count() == 1
    assert PurchaseLine.objects.filter(purchase__purchase_id="R").count() == 1
    assert Operation.objects.filter(cause="purchase:R").count() == 2
    assert JournalEntry.objects.filter(target="R").count() == 1


def test_one_id_with_other_content_is_refused_to_one_of_them(rich):
    answers = race(lambda: buy(rich, "R", amount=10), lambda: buy(rich, "R", amount=20))
    assert sorted(type(each).__name__ for each in answers) == ["Credited", "OperationConflict"]
    assert Operation.objects.filter(cause="purchase:R").count() == 1


def test_one_id_with_two_cards_is_refused_to_one_of_them_although_they_lock_different_rows(monkeypatch):
    first, second = CardFactory(), CardFactory()
    monkeypatch.setattr(holders, "lock_holder", Meeting().after(holders.lock_holder))
    answers = race(lambda: buy(first, "R"), lambda: buy(second, "R"))
    assert sorted(type(each).__name__ for each in answers) == ["Credited", "OperationConflict"]
    assert Purchase.objects.count() == 1
    assert Lot.objects.count() == 2


@pytest.mark.negative_control
def test_without_the_claim_on_the_id_the_receipt_would_count_twice(monkeypatch):
    """Only the UNIQUE behind the claim would be left; here it is gone too, and so is that of the ledger's key."""
    from dataclasses import replace
    from itertools import count

    first, second, numbers = CardFactory(), CardFactory(), count()
    monkeypatch.setattr(holders, "lock_holder", Meeting().after(holders.lock_holder))
    insert = receipts.insert

    def insert_without_the_claim(actor, given, *rest):
        sale = replace(given.sale, purchase_id=f"{given.sale.purchase_id}-{next(numbers)}")
        return insert(actor, replace(given, sale=sale), *rest)

    monkeypatch.setattr(receipts, "insert", insert_without_the_claim)
    monkeypatch.setattr("loyalty.services.purchases._fact", with_own_key(numbers))
    answers = race(lambda: buy(first, "R"), lambda: buy(second, "R"))
    assert [type(each).__name__ for each in answers] == ["Credited", "Credited"]
    assert Purchase.objects.count() == 2


def with_own_key(numbers):
    from dataclasses import replace

    from loyalty.services import purchases

    make = purchases._fact
    return lambda *given: replace(make(*given), key=f"own-{next(numbers)}")


def test_two_first_purchases_of_one_contact_enrol_it_once():
    card = CardFactory(enrolled=False)
    answers = race(*(lambda n=n: buy(card, f"R{n}") for n in range(4)))
    assert not [each for each in answers if isinstance(each, Exception)]
    assert Standing.objects.filter(contact=card.contact).count() == 1
    assert Lot.objects.filter(contact_id=card.contact_id).count() == 8


def test_two_enrolments_without_a_common_lock_make_one_standing():
    from loyalty.core import clock
    from tests.factories import ContactFactory
    from tests.ledger.books import MOSCOW
    from tiers import services as tiers

    for _ in range(20):
        contact = ContactFactory()
        answers = race(*(lambda each=contact: tiers.enrol(each.pk, clock.now(), MOSCOW) for _ in range(4)))
        assert sorted(answers) == [False, False, False, True]


def test_purchases_at_an_unknown_store_make_it_once():
    from dataclasses import replace

    from loyalty.services import purchases

    cards = [CardFactory() for _ in range(4)]
    answers = race(
        *(
            lambda n=n, card=card: purchases.add_purchase(TILL, replace(sale(card, f"R{n}"), store="new"))
            for n, card in enumerate(cards)
        )
    )
    assert not [each for each in answers if isinstance(each, Exception)]
    assert Store.objects.filter(code="new").count() == 1


def test_the_conflict_names_the_id(rich):
    buy(rich, "R", amount=10)
    with pytest.raises(OperationConflict) as refused:
        buy(rich, "R", amount=11)
    assert refused.value.data == {"key": "R"}
    assert rich.status == CardStatus.ACTIVE
