"""Making promotions and running them: what is refused and how, what the journal keeps, what stays as it was."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from loyalty.core import clock
from loyalty.core.errors import InvalidParameter
from loyalty.models import JournalEntry
from loyalty.services import promotions
from promos.errors import PromotionNotFound, PromotionStatusRefused, StoresUnknown
from promos.models import LivePeriod, Promotion
from tests.promos.marketing import MARKETER, draft, live, moscow

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("name", "value"), [
    ("name", ""), ("name", "x" * 81), ("name", "a\nb"), ("name", None),
    ("kind", "gift"), ("kind", None),
    ("value", Decimal(0)), ("value", Decimal(-1)), ("value", Decimal("1.001")), ("value", Decimal("NaN")),
    ("value", "10"), ("value", 10.0), ("value", Decimal("1000.01")),
    ("starts_at", "2026-03-02"), ("starts_at", None),
    ("starts_at", moscow(2026, 3, 2).replace(tzinfo=None)),
    ("ends_at", moscow(2020, 1, 1)),
    ("minimum_basket", Decimal("-0.01")), ("minimum_basket", None),
    ("categories", "tea"), ("categories", [""]), ("categories", [1]), ("categories", ["x" * 81]),
    ("categories", ["a\x00b"]), ("categories", {"tea": 1}), ("categories", [["tea"]]),
    ("skus", [None]), ("skus", ["s"] * 1001),
    ("stores", ["9999"]), ("stores", ["0001", "nowhere"]),
    ("weekdays", [0]), ("weekdays", [8]), ("weekdays", ["1"]), ("weekdays", [True]), ("weekdays", "123"),
    ("hour_from", "10"), ("hour_from", True), ("first_purchase", 1), ("stacks", "yes"), ("qualifies", None),
    ("birthday_days", -1), ("birthday_days", 61), ("birthday_days", Decimal(1)),
    ("customer_cap", Decimal(0)), ("customer_cap", Decimal(-5)), ("budget", Decimal(0)), ("budget", 100),
    ("colour", "red"),
])  # fmt: skip
def test_a_wrong_term_is_refused_by_its_name(name, value):
    with pytest.raises(InvalidParameter) as refused:
        draft(**{name: value})
    assert refused.value.data["name"] == name
    assert not Promotion.objects.exists()
    assert not JournalEntry.objects.filter(action="promotion.create").exists()


@pytest.mark.parametrize("hours", [(10, 10), (22, 6), (-1, 5), (0, 25)])
def test_hours_that_are_none_are_refused(hours):
    with pytest.raises(InvalidParameter) as refused:
        draft(hour_from=hours[0], hour_until=hours[1])
    assert refused.value.data["name"] == "hour_until"


@pytest.mark.parametrize("value", [Decimal(1), Decimal("0.99"), Decimal("100.01")])
def test_a_multiplier_is_above_one_and_not_absurd(value):
    with pytest.raises(InvalidParameter):
        draft(kind="multiplier", value=value)


def test_an_unknown_store_is_refused_with_what_to_do():
    with pytest.raises(StoresUnknown, match="No store has the code 0999"):
        draft(stores=["0001", "0999"])


def test_what_is_missing_is_named():
    with pytest.raises(InvalidParameter) as refused:
        promotions.create_promotion(MARKETER, {"name": "P", "kind": "fixed"}, "spring")
    assert refused.value.data["name"] == "value"


def test_lists_are_tidied_and_the_rest_means_everybody():
    made = Promotion.objects.get(pk=draft(categories=[" tea ", "tea", "Coffee"], weekdays=[7, 1, 7]).pk)
    assert (made.categories, made.weekdays) == (["tea", "Coffee"], [1, 7])
    assert (made.hour_from, made.hour_until, made.stacks, made.budget) == (0, 24, True, None)
    assert made.status == "draft"


def test_two_promotions_have_two_names():
    draft(name="Spring")
    with pytest.raises(InvalidParameter, match="Another promotion has this name"):
        draft(name="Spring")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_every_act_asks_why(reason):
    made = draft()
    acts = [
        lambda: draft_for(reason),
        lambda: promotions.change_promotion(MARKETER, made.pk, {"value": Decimal(5)}, reason),
        lambda: promotions.go_live(MARKETER, made.pk, reason),
        lambda: promotions.end(MARKETER, made.pk, reason),
    ]
    for act in acts:
        with pytest.raises(InvalidParameter) as refused:
            act()
        assert refused.value.data["name"] == "reason"
    made = Promotion.objects.get(pk=made.pk)
    assert (made.status, made.value) == ("draft", 10)


def draft_for(reason):
    terms = {"name": "Q", "kind": "fixed", "value": Decimal(1), "starts_at": clock.now()}
    return promotions.create_promotion(MARKETER, terms, reason)


def test_a_draft_changes_and_the_journal_keeps_both_values():
    made = draft(name="Tea", value=Decimal(5))
    promotions.change_promotion(MARKETER, made.pk, {"value": Decimal(7), "categories": ["tea"], "name": "Tea"}, "more")
    entry = JournalEntry.objects.get(action="promotion.change")
    assert entry.details == {"changes": {"value": ["5.00", "7"], "categories": [[], ["tea"]]}}
    assert (entry.target, entry.reason, entry.actor) == ("Tea", "more", "staff:olga")


def test_a_life_from_draft_to_end(story_clock):
    made = draft()
    for act, status in (("go_live", "live"), ("pause", "paused"), ("go_live", "live"), ("end", "ended")):
        story_clock.forward(hours=1)
        moved = getattr(promotions, act)(MARKETER, made.pk, f"because {act}")
        assert moved.status == status
    spans = [(each.began_at.hour, each.ended_at.hour) for each in LivePeriod.objects.order_by("id")]
    assert spans == [(10, 11), (12, 13)]  # in UTC: 13-14 and 15-16 in the shop
    told = JournalEntry.objects.filter(target=made.name).order_by("id").values_list("action", flat=True)
    assert list(told) == ["promotion.create", "promotion.go_live", "promotion.pause", "promotion.go_live",
                          "promotion.end"]  # fmt: skip


@pytest.mark.parametrize(("before", "refused"), [
    ([], ["pause"]),
    (["go_live"], ["go_live"]),
    (["go_live", "pause"], ["pause"]),
    (["go_live", "end"], ["go_live", "pause", "end"]),
    (["end"], ["go_live", "pause", "end"]),
])  # fmt: skip
def test_steps_that_a_status_does_not_allow(before, refused):
    made = draft()
    for act in before:
        getattr(promotions, act)(MARKETER, made.pk, "so")
    entries = JournalEntry.objects.count()
    for act in refused:
        with pytest.raises(PromotionStatusRefused) as error:
            getattr(promotions, act)(MARKETER, made.pk, "so")
        assert error.value.data["action"] == act
    assert JournalEntry.objects.count() == entries


def test_terms_stay_once_it_has_been_live():
    made = live()
    for step in (None, "pause", "end"):
        if step:
            getattr(promotions, step)(MARKETER, made.pk, "so")
        with pytest.raises(PromotionStatusRefused):
            promotions.change_promotion(MARKETER, made.pk, {"value": Decimal(99)}, "so")


@pytest.mark.parametrize("change", [{"value": 99}, {"ends_at": None, "starts_at": moscow(2020, 1, 1)},
                                    {"categories": ["tea"]}, {"budget": 5}])  # fmt: skip
def test_the_database_itself_keeps_the_terms_of_a_live_promotion(change):
    made = live()
    with pytest.raises(IntegrityError, match="terms of a promotion"), transaction.atomic():
        Promotion.objects.filter(pk=made.pk).update(**change)


def test_what_is_over_by_its_date_does_not_go_live_again():
    made = draft(ends_at=clock.now() + timedelta(hours=1))
    with clock.at(clock.now() + timedelta(hours=1)), pytest.raises(InvalidParameter) as refused:
        promotions.go_live(MARKETER, made.pk, "so")
    assert refused.value.data["name"] == "ends_at"


def test_a_promotion_that_is_not_there():
    for act in (promotions.go_live, promotions.pause, promotions.end):
        with pytest.raises(PromotionNotFound):
            act(MARKETER, 404, "so")
    with pytest.raises(PromotionNotFound):
        promotions.change_promotion(MARKETER, 404, {}, "so")


def test_a_server_whose_clock_is_behind_still_pauses(story_clock):
    made = live()
    story_clock.forward(seconds=-2)
    promotions.pause(MARKETER, made.pk, "so")
    period = LivePeriod.objects.get()
    assert period.ended_at == period.began_at
