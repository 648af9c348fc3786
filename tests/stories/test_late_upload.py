"""A till was offline, and meanwhile the card was lost, replaced, given up: an honest sale keeps its points."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from cards.errors import CardNotFound, CardStatusRefused
from cards.models import Card
from loyalty.core import actors, clock
from loyalty.core.roles import Role
from loyalty.models import Purchase
from loyalty.services import erasure, membership, refunds
from loyalty.services.blocking import block_card
from loyalty.services.merging import merge_contacts
from loyalty.services.replacement import replace_card
from loyalty.services.unmerging import unmerge_contacts
from promos.models import Promotion
from tests.conftest import MovingClock
from tests.factories import CardFactory
from tests.promos.marketing import live
from tests.receipts.scanning import TILL, add, points, sell

pytestmark = pytest.mark.django_db
BOSS = actors.staff("olga", "administrator")


@pytest.fixture
def card() -> Card:
    made: Card = CardFactory()
    return made


def upload(card: Card, bought_at: datetime, **given: Any) -> Decimal:
    """The till's line is back: it sends what it sold then; return what it earned."""
    return add(sell(card, at=bought_at, offline=True, **given)).accrued


def holder(card: Card) -> int:
    assert card.contact_id is not None
    return card.contact_id


def replaced(card: Card) -> Card:
    return replace_card(BOSS, Role.ADMINISTRATOR, number=card.number, new_number=CardFactory(new=True).number).new


def test_sold_before_the_card_was_replaced(card: Card, story_clock: MovingClock) -> None:
    morning = story_clock.moment
    story_clock.forward(hours=6)
    new = replaced(card)
    story_clock.forward(hours=1)
    assert upload(card, morning) == 1000
    assert points(new) == (0, 1000, 0, 1000)
    purchase = Purchase.objects.get()
    assert (purchase.card_id, purchase.contact_id) == (card.pk, holder(new))
    # The day after, somebody sells with the card that is no card any more.
    with pytest.raises(CardStatusRefused):
        upload(card, clock.now())
    refunds.cancel(TILL, purchase.purchase_id)
    assert points(new) == (0, 0, 0, 0)


def test_lost_then_replaced_counts_from_the_loss(card: Card, story_clock: MovingClock) -> None:
    before = story_clock.moment
    story_clock.forward(hours=1)
    block_card(BOSS, Role.ADMINISTRATOR, number=card.number, reason_code=0)
    lost = story_clock.forward(hours=1)
    story_clock.forward(hours=1)
    new = replaced(card)
    with pytest.raises(CardStatusRefused):
        upload(card, lost)
    assert upload(card, before) == 1000
    assert points(new) == (0, 1000, 0, 1000)


def test_given_up_by_a_merge_and_the_merge_undone(card: Card, story_clock: MovingClock) -> None:
    morning, stays = story_clock.moment, CardFactory()
    story_clock.forward(hours=1)
    merge = merge_contacts(BOSS, Role.ADMINISTRATOR, holder(stays), holder(card), "one person")
    given_up = next(each for each in (stays, card) if Card.objects.get(pk=each.pk).blocked_for_good)
    assert upload(given_up, morning, purchase_id="MERGED") == 1000
    assert points(stays) == (0, 1000, 0, 1000)
    story_clock.forward(hours=1)
    unmerge_contacts(BOSS, Role.ADMINISTRATOR, merge.pk, "two persons")
    assert upload(card, morning, purchase_id="PARTED") == 1000
    assert points(card) == (0, 1000, 0, 1000)


def test_who_has_left_wants_no_points_and_who_was_erased_is_nobody(card: Card, story_clock: MovingClock) -> None:
    morning = story_clock.moment
    story_clock.forward(hours=1)
    membership.leave_programme(BOSS, Role.ADMINISTRATOR, holder(card), "wants nothing")
    with pytest.raises(CardStatusRefused):
        upload(card, morning)
    code = card.contact.code
    erasure.erase_contact(BOSS, Role.ADMINISTRATOR, holder(card), "a written request", confirmed=code)
    with pytest.raises(CardNotFound):
        upload(card, morning)
    assert points(card) == (0, 0, 0, 0)


def test_of_two_uploads_with_the_old_card_and_the_new_one_is_the_first_purchase(
    card: Card, story_clock: MovingClock
) -> None:
    morning = story_clock.moment
    live(first_purchase=True, kind="fixed", value=Decimal(50), starts_at=morning)
    Promotion.objects.get().live_periods.update(began_at=morning)
    story_clock.forward(hours=1)
    new = replaced(card)
    assert [upload(new, clock.now()), upload(card, morning)] == [1050, 1000]
