"""A request that nobody could approve any more does not stay in the queue for ever."""

import itertools
from decimal import Decimal

import pytest

from loyalty.core import actors, clock
from loyalty.core.roles import Role
from loyalty.ledger import balances, invariants
from loyalty.ledger.accounts import Account
from loyalty.ledger.guards import ERASED
from loyalty.models import AdjustmentRequest, JournalEntry
from loyalty.services import adjustments, erasure, membership
from loyalty.services.adjustments import Wanted
from loyalty.services.errors import AdjustmentDecided, NotEnrolled
from tests.factories import CardFactory
from tests.people.conftest import BOSS, buy, merge, unmerge

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]

VERA = actors.staff("vera", "cc_operator")
OLGA = actors.staff("olga", "director")
ROOT = actors.staff("root", "administrator")
_keys = itertools.count(1)


@pytest.fixture
def person(story_clock) -> int:
    card = CardFactory()
    buy(card, "R-1", "5000.00")
    story_clock.forward(days=31)
    return int(card.contact_id)


def ask(contact_id: int, points: int, account: Account = Account.SPENDABLE, *, owing: bool = False) -> int:
    wanted = Wanted(f"form-{next(_keys)}", contact_id, account, Decimal(points), "the parcel came late", owing)
    request = adjustments.ask(ROOT if owing else VERA, wanted)
    assert request.status == "requested"
    return int(request.pk)


def leave(contact_id: int) -> None:
    membership.leave_programme(BOSS, Role.ADMINISTRATOR, contact_id, "she asked")


def fate(request_id: int) -> tuple[str, str]:
    request = AdjustmentRequest.objects.get(pk=request_id)
    return request.status, request.note


@pytest.mark.parametrize(("points", "account"), [
    (2000, Account.SPENDABLE), (2000, Account.QUALIFYING), (-2000, Account.SPENDABLE),
])  # fmt: skip
def test_what_cannot_be_approved_for_who_has_left_ends_with_the_leaving(person, points, account):
    request = ask(person, points, account)
    leave(person)
    assert fate(request) == ("withdrawn", "The customer has left the programme.")
    entry = JournalEntry.objects.get(action="adjustment.withdraw")
    assert (entry.actor, entry.contact_id, entry.target) == (str(BOSS), person, f"adjustment {request}")
    assert (entry.reason, entry.details["maker"]) == ("The customer has left the programme.", "staff:vera")
    with pytest.raises(AdjustmentDecided):
        adjustments.approve(OLGA, request)
    # Who comes back begins anew: the request does not.
    membership.enrol_contact(BOSS, Role.ADMINISTRATOR, person, "again")
    assert fate(request)[0] == "withdrawn"


def test_tier_points_to_take_and_a_debt_to_book_are_decided_although_their_person_has_left(person):
    fewer, debt = ask(person, -2000, Account.QUALIFYING), ask(person, -3000, owing=True)
    leave(person)
    for request in (fewer, debt):
        assert adjustments.approve(OLGA, request).status == "posted"
    held = balances.read(person, clock.now())
    assert (held.spendable, held.qualifying) == (-3000, 3000)
    assert invariants.broken() == []


def test_nobody_waits_for_points_to_who_has_left(person):
    leave(person)
    with pytest.raises(NotEnrolled):
        ask(person, 2000)
    assert not AdjustmentRequest.objects.exists()


def test_an_erasure_ends_whatever_waits_and_the_journal_says_so(person):
    requests = [ask(person, 2000), ask(person, -2000, Account.QUALIFYING)]
    code = AdjustmentRequest.objects.get(pk=requests[0]).contact.code
    erasure.erase_contact(BOSS, Role.ADMINISTRATOR, person, "a written request", confirmed=code)
    assert [fate(each) for each in requests] == [("withdrawn", ERASED)] * 2
    assert JournalEntry.objects.filter(action="adjustment.withdraw", reason=ERASED).count() == 2


def test_a_request_of_who_was_merged_away_is_approved_for_who_stays(person):
    other = CardFactory().contact_id
    kept, parted = ask(person, 2000), ask(person, 3000)
    merged = merge(other, person)
    adjustments.approve(OLGA, kept)
    assert balances.read(other, clock.now()).spendable == 7000
    unmerge(merged)
    adjustments.approve(OLGA, parted)
    assert balances.read(person, clock.now()).spendable == 8000
    assert balances.read(other, clock.now()).spendable == 2000


def test_leaving_while_two_were_one_ends_what_the_other_had_asked_for_also_once_they_are_two(person):
    other = CardFactory().contact_id
    request = ask(person, 2000)
    merged = merge(other, person)
    leave(other)
    unmerge(merged)
    assert fate(request)[0] == "withdrawn"


def test_who_had_left_before_a_merge_and_has_again_once_it_is_undone_keeps_no_request_that_waits(person):
    """Together they took part by the other's standing; the request was made then."""
    other = CardFactory().contact_id
    leave(person)
    merged = merge(person, other)
    request = ask(person, 2000)
    unmerge(merged)
    assert fate(request)[0] == "withdrawn"
