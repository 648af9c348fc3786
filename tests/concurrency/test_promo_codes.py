"""Many customers type at once: a code gives as often as it may, a budget is met to the last hundredth, each once."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection

from cards import locks as card_locks
from cards.models import Card
from customers import locks as customer_locks
from customers.models import Contact
from loyalty.core.errors import LoyaltyError
from loyalty.ledger.models import Operation
from loyalty.services import code_orders
from promos import code_services
from promos import locks as promotion_locks
from promos.models import CodeBatch, CodeUse, CustomerGrant, PromoCode, Promotion
from tests.concurrency.threads import Meeting, meanwhile, race, wait_for_waiting
from tests.factories import CardFactory
from tests.promo_codes.typing import spendable, use
from tests.promos.marketing import MARKETER, coded, shared_code, single_codes

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

CALLERS = 6


def typing(card: Card, code: str) -> Callable[[], Decimal]:
    return lambda: use(card, code)


def cards(number: int = CALLERS) -> list[Card]:
    return [CardFactory() for _ in range(number)]


def outcome(answers: list[Any]) -> Counter[str]:
    """How often each thing was heard; what is neither points nor a refusal fails the test."""
    for each in answers:
        if isinstance(each, Exception) and not isinstance(each, LoyaltyError):
            raise each
    return Counter(each.code if isinstance(each, LoyaltyError) else str(each) for each in answers)


def promotion() -> Promotion:
    return Promotion.objects.get()


def test_one_single_use_code_and_six_customers() -> None:
    [code] = single_codes()
    holders = cards()
    assert outcome(race(*(typing(card, code) for card in holders))) == {"100.00": 1, "PromoCodeExhausted": 5}
    assert sum(spendable(card) for card in holders) == 100
    assert CodeUse.objects.count() == Operation.objects.filter(kind="accrual").count() == 1


def test_one_customer_sends_its_single_use_code_six_times() -> None:
    [code] = single_codes()
    card = CardFactory()
    assert outcome(race(*[typing(card, code)] * CALLERS)) == {"100.00": 1, "PromoCodeAlreadyUsed": 5}
    assert spendable(card) == 100


def test_six_customers_and_a_shared_code_for_four() -> None:
    code = shared_code(total_count=4)
    assert outcome(race(*(typing(card, code) for card in cards()))) == {"100.00": 4, "PromoCodeExhausted": 2}
    assert promotion().used == CodeUse.objects.count() == 4


@pytest.mark.parametrize("allowed", [None, 3])
def test_one_customer_sends_a_shared_code_six_times(allowed: int | None) -> None:
    code = shared_code(customer_count=allowed)
    card, times = CardFactory(), allowed or 1
    assert outcome(race(*[typing(card, code)] * CALLERS)) == {"100.00": times, "PromoCodeAlreadyUsed": 6 - times}
    assert CustomerGrant.objects.get().count == times
    assert spendable(card) == 100 * times


def test_one_customer_sends_different_codes_of_one_promotion() -> None:
    codes = single_codes(CALLERS, customer_count=2)
    card = CardFactory()
    answers = outcome(race(*(typing(card, code) for code in codes)))
    assert answers == {"100.00": 2, "PromoCodeAlreadyUsed": 4}
    assert PromoCode.objects.filter(used_by__isnull=False).count() == 2, "a code that was refused is not used up"


def test_a_budget_is_met_to_the_last_hundredth() -> None:
    code = shared_code(budget=Decimal(250))
    answers = outcome(race(*(typing(card, code) for card in cards())))
    assert answers == {"100.00": 2, "50.00": 1, "PromoCodeExhausted": 3}
    assert promotion().granted == 250


def test_a_code_without_a_limit_for_all_lets_customers_pass_each_other() -> None:
    """While somebody holds the promotion's row, another customer is not kept waiting for it."""
    code = shared_code()
    first, second = cards(2)
    hold = "SELECT 1 FROM promos_promotion WHERE id = %s FOR NO KEY UPDATE"
    with meanwhile(hold, [promotion().pk], typing(first, code)) as answers:
        assert outcome(race(typing(second, code))) == {"100.00": 1}
    assert outcome(answers) == {"100.00": 1}


def test_who_waited_for_the_lock_decides_with_what_is_left() -> None:
    code = shared_code(total_count=3)
    hold = "UPDATE promos_promotion SET used = 3 WHERE id = %s"
    with meanwhile(hold, [promotion().pk], typing(CardFactory(), code)) as answers:
        wait_for_waiting()
    assert outcome(answers) == {"PromoCodeExhausted": 1}


def test_two_workers_share_the_orders_and_make_what_was_ordered(settings: Any) -> None:
    settings.PROMO_CODES_PER_CHUNK = 50
    made = coded()
    for count in (180, 70):
        code_orders.order_codes(MARKETER, made.pk, count=count, prefix="", length=12, reason="flyer")
    answers = race(*(lambda: code_orders.make_codes(MARKETER) for _ in range(2)))
    assert sum(answers) == PromoCode.objects.count() == 250
    assert list(CodeBatch.objects.order_by("id").values_list("made", "status")) == [(180, "done"), (70, "done")]


def test_two_marketers_add_the_same_word() -> None:
    promotions = [coded(), coded()]
    answers = outcome(race(*(
        lambda pk=each.pk: code_orders.add_shared_code(MARKETER, pk, "SUMMER2026", "poster").code for each in promotions
    )))  # fmt: skip
    assert answers == {"SUMMER2026": 1, "PromoCodeTaken": 1}


# What the locks are for


def unlocked(code_id: int) -> PromoCode:
    """What lock_code would be if it only looked."""
    return PromoCode.objects.get(pk=code_id)


@pytest.mark.negative_control
def test_without_the_lock_on_a_code_the_second_customer_meets_the_last_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is real: both see a free code. The statement that uses it up lets one pass, and nothing is doubled."""
    [code] = single_codes()
    monkeypatch.setattr(promotion_locks, "lock_code", Meeting().after(unlocked))
    holders = cards(2)
    assert outcome(race(*(typing(card, code) for card in holders))) == {"100.00": 1, "PromoCodeAlreadyUsed": 1}


@pytest.mark.negative_control
def test_with_that_gone_too_the_books_refuse_a_second_award(monkeypatch: pytest.MonkeyPatch) -> None:
    [code] = single_codes()
    monkeypatch.setattr(promotion_locks, "lock_code", Meeting().after(unlocked))
    monkeypatch.setattr(code_services, "use_up", lambda *_args: None)
    holders = cards(2)
    assert outcome(race(*(typing(card, code) for card in holders))) == {"100.00": 1, "OperationConflict": 1}
    assert sum(spendable(card) for card in holders) == 100


@pytest.mark.negative_control
@pytest.mark.parametrize("terms", [{"total_count": 1}, {"budget": Decimal(100)}])
def test_without_the_lock_on_a_promotion_its_check_refuses_the_second(
    terms: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = shared_code(**terms)
    monkeypatch.setattr(promotion_locks, "lock_limited", Meeting().after(lambda _promotions: {}))
    answers = race(*(typing(card, code) for card in cards(2)))
    assert [type(each) for each in answers].count(IntegrityError) == 1
    assert CodeUse.objects.count() == 1


@pytest.mark.negative_control
def test_without_locks_and_checks_more_is_given_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The damage itself: what a plain read followed by a write does, guards off."""
    code = shared_code(total_count=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'promotion_within_counts'")
        definition = cursor.fetchone()[0]
        cursor.execute("ALTER TABLE promos_promotion DROP CONSTRAINT promotion_within_counts")
    try:
        monkeypatch.setattr(promotion_locks, "lock_limited", Meeting().after(lambda _promotions: {}))
        assert outcome(race(*(typing(card, code) for card in cards(2)))) == {"100.00": 2}
        assert promotion().used == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                f"ALTER TABLE promos_promotion ADD CONSTRAINT promotion_within_counts {definition} NOT VALID"
            )


@pytest.mark.negative_control
def test_without_the_lock_on_the_customer_one_customer_gets_a_code_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Card, contact and grant unlocked, both count no use before; then the key of the first turn is there once."""
    code, card = shared_code(), CardFactory()
    monkeypatch.setattr(card_locks, "lock_by_number", lambda number: Card.objects.get(number=number))
    monkeypatch.setattr(customer_locks, "lock_contact", lambda pk: Contact.objects.get(pk=pk))
    monkeypatch.setattr(promotion_locks, "lock_grants", Meeting().after(lambda _contact, _limits: {}))
    answers = race(*[typing(card, code)] * 2)
    assert [each for each in answers if isinstance(each, Decimal)] == [100]
    assert spendable(card) == 100
