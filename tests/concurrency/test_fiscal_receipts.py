"""Scanned receipts under load: one award for a receipt, one credit for a sale, whoever comes at the same instant."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from cards import locks as card_locks
from cards.models import Card
from loyalty.core import clock
from loyalty.ledger.models import Operation
from loyalty.models import Purchase
from loyalty.selectors import scanned_receipts
from loyalty.services import fiscal_receipts, locks
from loyalty.services.purchases import Sale
from promos import fiscal_qr
from promos import fiscal_receipts as rows
from promos.errors import ReceiptSentBefore
from promos.fiscal_qr import ScannedReceipt
from promos.fiscal_receipts import Sender
from promos.models import CustomerGrant, FiscalReceipt, FiscalReceiptStatus, Promotion
from tests.concurrency.brake import brake
from tests.concurrency.threads import LONGEST, Meeting, _alone, race, wait_for_waiting
from tests.concurrency.worker import broker, send, until, worker
from tests.conftest import MOSCOW
from tests.factories import CardFactory
from tests.receipts.scanning import APP, WORKER, add, campaign, outcome, points, qr, receipt, scan, sell

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def accept(card: Card, code: str) -> Callable[[], int]:
    return lambda: fiscal_receipts.accept(APP, phone="", number=card.number, code=code)


def decide(sent: FiscalReceipt) -> Callable[[], bool]:
    return lambda: fiscal_receipts.decide(WORKER, sent.pk)


def buy(sale: Sale) -> Callable[[], Any]:
    return lambda: add(sale)


def failures(answers: list[Any]) -> list[str]:
    return sorted(type(each).__name__ for each in answers if isinstance(each, Exception))


def credited() -> int:
    return Operation.objects.filter(kind="accrual").count()


# The same receipt


def test_of_six_calls_with_one_receipt_one_is_accepted_whoever_sends_it() -> None:
    campaign()
    card, other, code = CardFactory(), CardFactory(), qr()
    answers = race(*(accept(each, code) for each in (card, other) * 3))
    assert failures(answers) == ["ReceiptSentBefore"] * 5
    fiscal_receipts.decide_waiting(WORKER)
    assert sorted([points(card)[1], points(other)[1]]) == [0, 100]


def test_who_waits_for_the_first_call_to_commit_is_refused() -> None:
    card, other, code = CardFactory(), CardFactory(), qr()
    scanned = fiscal_qr.read(code, MOSCOW)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            rows.accept(scanned, Sender(card.contact_id, card.pk, "client:app"), clock.now())
            second = pool.submit(_alone, accept(other, code), None)
            wait_for_waiting()
        assert isinstance(second.result(LONGEST), ReceiptSentBefore)


def accept_by_looking_first(scanned: ScannedReceipt, sender: Sender, now: Any) -> int | None:
    """What accepting would be without the unique key: look whether it is there, and if not, write it."""
    found = FiscalReceipt.objects.filter(document_number=scanned.document_number).exists()
    meet()
    if found:
        return None
    made = FiscalReceipt.objects.create(
        fiscal_drive=scanned.fiscal_drive, document_number=scanned.document_number, fiscal_sign=scanned.fiscal_sign,
        purchased_at=scanned.purchased_at, amount=scanned.amount, contact_id=sender.contact_id, card_id=sender.card_id,
        actor=sender.actor, received_at=now,
    )  # fmt: skip
    return int(made.pk)


def meet() -> None:
    """Replaced by a meeting of the racers."""


@pytest.mark.negative_control
def test_without_the_unique_key_one_receipt_is_awarded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign()
    card, code = CardFactory(), qr()
    monkeypatch.setitem(globals(), "meet", Meeting().after(meet))
    monkeypatch.setattr(rows, "accept", accept_by_looking_first)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE promos_fiscalreceipt DROP CONSTRAINT fiscal_receipt_once")
    try:
        assert failures(race(accept(card, code), accept(card, code))) == []
        fiscal_receipts.decide_waiting(WORKER)
        assert points(card)[1] == 200
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM promos_fiscalreceipt WHERE id = (SELECT max(id) FROM promos_fiscalreceipt)")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE promos_fiscalreceipt ADD CONSTRAINT fiscal_receipt_once"
                " UNIQUE (fiscal_drive, document_number, fiscal_sign)"
            )


# The same decision


def test_six_workers_decide_one_receipt_once() -> None:
    campaign()
    card = CardFactory()
    sent = scan(card)
    answers = race(*(decide(sent) for _ in range(6)))
    assert sorted(answers) == [False] * 5 + [True]
    assert points(card)[1] == 100


def test_two_sweeps_share_the_receipts_and_double_none() -> None:
    campaign(customer_count=5, total_count=12)
    cards = [CardFactory() for _ in range(4)]
    for card in cards:
        for _ in range(4):
            scan(card)
    answers = race(*(lambda: fiscal_receipts.decide_waiting(WORKER) for _ in range(3)))
    assert failures(answers) == []
    fiscal_receipts.decide_waiting(WORKER)
    found = FiscalReceipt.objects.values_list("status", flat=True)
    assert sorted(found) == ["credited"] * 12 + ["rejected"] * 4
    assert sum(points(card)[1] for card in cards) == 1200
    assert Promotion.objects.get().used == 12
    assert sum(CustomerGrant.objects.values_list("count", flat=True)) == 12


def look_without_locking(receipt_id: int) -> FiscalReceipt | None:
    return FiscalReceipt.objects.filter(pk=receipt_id, status=FiscalReceiptStatus.ACCEPTED).first()


@pytest.mark.negative_control
def test_without_the_receipts_lock_two_workers_decide_and_the_books_refuse_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The race is real: both decide. What is left are the keys of the books: one operation, but the counts are two."""
    campaign(total_count=5)
    card = CardFactory()
    sent = scan(card)
    monkeypatch.setattr(locks, "lock_receipt", Meeting().after(look_without_locking))
    assert race(decide(sent), decide(sent)) == [True, True]
    assert (credited(), Promotion.objects.get().used) == (1, 2)


# The till and the worker


def both(card: Card) -> tuple[list[Any], FiscalReceipt]:
    """The till adds the purchase at the instant at which the worker decides its receipt."""
    sent = scan(card)
    answers = race(decide(sent), buy(sell(card)))
    return answers, receipt(sent.pk)


def test_a_decision_and_the_tills_upload_at_the_same_instant_have_one_outcome() -> None:
    campaign()
    for _ in range(8):
        card = CardFactory()
        answers, found = both(card)
        assert failures(answers) == []
        assert outcome(found)[:2] in (("rejected", "already_credited"), ("reversed", "credited_at_till"))
        assert points(card) == (0, 1000, 0, 1000)


@pytest.mark.negative_control
def test_without_the_cards_lock_a_sale_is_credited_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker looks for a purchase and finds none; the till looks for a receipt and finds none; both give."""
    campaign()
    card = CardFactory()
    monkeypatch.setattr(card_locks, "lock_all_of", lambda contact_id: list(Card.objects.filter(contact_id=contact_id)))
    meeting = Meeting()
    monkeypatch.setattr(scanned_receipts, "same_sale", meeting.after(scanned_receipts.same_sale))
    from loyalty.services import purchases

    monkeypatch.setattr(purchases.receipts, "insert", meeting.after(purchases.receipts.insert))
    _, found = both(card)
    assert outcome(found) == ("credited", "", Decimal(100))
    assert points(card)[1] == 1100


def test_two_uploads_of_two_sales_take_one_receipt_back_once() -> None:
    campaign()
    card = CardFactory()
    sent = scan(card)
    decide(sent)()
    assert failures(race(buy(sell(card)), buy(sell(card)))) == []
    assert points(card)[1] == 2000
    assert Operation.objects.filter(kind="return").count() == 1


# The broker and the worker


@pytest.mark.worker
def test_a_worker_killed_among_the_receipts_loses_and_doubles_nothing(tmp_path: Any) -> None:
    campaign()
    cards = [CardFactory() for _ in range(10)]
    sent = [scan(card) for card in cards for _ in range(30)]
    middle, log = sent[len(sent) // 2], tmp_path / "worker.log"

    def waiting() -> int:
        return FiscalReceipt.objects.filter(status="accepted").count()

    with broker():
        with brake("promos_fiscalreceipt", f"NEW.id = {middle.pk}") as reached, worker(log) as first:
            send("loyalty.tasks.decide_fiscal_receipts")
            until(reached, log)
            first.kill()
        assert 0 < waiting() < len(sent)
        with worker(log):
            send("loyalty.tasks.decide_fiscal_receipts")
            until(lambda: waiting() == 0, log)
    assert credited() == len(sent)
    assert {points(card)[1] for card in cards} == {3000}


@pytest.mark.worker
def test_accepted_while_the_broker_is_down_and_decided_when_it_is_back(
    tmp_path: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from celery import Celery

    campaign()
    card = CardFactory()
    lost = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
    lost.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with monkeypatch.context() as down:
        down.setattr("loyalty.core.wake.current_app", lost)
        sent = scan(card)
    assert sent.status == "accepted"
    log = tmp_path / "worker.log"
    with broker(), worker(log):
        # What beat does every minute.
        send("loyalty.tasks.decide_fiscal_receipts")
        until(lambda: receipt(sent.pk).status != "accepted", log)
    assert outcome(receipt(sent.pk)) == ("credited", "", Decimal(100))
    assert Purchase.objects.count() == 0
