"""Who leaves the programme gives up the points and the use of the card, and may come again; the books stay whole."""

from datetime import datetime
from decimal import Decimal

import pytest

from cards.errors import BlockReasonForbidden, CardStatusRefused, UnblockReasonForbidden
from cards.models import Card, CardStatus
from customers.errors import ContactMerged
from loyalty.core import actors, clock
from loyalty.core.errors import InvalidParameter
from loyalty.core.roles import Role
from loyalty.ledger import balances, invariants
from loyalty.ledger.accounts import Account
from loyalty.models import JournalEntry
from loyalty.services import adjustments, blocking, holding, membership, refunds
from loyalty.services.adjustments import Wanted
from loyalty.services.errors import BonusesOnHold, EnrolledAlready, NotEnrolled
from loyalty.services.holding import HoldCall
from tests.factories import CardFactory, ContactFactory
from tests.people.conftest import BOSS, MOSCOW, SENIOR, TILL, buy, jobs, merge, past, unmerge
from tiers import selectors as tiers
from tiers.models import Standing, StandingReason

OPERATOR = actors.staff("vera", "cc_operator")


def leave(contact_id: int, actor: actors.Actor = OPERATOR) -> None:
    membership.leave_programme(actor, Role(actor.role), contact_id, "she asked")
    assert invariants.broken() == []


def enrol(contact_id: int, actor: actors.Actor = OPERATOR) -> None:
    membership.enrol_contact(actor, Role(actor.role), contact_id, "she came again")
    assert invariants.broken() == []


def held(contact_id: int) -> tuple[Decimal, ...]:
    read = balances.read(contact_id, clock.now())
    return read.spendable, read.spendable_escrow, read.qualifying, read.qualifying_escrow, read.burned


def test_who_leaves_gives_up_what_could_be_spent_and_is_unenrolled(story_clock):
    card = CardFactory()
    buy(card, "R-1", "500.00")
    story_clock.forward(days=31)
    buy(card, "R-2", "100.00")
    leave(card.contact_id)
    assert held(card.contact_id) == (0, 0, 500, 100, 600)
    standing = tiers.standing_at(card.contact_id, clock.now(), MOSCOW)
    assert (standing.tier.rank, standing.reason) == (0, StandingReason.LEFT)
    assert Card.objects.get(pk=card.pk).status == CardStatus.BLOCKED
    with pytest.raises(CardStatusRefused):
        buy(card, "R-3")
    entry = JournalEntry.objects.get(action="contact.leave")
    assert (entry.contact_id, entry.reason, entry.details) == (
        card.contact_id, "she asked", {"points_given_up": "600.00"},
    )  # fmt: skip
    story_clock.forward(days=400)
    assert held(card.contact_id)[0] == 0
    assert invariants.broken() == []


def test_who_comes_again_begins_at_base_with_the_same_card_and_the_tier_this_year_earned(story_clock):
    card = CardFactory()
    buy(card, "R-1", "2500.00")
    story_clock.forward(days=31)
    buy(card, "R-2", "1.00")
    leave(card.contact_id)
    story_clock.forward(days=1)
    enrol(card.contact_id)
    assert tiers.standing_at(card.contact_id, clock.now(), MOSCOW).tier.name == "Silver"
    assert Card.objects.get(pk=card.pk).status == CardStatus.ACTIVE
    assert held(card.contact_id)[0] == 0
    assert buy(card, "R-3").accrued == 100
    reasons = Standing.objects.filter(contact=card.contact_id).order_by("id").values_list("reason", flat=True)
    assert list(reasons)[-3:] == ["left", "enrolled", "upgraded"]


def test_unblocking_after_refusal_enrols_again():
    card = CardFactory()
    leave(card.contact_id)
    blocking.unblock_card(OPERATOR, Role.CC_OPERATOR, number=card.number, reason_code=3)
    assert tiers.standing_at(card.contact_id, clock.now(), MOSCOW).tier.rank == 1


@pytest.mark.parametrize("door", ["unblocking", "enrolling"])
def test_points_of_a_year_that_is_over_lift_nobody_who_comes_again_before_the_job(story_clock, door):
    card = CardFactory()
    buy(card, "R-1", "2500.00")
    story_clock.set(datetime(2026, 12, 1, tzinfo=MOSCOW))
    jobs()
    leave(card.contact_id)
    story_clock.set(datetime(2027, 1, 10, tzinfo=MOSCOW))
    if door == "unblocking":
        blocking.unblock_card(OPERATOR, Role.CC_OPERATOR, number=card.number, reason_code=3)
    else:
        enrol(card.contact_id)
    assert past(card.contact_id)[-1] == ("Base", "enrolled", "2027-01-10", "")
    assert (held(card.contact_id)[2], invariants.broken()) == (0, [])


def test_goods_that_come_back_later_bring_no_points_to_who_left(story_clock):
    card = CardFactory()
    buy(card, "R-1", "500.00")
    story_clock.forward(days=31)
    buy(card, "R-2", "100.00", paid="40.00")
    leave(card.contact_id)
    returned = refunds.cancel(TILL, "R-2")
    assert returned.restored == 40
    assert held(card.contact_id)[:2] == (0, 0)
    refunds.cancel(TILL, "R-1")
    # What was given up is not taken a second time: no debt.
    assert held(card.contact_id)[:2] == (0, 0)
    assert invariants.broken() == []


def test_a_debt_is_not_shed_by_leaving(story_clock):
    card = CardFactory()
    buy(card, "R-1", "500.00")
    story_clock.forward(days=31)
    buy(card, "R-2", "400.00", paid="200.00")
    refunds.cancel(TILL, "R-1")
    leave(card.contact_id)
    assert held(card.contact_id)[0] == -200
    enrol(card.contact_id)
    assert held(card.contact_id)[0] == -200


def test_leaving_asks_for_a_reason_a_right_and_a_till_that_has_finished():
    card = CardFactory()
    with pytest.raises(InvalidParameter):
        membership.leave_programme(OPERATOR, Role.CC_OPERATOR, card.contact_id, " ")
    with pytest.raises(BlockReasonForbidden):
        leave(card.contact_id, SENIOR)
    with pytest.raises(NotEnrolled):
        leave(ContactFactory().pk)
    with pytest.raises(EnrolledAlready):
        enrol(card.contact_id)
    leave(card.contact_id)
    with pytest.raises(NotEnrolled):
        leave(card.contact_id)
    with pytest.raises(NotEnrolled):
        adjustments.ask(OPERATOR, Wanted("k-1", card.contact_id, Account.SPENDABLE, Decimal(5), "a gift"))


def test_a_hold_keeps_the_customer_until_the_till_has_finished(story_clock):
    card = CardFactory()
    buy(card, "R-1", "500.00")
    story_clock.forward(days=31)
    holding.hold(TILL, HoldCall("R-2", card.number, "", Decimal(200), Decimal(100)))
    with pytest.raises(BonusesOnHold):
        leave(card.contact_id)


def test_what_an_administrator_blocked_an_operator_does_not_restore():
    card = CardFactory()
    leave(card.contact_id, BOSS)
    with pytest.raises(UnblockReasonForbidden):
        enrol(card.contact_id)
    assert tiers.standing_at(card.contact_id, clock.now(), MOSCOW).tier.rank == 0
    enrol(card.contact_id, BOSS)
    assert Card.objects.get(pk=card.pk).status == CardStatus.ACTIVE


def test_leaving_is_no_way_off_the_black_list():
    card = CardFactory()
    blocking.block_card(BOSS, Role.DIRECTOR, number=card.number, reason_code=2)
    leave(card.contact_id)
    enrol(card.contact_id)
    assert Card.objects.get(pk=card.pk).status == CardStatus.BLOCKED


def test_who_was_merged_neither_leaves_nor_joins():
    stays, goes = CardFactory().contact_id, CardFactory().contact_id
    merge(stays, goes)
    with pytest.raises(ContactMerged):
        leave(goes)
    with pytest.raises(ContactMerged):
        enrol(goes)


def test_leaving_between_a_merge_and_its_undoing_costs_who_went_nothing(story_clock):
    mine, theirs = CardFactory(), CardFactory()
    buy(mine, "R-1", "300.00")
    buy(theirs, "R-2", "500.00")
    story_clock.forward(days=31)
    buy(theirs, "R-3", "70.00")
    merged = merge(mine.contact_id, theirs.contact_id)
    leave(mine.contact_id)
    assert held(mine.contact_id)[:2] == (0, 0)
    unmerge(merged)
    assert held(theirs.contact_id)[:2] == (500, 70)
    assert held(mine.contact_id)[:2] == (0, 0)
    assert tiers.standing_at(mine.contact_id, clock.now(), MOSCOW).tier.rank == 0
    assert tiers.standing_at(theirs.contact_id, clock.now(), MOSCOW).tier.rank == 1
