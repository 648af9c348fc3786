"""A stranger's receipt and the till's upload at the same instant: one reward, and nobody waits in a circle."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from cards import locks as card_locks
from customers import locks as customer_locks
from customers.models import Contact
from loyalty.ledger.models import Operation
from loyalty.models import Purchase
from loyalty.selectors import scanned_receipts
from loyalty.services import fiscal_receipts, locks, matching, receipts
from promos.models import FiscalReceipt, Promotion
from tests.concurrency.test_fiscal_receipts import buy, decide, failures
from tests.concurrency.threads import Meeting, race
from tests.factories import CardFactory
from tests.receipts.scanning import WORKER, add, campaign, decided, outcome, points, purchase, receipt, scan, sell

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def match(purchase_id: int) -> Callable[[], bool]:
    return lambda: matching.match(WORKER, purchase_id)


def sweep() -> None:
    fiscal_receipts.decide_waiting(WORKER)
    matching.match_waiting(WORKER)


# The decision and the upload


def test_a_decision_for_a_stranger_and_the_upload_at_the_same_instant_reward_the_sale_once() -> None:
    campaign()
    for _ in range(8):
        card, stranger = CardFactory(), CardFactory()
        sent = scan(stranger)
        assert failures(race(decide(sent), buy(sell(card)))) == []
        sweep()
        assert outcome(receipt(sent.pk))[:2] in (("rejected", "already_credited"), ("reversed", "credited_at_till"))
        assert (points(card), points(stranger)) == ((0, 1000, 0, 1000), (0, 0, 0, 0))
        # The next round is another sale.
        FiscalReceipt.objects.update(amount=1)
        Purchase.objects.update(amount=1, paid=0)


def both_look_before_the_other_commits(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """The worker has looked for a purchase, the till for a receipt; then both commit. Return what both earned."""
    campaign()
    card, stranger, meeting = CardFactory(), CardFactory(), Meeting()
    sent = scan(stranger)
    monkeypatch.setattr(scanned_receipts, "same_sale", meeting.after(scanned_receipts.same_sale))
    monkeypatch.setattr(receipts, "finish", meeting.after(receipts.finish))
    assert failures(race(decide(sent), buy(sell(card)))) == []
    monkeypatch.undo()
    sweep()
    return int(points(card)[1]), int(points(stranger)[1])


def test_what_neither_could_see_is_found_after_both(monkeypatch: pytest.MonkeyPatch) -> None:
    assert both_look_before_the_other_commits(monkeypatch) == (1000, 0)


@pytest.mark.negative_control
def test_were_only_credited_receipts_looked_for_both_would_be_rewarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "_FINISH", receipts._FINISH.replace("('accepted', 'credited')", "('credited')"))
    assert both_look_before_the_other_commits(monkeypatch) == (1000, 100)


# Workers


def marked() -> tuple[Purchase, FiscalReceipt]:
    campaign(total_count=5)
    card, found = CardFactory(), decided(CardFactory())
    sale = sell(card)
    add(sale)
    return purchase(sale), found


def test_six_workers_take_one_receipt_back_once() -> None:
    bought, found = marked()
    assert sorted(race(*(match(bought.pk) for _ in range(6)))) == [False] * 5 + [True]
    assert (receipt(found.pk).status, Promotion.objects.get().used) == ("reversed", 0)
    assert Operation.objects.filter(kind="return").count() == 1


@pytest.mark.negative_control
def test_without_the_locks_two_workers_take_it_back_and_count_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    bought, found = marked()
    Promotion.objects.update(used=2)
    monkeypatch.setattr(locks, "lock_to_match", lambda each: Purchase.objects.filter(pk=each, to_match=True).first())
    monkeypatch.setattr(card_locks, "lock_all_of", lambda contact_id: [])
    monkeypatch.setattr(customer_locks, "lock_contacts", lambda ids: Contact.objects.in_bulk(list(ids)))
    look = Meeting().after(lambda each: FiscalReceipt.objects.filter(pk=each, status="credited").first())
    monkeypatch.setattr(locks, "lock_credited_receipt", look)
    assert race(match(bought.pk), match(bought.pk)) == [True, True]
    assert (receipt(found.pk).status, Promotion.objects.get().used) == ("reversed", 0)


def test_who_scanned_each_others_receipts_do_not_wait_in_a_circle() -> None:
    campaign()
    for _ in range(4):
        anna, boris = CardFactory(), CardFactory()
        decided(anna, "700.00")
        decided(boris, "300.00")
        sales = [sell(anna, "300.00"), sell(boris, "700.00")]
        assert failures(race(*(buy(sale) for sale in sales))) == []
        assert failures(race(*(match(purchase(sale).pk) for sale in sales))) == []
        assert (points(anna)[1], points(boris)[1]) == (300, 700)
        FiscalReceipt.objects.update(amount=1)
        Purchase.objects.update(amount=1, paid=0)


def test_the_strangers_own_sale_of_that_sum_and_the_worker_do_not_wait_in_a_circle() -> None:
    campaign()
    for _ in range(6):
        card, stranger = CardFactory(), CardFactory()
        found, sale = decided(stranger), sell(card)
        add(sale)
        answers = race(match(purchase(sale).pk), buy(sell(stranger)))
        assert failures(answers) in ([], ["Busy"])
        assert not isinstance(answers[1], Exception), "a till never waits for a worker's receipt"
        sweep()
        assert receipt(found.pk).status == "reversed"
        assert (points(card)[1], points(stranger)[1]) == (1000, 1000)
        FiscalReceipt.objects.update(amount=1)
        Purchase.objects.update(amount=1, paid=0)


# Two receipts, one purchase


def two_decisions_at_once(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    campaign()
    add(sell(CardFactory()))
    sent = [scan(CardFactory()), scan(CardFactory())]
    monkeypatch.setattr(scanned_receipts, "same_sale", Meeting().after(scanned_receipts.same_sale))
    answers = race(*(decide(each) for each in sent))
    monkeypatch.undo()
    fiscal_receipts.decide_waiting(WORKER)
    return [failures(answers), sorted(FiscalReceipt.objects.values_list("status", flat=True))]


def test_of_two_receipts_found_to_be_one_purchase_at_once_the_second_looks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert two_decisions_at_once(monkeypatch) == [["Busy"], ["credited", "rejected"]]


@pytest.mark.negative_control
def test_without_the_unique_key_both_receipts_are_the_one_purchase(monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX fiscal_receipt_of_one_purchase")
    try:
        assert two_decisions_at_once(monkeypatch) == [[], ["rejected", "rejected"]]
        FiscalReceipt.objects.update(purchase_id="")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX fiscal_receipt_of_one_purchase ON promos_fiscalreceipt (purchase_id)"
                " WHERE NOT (purchase_id = '')"
            )
