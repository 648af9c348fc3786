"""When, where and for whom: the conditions of a promotion, as the clock on the shop's wall and the calendar decide."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from promos.models import Promotion
from promos.occasion import Occasion, applies, birthday_in, obstacles
from tests.promos.marketing import moscow

MONDAY_NOON = moscow(2026, 3, 2, 12, 0)


def promotion(**terms):
    given = {"name": "P", "kind": "percent", "value": Decimal(10), "starts_at": moscow(2020, 1, 1)}
    return Promotion(**(given | terms))


def occasion(moment=MONDAY_NOON, store="0001", first=False, born=None):
    return Occasion(moment, store, lambda: first, born)


@pytest.mark.parametrize(("terms", "met"), [
    ({}, True),
    ({"starts_at": MONDAY_NOON}, True),
    ({"starts_at": moscow(2026, 3, 2, 12, 1)}, False),
    ({"ends_at": MONDAY_NOON}, False),
    ({"ends_at": moscow(2026, 3, 2, 12, 0, 1)}, True),
    ({"weekdays": [1]}, True),
    ({"weekdays": [6, 7]}, False),
    ({"hour_from": 12}, True),
    ({"hour_from": 13}, False),
    ({"hour_until": 12}, False),
    ({"hour_from": 10, "hour_until": 13}, True),
    ({"stores": ["0001", "0002"]}, True),
    ({"stores": ["0002"]}, False),
    ({"first_purchase": True}, False),
    ({"birthday_days": 0}, False),
])  # fmt: skip
def test_monday_noon_in_store_0001(terms, met):
    assert applies(promotion(**terms), occasion()) is met


def test_hours_are_those_on_the_wall_and_not_of_the_server():
    evening = promotion(hour_from=18, hour_until=22)
    in_utc = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
    assert applies(evening, occasion(in_utc.astimezone(MONDAY_NOON.tzinfo)))
    assert not applies(evening, occasion(in_utc))


def test_the_weekday_changes_at_midnight_in_the_shop():
    monday = promotion(weekdays=[1])
    assert applies(monday, occasion(moscow(2026, 3, 2, 0, 0)))
    assert not applies(monday, occasion(moscow(2026, 3, 1, 23, 59)))


@pytest.mark.parametrize(("born", "days", "day", "near"), [
    (date(1990, 3, 2), 0, (2026, 3, 2), True),
    (date(1990, 3, 3), 0, (2026, 3, 2), False),
    (date(1990, 3, 5), 3, (2026, 3, 2), True),
    (date(1990, 3, 5), 2, (2026, 3, 2), False),
    (date(1990, 2, 27), 3, (2026, 3, 2), True),
    # around New Year
    (date(1990, 1, 2), 3, (2025, 12, 30), True),
    (date(1990, 12, 30), 3, (2026, 1, 2), True),
    (date(1990, 12, 30), 2, (2026, 1, 2), False),
    # 29 February is kept on the 28th when the year has none
    (date(1992, 2, 29), 0, (2026, 2, 28), True),
    (date(1992, 2, 29), 0, (2026, 3, 1), False),
    (date(1992, 2, 29), 0, (2028, 2, 29), True),
    (date(1992, 2, 29), 0, (2028, 2, 28), False),
    (date(1992, 2, 29), 1, (2028, 3, 1), True),
    (None, 30, (2026, 3, 2), False),
])  # fmt: skip
def test_birthdays(born, days, day, near):
    moment = moscow(*day, 12)
    assert applies(promotion(birthday_days=days), occasion(moment, born=born)) is near


def test_the_birthday_of_a_leap_day():
    assert birthday_in(date(2000, 2, 29), 2027) == date(2027, 2, 28)
    assert birthday_in(date(2000, 2, 29), 2028) == date(2028, 2, 29)


def test_the_first_purchase_is_asked_last_and_only_when_it_decides():
    def asked():
        raise AssertionError("this costs a statement")

    seen = Occasion(MONDAY_NOON, "0001", asked, None)
    assert applies(promotion(), seen)
    assert not applies(promotion(first_purchase=True, weekdays=[7]), seen)
    assert applies(promotion(first_purchase=True), occasion(first=True))


def test_every_condition_that_is_not_met_is_named():
    closed = promotion(weekdays=[7], stores=["0009"], first_purchase=True, birthday_days=1, hour_from=20)
    assert list(obstacles(closed, occasion())) == ["hours", "weekdays", "stores", "birthday_days", "first_purchase"]
