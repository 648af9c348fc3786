"""A stranger scans the receipt of a sale, and the till says later whose sale it was: points are given to one of them.

And one receipt is one sale, one sale has one receipt, whoever scans and in whatever order.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from cards.models import Card
from loyalty.core import actors, clock
from loyalty.core.roles import Role
from loyalty.ledger.models import Operation
from loyalty.models import JournalEntry, Program, Purchase
from loyalty.services import erasure, fiscal_receipts, matching, refunds
from loyalty.services.merging import merge_contacts
from loyalty.services.unmerging import unmerge_contacts
from promos.models import CustomerGrant, FiscalReceipt, Promotion
from tests.conftest import MovingClock
from tests.factories import CardFactory
from tests.receipts.scanning import (
    SALES,
    TILL,
    WORKER,
    add,
    campaign,
    decided,
    drive_at,
    outcome,
    points,
    purchase,
    receipt,
    scan,
    sell,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]
BOSS = actors.staff("olga", "administrator")
GIVEN, TAKEN = ("credited", "", Decimal(100)), ("reversed", "credited_at_till", Decimal(100))


@pytest.fixture
def card() -> Card:
    campaign()
    made: Card = CardFactory()
    return made


def sweep() -> int:
    """What beat does every minute: receipts first, then purchases."""
    fiscal_receipts.decide_waiting(WORKER)
    return matching.match_waiting(WORKER)


def test_the_stranger_gives_back_and_the_card_of_the_sale_earns(card: Card) -> None:
    stranger = CardFactory()
    first = decided(stranger)
    sale = sell(card)
    assert add(sale).accrued == 1000
    assert purchase(sale).to_match
    assert sweep() == 1
    found = receipt(first.pk)
    assert (outcome(found), found.purchase_id, found.taken_back) == (TAKEN, sale.purchase_id, 100)
    assert (points(card), points(stranger)) == ((0, 1000, 0, 1000), (0, 0, 0, 0))
    assert JournalEntry.objects.get(action="receipt.reverse").contact_id == stranger.contact_id
    # Everybody repeats, nothing moves.
    assert (add(sale).accrued, sweep(), purchase(sale).to_match) == (1000, 0, False)
    assert (points(card), points(stranger)) == ((0, 1000, 0, 1000), (0, 0, 0, 0))


def test_goods_that_come_back_are_taken_from_who_bought_them(card: Card) -> None:
    stranger = CardFactory()
    decided(stranger)
    sale = sell(card)
    add(sale)
    # Between the upload and the worker.
    refunds.cancel(TILL, sale.purchase_id)
    sweep()
    assert (points(card), points(stranger)) == ((0, 0, 0, 0), (0, 0, 0, 0))


def test_counts_and_budget_of_the_campaign_are_free_again(card: Card) -> None:
    made = campaign(kind="fixed", value=Decimal(30), customer_count=1, total_count=1, budget=Decimal(30))
    decided(CardFactory())
    add(sell(card))
    sweep()
    made = Promotion.objects.get(pk=made.pk)
    assert (made.granted, made.used, CustomerGrant.objects.get().count) == (0, 0, 0)


@pytest.mark.parametrize(("policy", "taken", "left"), [("allow_negative", 100, -60), ("within_balance", 40, 0)])
def test_of_points_the_stranger_spent_as_much_is_taken_as_debts_allow(
    policy: str, taken: int, left: int, story_clock: MovingClock
) -> None:
    Program.objects.update(return_policy=policy, earn_rate=0)
    campaign()
    card, stranger = CardFactory(), CardFactory()
    first = decided(stranger)
    story_clock.forward(days=31)
    add(sell(stranger, "120.00", bonuses_to_pay=Decimal("60.00")))
    add(sell(card, at=first.purchased_at, offline=True))
    sweep()
    assert (receipt(first.pk).taken_back, points(stranger)[0], points(card)) == (taken, left, (0, 0, 0, 0))


def test_who_was_erased_meanwhile_owes_nothing(card: Card, story_clock: MovingClock) -> None:
    Program.objects.update(earn_rate=0)
    stranger = CardFactory()
    first = decided(stranger)
    story_clock.forward(days=31)
    add(sell(stranger, "120.00", bonuses_to_pay=Decimal("60.00")))
    code, contact_id = stranger.contact.code, stranger.contact_id
    assert contact_id is not None
    erasure.erase_contact(BOSS, Role.ADMINISTRATOR, contact_id, "a written request", confirmed=code)
    add(sell(card, at=first.purchased_at, offline=True))
    sweep()
    assert (receipt(first.pk).status, receipt(first.pk).taken_back, points(stranger)[0]) == ("reversed", 0, 0)


@pytest.mark.parametrize(("drive", "store", "amount", "minutes", "taken"), SALES)
def test_the_same_store_sum_and_time(
    card: Card, drive: str, store: str, amount: str, minutes: int, taken: bool
) -> None:
    if drive:
        drive_at(drive)
    first = decided(CardFactory())
    sale = sell(card, amount, store=store, at=clock.now() - timedelta(minutes=minutes))
    add(sale)
    assert purchase(sale).to_match == taken
    sweep()
    assert receipt(first.pk).status == ("reversed" if taken else "credited")


def test_ones_own_receipt_comes_before_a_strangers(card: Card) -> None:
    strangers = decided(CardFactory())
    own = decided(card, at=clock.now() - timedelta(minutes=4))
    sale = sell(card)
    add(sale)
    assert (receipt(own.pk).status, purchase(sale).to_match) == ("reversed", False)
    sweep()
    assert receipt(strangers.pk).status == "credited"


def test_ones_own_receipt_that_waits_is_decided_before_a_strangers_is_taken(card: Card) -> None:
    strangers, own, sale = decided(CardFactory()), scan(card), sell(card)
    add(sale)
    assert not matching.match(WORKER, purchase(sale).pk)
    sweep()
    assert outcome(receipt(own.pk))[:2] == ("rejected", "already_credited")
    assert (receipt(own.pk).purchase_id, receipt(strangers.pk).status) == (sale.purchase_id, "credited")
    assert not purchase(sale).to_match


def test_a_strangers_receipt_that_waits_is_refused_and_nothing_is_left_to_match(card: Card) -> None:
    waiting, sale = scan(CardFactory()), sell(card)
    add(sale)
    assert purchase(sale).to_match
    sweep()
    assert outcome(receipt(waiting.pk)) == ("rejected", "already_credited", 0)
    assert not purchase(sale).to_match


def test_merged_with_the_one_who_scanned_before_the_worker_came(card: Card) -> None:
    stranger, sale = CardFactory(), sell(card)
    first = decided(stranger)
    add(sale)
    assert card.contact_id is not None
    assert stranger.contact_id is not None
    merge = merge_contacts(BOSS, Role.ADMINISTRATOR, card.contact_id, stranger.contact_id, "one person")
    sweep()
    assert receipt(first.pk).status == "reversed"
    assert points(card) == (0, 1000, 0, 1000)
    unmerge_contacts(BOSS, Role.ADMINISTRATOR, merge.pk, "two persons")
    assert (points(card), points(stranger)) == ((0, 1000, 0, 1000), (0, 0, 0, 0))


# One receipt, one sale


def test_two_receipts_of_one_sum_are_not_both_the_one_purchase(card: Card) -> None:
    """Two coffees within five minutes, the card shown for one of them: both are rewarded, each once."""
    sale = sell(card)
    add(sale)
    found = [decided(card), decided(card)]
    assert [outcome(each) for each in found] == [("rejected", "already_credited", 0), GIVEN]
    assert points(card) == (0, 1100, 0, 1000)


def test_a_purchase_that_took_one_receipt_back_is_no_other_receipts(card: Card) -> None:
    first = decided(card)
    add(sell(card))
    assert receipt(first.pk).status == "reversed"
    assert outcome(decided(card)) == GIVEN
    assert outcome(decided(CardFactory())) == GIVEN


def test_of_two_uploads_of_one_sum_one_is_the_scanned_sale(card: Card) -> None:
    other = CardFactory()
    first = decided(CardFactory())
    add(sell(card))
    add(sell(other))
    assert sweep() == 2
    assert receipt(first.pk).status == "reversed"
    assert Operation.objects.filter(kind="return").count() == 1
    assert not Purchase.objects.filter(to_match=True).exists()


def test_two_strangers_receipts_and_two_purchases_of_one_sum_meet_in_pairs(card: Card) -> None:
    found = [decided(CardFactory()), decided(CardFactory())]
    sales = [sell(card), sell(CardFactory())]
    for sale in sales:
        add(sale)
    sweep()
    told = set(FiscalReceipt.objects.filter(status="reversed").values_list("purchase_id", flat=True))
    assert (len(found), told) == (2, {sale.purchase_id for sale in sales})


def test_one_that_fails_does_not_hold_up_the_others(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    for minutes in (0, 20):
        decided(CardFactory(), at=clock.now() - timedelta(minutes=minutes))
    sales = [sell(card, at=clock.now() - timedelta(minutes=minutes)) for minutes in (0, 20)]
    for sale in sales:
        add(sale)
    whole, broken = matching._match, purchase(sales[0]).pk

    def match(actor: actors.Actor, found: Purchase, settings: Program) -> bool:
        if found.pk == broken:
            raise ZeroDivisionError
        return whole(actor, found, settings)

    with monkeypatch.context() as faulty:
        faulty.setattr(matching, "_match", match)
        assert sweep() == 1
    assert sweep() == 1
    assert FiscalReceipt.objects.filter(status="reversed").count() == 2
