"""A scanned receipt is decided: which promotions give, when the points can be spent, and why nothing is given."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards.models import Card
from customers.models import Contact
from loyalty.core import clock
from loyalty.ledger.models import Lot, Operation
from loyalty.models import Program
from loyalty.services import fiscal_receipts, promotions
from promos.models import Audience, CustomerGrant, FiscalReceipt, Promotion
from tests.conftest import MOSCOW, MovingClock
from tests.factories import CardFactory, ContactFactory
from tests.promos.marketing import MARKETER, live, moscow
from tests.receipts.scanning import WORKER, campaign, decided, drive_at, outcome, points, qr, receipt, scan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]
GIVEN, REFUSED = "credited", "rejected"


@pytest.fixture
def card() -> Card:
    made: Card = CardFactory()
    return made


def test_a_percentage_of_the_sum_is_given_into_escrow_from_the_purchase_on(
    card: Card, story_clock: MovingClock
) -> None:
    made = campaign()
    bought = clock.now()
    story_clock.forward(days=2)
    found = decided(card, "943.26", at=bought)
    assert outcome(found) == (GIVEN, "", Decimal("94.32"))
    assert found.awards == {str(made.pk): "94.32"}
    operation = Operation.objects.get(pk=found.operation_id)
    assert (operation.cause, operation.effective_at) == (f"fiscal_receipt:{found.pk}", bought)
    assert points(card) == (0, Decimal("94.32"), 0, 0)
    assert Lot.objects.get().matures_at == bought + timedelta(days=30)
    story_clock.set(bought + timedelta(days=30))
    assert points(card) == (Decimal("94.32"), 0, 0, 0)


def test_fixed_points_and_points_that_count_for_the_tier(card: Card) -> None:
    campaign(kind="fixed", value=Decimal(50), qualifies=True)
    campaign(kind="percent", value=Decimal("0.5"))
    assert outcome(decided(card, "100.00")) == (GIVEN, "", Decimal("50.50"))
    assert points(card) == (0, Decimal("50.50"), 0, 50)


def test_of_promotions_that_do_not_stack_the_best_gives(card: Card) -> None:
    campaign(kind="fixed", value=Decimal(50), stacks=False)
    best = campaign(stacks=False)
    extra = campaign(kind="fixed", value=Decimal(1))
    assert decided(card).awards == {str(best.pk): "100.00", str(extra.pk): "1.00"}


def test_each_promotion_has_its_own_escrow(card: Card) -> None:
    campaign(kind="fixed", value=Decimal(5), escrow_days=0)
    campaign(kind="fixed", value=Decimal(7), escrow_days=3)
    campaign(kind="fixed", value=Decimal(11), escrow_days=3, qualifies=True)
    found = decided(card)
    assert outcome(found) == (GIVEN, "", Decimal(23))
    assert points(card) == (5, 18, 0, 11)
    assert Operation.objects.filter(cause=f"fiscal_receipt:{found.pk}", kind="accrual").count() == 2


def test_what_matured_long_ago_is_spendable_at_once_and_moves_the_tier(card: Card) -> None:
    campaign(kind="fixed", value=Decimal(2000), qualifies=True, starts_at=clock.now() - timedelta(days=90))
    old = clock.now() - timedelta(days=40)
    Promotion.objects.get().live_periods.update(began_at=old)
    decided(card, at=old)
    assert points(card) == (2000, 0, 2000, 0)
    assert card.contact is not None
    assert card.contact.standings.get(left_at=None).tier.name == "Silver"


def test_a_new_contact_enters_the_programme_by_a_receipt() -> None:
    card = CardFactory(contact=ContactFactory(new=True), enrolled=False)
    campaign()
    decided(card)
    assert Contact.objects.get(pk=card.contact_id).status == "active"
    assert card.contact.standings.get().tier.name == "Base"


def test_the_promotions_of_the_receipts_own_moment_count_however_late_it_is_decided(
    card: Card, story_clock: MovingClock
) -> None:
    made = campaign()
    sent = scan(card)
    story_clock.forward(hours=1)
    promotions.end(MARKETER, made.pk, "over")
    live(trigger="receipt", kind="fixed", value=Decimal(500))
    story_clock.forward(days=10)
    fiscal_receipts.decide_waiting(WORKER)
    assert receipt(sent.pk).awards == {str(made.pk): "100.00"}


def audience(**conditions: Any) -> Audience:
    now = clock.now()
    made: Audience = Audience.objects.create(name="Some", conditions=conditions, created_at=now, updated_at=now)
    return made


def ended() -> None:
    promotions.end(MARKETER, campaign().pk, "over")


def given_to_another(**terms: Any) -> None:
    campaign(**terms)
    assert decided(CardFactory()).status == GIVEN


def of_another_store() -> None:
    drive_at("0001")
    drive_at("0002", "1111111111111111")
    campaign(stores=["0002"])


SITUATIONS: dict[str, tuple[Callable[[], Any], str]] = {
    "nothing is on": (lambda: None, "no_promotion"),
    "it was ended before": (ended, "no_promotion"),
    "it begins tomorrow": (lambda: campaign(starts_at=clock.now() + timedelta(days=1)), "no_promotion"),
    "it is for purchases": (lambda: campaign(trigger="purchase"), "no_promotion"),
    "another weekday": (lambda: campaign(weekdays=[2]), "not_at_this_time"),
    "another hour": (lambda: campaign(hour_from=13), "not_at_this_time"),
    "the drive is not known": (lambda: campaign(stores=["0001"]), "store_unknown"),
    "the drive is of another store": (of_another_store, "other_store"),
    "the sum is too small": (lambda: campaign(minimum_basket=Decimal("1000.01")), "below_minimum"),
    "the percentage is nothing": (lambda: campaign(value=Decimal("0.01"), minimum_basket=Decimal(0)), "credited"),
    "not her birthday": (lambda: campaign(birthday_days=3), "not_for_you"),
    "an audience of others": (lambda: campaign(audience=audience(cards=["none"])), "not_for_you"),
    "others were faster": (lambda: given_to_another(total_count=1), "count_used_up"),
    "the budget is gone": (lambda: given_to_another(budget=Decimal(100)), "budget_used_up"),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_reason_is_kept(situation: str, card: Card) -> None:
    prepare, reason = SITUATIONS[situation]
    prepare()
    found = decided(card)
    if reason == GIVEN:
        assert outcome(found) == (GIVEN, "", Decimal("0.10"))
        return
    assert outcome(found) == (REFUSED, reason, 0)
    assert (found.decided_at, found.operation_id, found.awards) == (clock.now(), None, {})
    assert points(card) == (0, 0, 0, 0)


def test_a_percentage_of_less_than_a_hundredth_is_too_small(card: Card) -> None:
    campaign(value=Decimal("0.01"))
    assert outcome(decided(card, "99.99")) == (REFUSED, "below_minimum", 0)
    assert outcome(decided(card, "0.00")) == (REFUSED, "below_minimum", 0)


def test_a_customer_uses_a_promotion_as_often_as_it_says(card: Card) -> None:
    campaign(customer_count=2, total_count=3)
    assert [decided(card).status for _ in range(2)] == [GIVEN, GIVEN]
    assert outcome(decided(card)) == (REFUSED, "customer_count_used_up", 0)
    assert decided(CardFactory()).status == GIVEN
    assert outcome(decided(CardFactory())) == (REFUSED, "count_used_up", 0)
    assert Promotion.objects.get().used == 3


def test_the_last_receipt_gets_what_is_left_of_cap_and_budget(card: Card) -> None:
    campaign(customer_cap=Decimal(150), budget=Decimal(220))
    assert [decided(card).points for _ in range(2)] == [100, 50]
    assert outcome(decided(card)) == (REFUSED, "customer_cap_used_up", 0)
    assert decided(CardFactory()).points == 70
    assert outcome(decided(CardFactory())) == (REFUSED, "budget_used_up", 0)
    assert Promotion.objects.get().granted == 220


def test_of_several_refusals_that_of_the_nearest_is_kept(card: Card) -> None:
    campaign(weekdays=[2])
    campaign(minimum_basket=Decimal(5000))
    campaign(stores=["0001"])
    assert outcome(decided(card)) == (REFUSED, "below_minimum", 0)


def test_the_store_is_told_by_the_fiscal_drive(card: Card) -> None:
    drive_at("0001")
    campaign(stores=["0001"])
    found = decided(card)
    assert (outcome(found), found.store) == ((GIVEN, "", 100), "0001")


def test_the_first_purchase_is_the_first_of_receipts_and_till_together(card: Card, story_clock: MovingClock) -> None:
    campaign(first_purchase=True)
    assert decided(card).status == GIVEN
    story_clock.forward(minutes=1)
    assert outcome(decided(card)) == (REFUSED, "not_for_you", 0)


def test_a_birthday_and_an_audience_that_fit(card: Card) -> None:
    Contact.objects.update(birth_date=moscow(1990, 3, 4).date())
    campaign(birthday_days=3, audience=audience(cards=["active"]))
    assert decided(card).status == GIVEN


def test_a_blocked_card_earns_nothing_and_a_replaced_ones_holder_does(card: Card) -> None:
    campaign()
    first, second = scan(card), scan(card)
    Card.objects.filter(pk=card.pk).update(status=3)
    assert fiscal_receipts.decide(WORKER, first.pk)
    assert outcome(receipt(first.pk)) == (REFUSED, "card_blocked", 0)
    Card.objects.filter(pk=card.pk).update(blocked_for_good=True)
    CardFactory(contact=card.contact)
    assert fiscal_receipts.decide(WORKER, second.pk)
    assert outcome(receipt(second.pk)) == (GIVEN, "", 100)


def test_a_receipt_is_decided_once(card: Card) -> None:
    campaign()
    sent = scan(card)
    assert [fiscal_receipts.decide(WORKER, sent.pk) for _ in range(3)] == [True, False, False]
    assert fiscal_receipts.decide_waiting(WORKER) == 0
    assert points(card) == (0, 100, 0, 0)


def test_a_receipt_that_fails_does_not_hold_up_the_others(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign()
    first, second = scan(card), scan(card)
    decide = fiscal_receipts._decide

    def broken(actor: Any, found: FiscalReceipt, settings: Program) -> bool:
        if found.pk == first.pk:
            raise ZeroDivisionError
        return decide(actor, found, settings)

    monkeypatch.setattr(fiscal_receipts, "_decide", broken)
    assert fiscal_receipts.decide_waiting(WORKER) == 1
    monkeypatch.undo()
    assert [receipt(each.pk).status for each in (first, second)] == ["accepted", GIVEN]
    assert fiscal_receipts.decide_waiting(WORKER) == 1


def test_many_promotions_cost_no_statement_of_their_own(card: Card) -> None:
    def statements(count: int) -> int:
        for _ in range(count):
            campaign(customer_count=9, total_count=9, audience=audiences[0])
        sent = scan(card)
        with CaptureQueriesContext(connection) as captured:
            fiscal_receipts.decide(WORKER, sent.pk)
        assert len(receipt(sent.pk).awards) == Promotion.objects.count()
        return len([each for each in captured.captured_queries if "SAVEPOINT" not in each["sql"]])

    audiences = [audience(cards=["active"])]
    newcomer, few, many = statements(1), statements(1), statements(10)
    assert few == many < newcomer <= 21, "the first points make the rows of the balances"
    assert CustomerGrant.objects.count() == 12


def test_a_sum_and_a_time_of_the_code_are_kept_as_they_are(card: Card) -> None:
    campaign()
    sent = scan(card, code=qr("1.01", t="20260301T235959"))
    assert (sent.amount, sent.purchased_at) == (Decimal("1.01"), datetime(2026, 3, 1, 23, 59, 59, tzinfo=MOSCOW))
