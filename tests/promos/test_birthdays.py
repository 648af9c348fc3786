"""One birthday a year: a changed birth date opens no second one, and fixed points are given once."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards.models import Card
from customers.models import Contact
from loyalty.core import actors, clock
from loyalty.core.roles import Role
from loyalty.services import promo_codes, purchases, refunds
from loyalty.services.merging import merge_contacts
from loyalty.services.unmerging import unmerge_contacts
from promos.errors import PromoCodeAlreadyUsed
from promos.models import Audience, Promotion
from tests.conftest import MovingClock
from tests.factories import CardFactory
from tests.promos.marketing import live, moscow
from tests.receipts.scanning import APP, TILL, add, campaign, decided, outcome, sell

pytestmark = pytest.mark.django_db
BOSS = actors.staff("olga", "administrator")


@pytest.fixture
def card(story_clock: MovingClock) -> Card:
    """Somebody who was born on a 10 March, on the birthday in 2026."""
    story_clock.set(moscow(2026, 3, 10, 12))
    made: Card = CardFactory()
    born(made, 3, 10)
    return made


def born(card: Card, month: int, day: int) -> None:
    Contact.objects.filter(pk=card.contact_id).update(birth_date=date(1990, month, day))


def gift(**terms: Any) -> Promotion:
    """100 points on the birthday and three days around it, live since last year."""
    given = {"kind": "fixed", "value": Decimal(100), "birthday_days": 3, "starts_at": moscow(2025, 1, 1)}
    made = live(**(given | terms))
    made.live_periods.update(began_at=moscow(2025, 1, 1))
    return made


def extra(card: Card, amount: str = "1000.00", **given: Any) -> Decimal:
    """What promotions add to the purchase; a quote says the same."""
    sale = sell(card, amount, **given)
    quoted = purchases.quote_purchase(sale).accrue
    accrued = add(sale).accrued
    assert quoted == accrued
    return accrued - Decimal(amount)


def test_fixed_points_are_given_once_around_a_birthday(card: Card, story_clock: MovingClock) -> None:
    gift()
    assert [extra(card), extra(card)] == [100, 0]
    story_clock.forward(days=2)
    assert extra(card) == 0
    story_clock.set(moscow(2027, 3, 9, 12))
    assert [extra(card), extra(card)] == [100, 0]


def test_a_changed_birth_date_opens_no_second_birthday_in_the_year(card: Card, story_clock: MovingClock) -> None:
    gift()
    assert extra(card) == 100
    story_clock.set(moscow(2026, 5, 1, 12))
    born(card, 5, 1)
    assert extra(card) == 0
    story_clock.set(moscow(2027, 5, 1, 12))
    assert extra(card) == 100


def test_every_purchase_of_the_days_earns_by_a_percentage_but_around_one_birthday(
    card: Card, story_clock: MovingClock
) -> None:
    gift(kind="percent", value=Decimal(10))
    assert [extra(card), extra(card)] == [100, 100]
    story_clock.forward(days=3)
    assert extra(card) == 100
    story_clock.set(moscow(2026, 5, 1, 12))
    born(card, 5, 1)
    assert extra(card) == 0


def test_who_mended_a_misprint_before_the_first_gift_loses_nothing(card: Card, story_clock: MovingClock) -> None:
    gift()
    born(card, 5, 1)
    assert extra(card) == 0
    story_clock.set(moscow(2026, 5, 1, 12))
    assert extra(card) == 100


def test_new_year_splits_no_birthday(card: Card, story_clock: MovingClock) -> None:
    gift()
    born(card, 1, 2)
    story_clock.set(moscow(2026, 12, 31, 12))
    assert extra(card) == 100
    story_clock.set(moscow(2027, 1, 2, 12))
    assert extra(card) == 0
    born(card, 6, 1)
    story_clock.set(moscow(2027, 6, 1, 12))
    assert extra(card) == 0
    born(card, 1, 2)
    story_clock.set(moscow(2027, 12, 30, 12))
    assert extra(card) == 100


def test_a_late_upload_finds_the_gift_of_its_own_year(card: Card, story_clock: MovingClock) -> None:
    gift()
    last_year = moscow(2025, 3, 11, 12)
    assert [extra(card), extra(card, at=last_year, offline=True)] == [100, 100]
    assert extra(card, at=last_year, offline=True) == 0


def test_goods_that_come_back_free_the_gift(card: Card) -> None:
    gift()
    sale = sell(card)
    add(sale)
    refunds.cancel(TILL, sale.purchase_id)
    assert [extra(card), extra(card)] == [100, 0]


def test_a_cap_says_otherwise(card: Card, story_clock: MovingClock) -> None:
    gift(customer_cap=Decimal(250))
    assert [extra(card) for _ in range(4)] == [100, 100, 50, 0]


def test_each_promotion_and_each_customer_by_itself(card: Card) -> None:
    gift()
    gift(value=Decimal(7))
    other = CardFactory()
    born(other, 3, 11)
    assert [extra(card), extra(card), extra(other)] == [107, 0, 107]


def test_a_merge_carries_the_gift_and_its_undoing_carries_it_back(card: Card) -> None:
    gift()
    other = CardFactory()
    born(other, 3, 11)
    extra(other)
    assert card.contact_id is not None
    merge = merge_contacts(BOSS, Role.ADMINISTRATOR, card.contact_id, other.contact_id, "one person")
    usable = Card.objects.get(contact=card.contact_id, blocked_for_good=False)
    assert extra(usable) == 0
    unmerge_contacts(BOSS, Role.ADMINISTRATOR, merge.pk, "two persons")
    assert [extra(card), extra(other)] == [100, 0]


def test_scanned_receipts_are_asked_alike(card: Card, story_clock: MovingClock) -> None:
    campaign(kind="fixed", value=Decimal(30), birthday_days=3)
    assert outcome(decided(card)) == ("credited", "", 30)
    assert outcome(decided(card)) == ("rejected", "customer_count_used_up", 0)


def test_codes_are_asked_alike(card: Card, story_clock: MovingClock) -> None:
    from loyalty.services import code_orders

    made = gift(trigger="code")
    codes = [f"PARTY{each}" for each in range(2)]
    for code in codes:
        code_orders.add_shared_code(BOSS, made.pk, code, "spring")
    promo_codes.redeem(APP, phone="", number=card.number, code=codes[0])
    with pytest.raises(PromoCodeAlreadyUsed):
        promo_codes.redeem(APP, phone="", number=card.number, code=codes[1])


def test_an_audience_of_birthdays_is_asked_alike(card: Card, story_clock: MovingClock) -> None:
    now = clock.now()
    near = Audience.objects.create(
        name="Near", conditions={"birthday_before": 2, "birthday_after": 1}, created_at=now, updated_at=now
    )
    gift(birthday_days=None, audience=near)
    assert [extra(card), extra(card)] == [100, 0]
    story_clock.set(moscow(2026, 5, 1, 12))
    born(card, 5, 2)
    assert extra(card) == 0
    story_clock.set(moscow(2027, 4, 30, 12))
    assert extra(card) == 100


def test_the_question_costs_one_statement_and_only_around_the_birthday(card: Card, story_clock: MovingClock) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            add(sell(card))
        return len([each for each in captured.captured_queries if "SAVEPOINT" not in each["sql"]])

    live(kind="percent", value=Decimal(1), starts_at=moscow(2025, 1, 1))
    add(sell(card))
    without = statements()
    gift(kind="percent")
    assert statements() == without + 1
    story_clock.forward(days=20)
    assert statements() == without
