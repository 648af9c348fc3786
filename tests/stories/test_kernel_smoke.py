from datetime import timedelta
from decimal import Decimal as D

import pytest
from customers.services import PersonalData
from datetime import date
from loyalty.core import actors, clock
from loyalty.services import wallet, purchases, points
from loyalty.selectors import cards
from promos.basket import Line

pytestmark = pytest.mark.django_db


def test_smoke(story_clock, django_assert_max_num_queries):
    app = actors.client("koshelek", "", "koshelek")
    till = actors.client("till", "till", "cash_desk")
    card = wallet.issue_virtual(app, PersonalData(phone="+79001234567", first_name="A", surname="B", birth_date=date(1990, 1, 1)))
    assert card.get_status_display() == "Active"
    def sale(i, **kw):
        return purchases.Sale(f"P{i}", card.number, "", clock.now(), "0001", D("100.00"), (Line(D("60.00")), Line(D("40.00"))), **kw)
    with django_assert_max_num_queries(12) as q:
        print(purchases.add_purchase(till, sale(1)))
    for x in q.captured_queries: print(x["sql"][:100].replace("\n", " "))
    print(purchases.add_purchase(till, sale(1)))
    b = cards.by_number(card.number).balance
    assert (b.spendable, b.spendable_escrow, b.qualifying, b.qualifying_escrow) == (0, 100, 0, 100)
    story_clock.forward(days=30)
    b = cards.by_number(card.number).balance
    assert (b.spendable, b.spendable_escrow, b.qualifying, b.qualifying_escrow) == (100, 0, 100, 0)
    print(purchases.add_purchase(till, sale(2, bonuses_to_pay=D("50.00"))))
    b = cards.by_number(card.number).balance
    assert (b.spendable, b.spendable_escrow, b.qualifying, b.qualifying_escrow) == (50, 50, 100, 50)
    story_clock.forward(days=31)
    with django_assert_max_num_queries(20) as q:
        print(points.roll_over_escrow(actors.system("x")))
    for x in q.captured_queries: print(x["sql"][:100].replace("\n", " "))
    b = cards.by_number(card.number).balance
    print(b)
    assert (b.spendable, b.spendable_escrow, b.qualifying, b.qualifying_escrow) == (100, 0, 150, 0)
