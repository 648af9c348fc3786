"""A receipt that comes after a block, and bonuses captured while another customer's receipt is being recorded."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from cards.errors import CardStatusRefused
from cards.models import BlockRecord, Card, CardStatus
from loyalty.core import clock
from loyalty.core.errors import Busy
from loyalty.ledger import balances
from loyalty.models import Purchase
from loyalty.services import holders, holding, purchases, receipts
from loyalty.services.errors import HoldResolved
from loyalty.services.holding import HoldCall
from loyalty.services.replacement import replace_card
from tests.concurrency.conftest import TILL, sale
from tests.concurrency.test_blocking import CARD, OPERATOR, ROLE
from tests.concurrency.threads import Meeting, meanwhile, race, wait_for_waiting
from tests.factories import CardFactory
from tests.promos.marketing import live

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


# A block that commits while the receipt waits for the card


def sold_while_it_is_blocked(card: Card) -> Any:
    sold = sale(card, "late")
    with meanwhile(CARD, [card.pk], lambda: purchases.add_purchase(TILL, sold)) as answers:
        wait_for_waiting()
        Card.objects.filter(pk=card.pk).update(status=CardStatus.BLOCKED)
        BlockRecord.objects.create(
            card=card, blocking=True, reason_code=0, actor="olga", role="administrator", channel="admin",
            status_before=CardStatus.ACTIVE, status_after=CardStatus.BLOCKED, recorded_at=clock.now(),
        )  # fmt: skip
    return answers[0]


def test_a_receipt_from_before_a_block_that_it_waited_for_earns() -> None:
    assert sold_while_it_is_blocked(CardFactory()).accrued == 1000


@pytest.mark.negative_control
def test_without_a_second_look_it_would_be_refused_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "_is_doubtful", lambda find, row: row is None)
    assert isinstance(sold_while_it_is_blocked(CardFactory()), CardStatusRefused)


# A capture beside another customer's receipt of the same purchase


def held(card: Card) -> UUID:
    answer = holding.hold(TILL, HoldCall("R", card.number, "", sale(card, "R").amount, balances_of(card)))
    return UUID(answer["hold_id"])


def balances_of(card: Card) -> Any:
    assert card.contact_id is not None
    return balances.read(card.contact_id, clock.now()).available


def captured_beside_the_receipt(rich: Card) -> list[Any]:
    hold_id, other = held(rich), CardFactory()
    record = lambda: purchases.add_purchase(TILL, sale(other, "R"))  # noqa: E731
    answers = race(lambda: holding.capture(TILL, hold_id, None), record)
    # A Busy call is repeated by the till.
    return [record() if isinstance(each, Busy) else each for each in answers]


def test_a_capture_beside_anothers_receipt_pays_it_or_is_refused(rich: Card) -> None:
    capture, credited = captured_beside_the_receipt(rich)
    if isinstance(capture, HoldResolved):
        assert credited.paid == 0
        assert balances_of(rich) == 0, "still held, until the clock ends it"
    else:
        assert (capture["captured"], credited.paid) == ("100.00", 100)
        assert Purchase.objects.get(purchase_id="R").redemption_id is not None


@pytest.mark.negative_control
def test_without_the_holds_lock_captured_bonuses_would_pay_nothing(rich: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "_INSERT", receipts._INSERT.replace(" FOR NO KEY UPDATE", ""))
    meeting = Meeting()
    monkeypatch.setattr(receipts, "insert", meeting.after(receipts.insert))
    monkeypatch.setattr(receipts, "stored", meeting.after(receipts.stored))
    capture, credited = captured_beside_the_receipt(rich)
    assert (capture["captured"], credited.paid) == ("100.00", 0)
    assert Purchase.objects.get(purchase_id="R").redemption_id is None


# Two cards of one customer are two rows


def sold_with_the_old_card_and_the_new_one(monkeypatch: pytest.MonkeyPatch, patience: float) -> list[Any]:
    """A late receipt and one of now, neither of which has committed when the other asks whether it is the first."""
    live(first_purchase=True, kind="fixed", value=Decimal(50))
    card, new = CardFactory(), CardFactory(new=True)
    late = sale(card, "late")
    replace_card(OPERATOR, ROLE, number=card.number, new_number=new.number)
    now = sale(new, "now")
    monkeypatch.setattr(receipts, "insert", Meeting(patience=patience).after(receipts.insert))
    answers = race(lambda: purchases.add_purchase(TILL, late), lambda: purchases.add_purchase(TILL, now))
    return sorted(each.accrued for each in answers)


def test_an_old_card_and_the_new_one_have_one_first_purchase(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sold_with_the_old_card_and_the_new_one(monkeypatch, patience=0.5) == [1000, 1050]


@pytest.mark.negative_control
def test_were_the_other_card_left_unlocked_there_would_be_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders.card_locks, "lock_all_of", lambda contact_id: [])
    assert sold_with_the_old_card_and_the_new_one(monkeypatch, patience=10) == [1050, 1050]
