"""Adjustments by people: small ones at once, larger ones by two, each with a reason and a line in the journal."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from customers.models import Contact, ContactStatus
from loyalty.core import actors, clock
from loyalty.core.errors import (
    InsufficientPoints,
    InvalidParameter,
    OperationConflict,
    PermissionRefused,
)
from loyalty.ledger import balances
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import Lot, Operation
from loyalty.models import AdjustmentRequest, AdjustmentUse, JournalEntry, Program
from loyalty.services import adjustments
from loyalty.services.adjustments import Wanted
from loyalty.services.errors import AdjustmentDecided, OwnAdjustment
from tests.conftest import MOSCOW, MovingClock
from tests.factories import ContactFactory, StandingFactory
from tests.ledger import books

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]

VERA = actors.staff("vera", "cc_operator")
OLGA = actors.staff("olga", "director")
ROOT = actors.staff("root", "administrator")
_keys = count(1)


def wanted(contact: int, amount: Any, **given: Any) -> Wanted:
    values = {"key": f"form-{next(_keys)}", "account": Account.SPENDABLE, "reason": "the parcel came late"} | given
    return Wanted(contact_id=contact, amount=Decimal(str(amount)), **values)


def ask(contact: int, amount: Any, actor: actors.Actor = VERA, **given: Any) -> AdjustmentRequest:
    return adjustments.ask(actor, wanted(contact, amount, **given))


@pytest.fixture
def contact() -> int:
    return int(StandingFactory().contact_id)


def spendable(contact: int) -> Decimal:
    return books.read(contact).spendable


def test_a_small_adjustment_is_posted_at_once(contact: int) -> None:
    request = ask(contact, "1000.00")
    assert (request.status, request.maker, request.checker) == ("posted", "staff:vera", "")
    operation = Operation.objects.get(pk=request.operation_id)
    # What a person typed stands with the request, never in the books: they are never rewritten, not even to erase.
    assert (operation.kind, operation.actor, operation.reason) == ("adjustment", "staff:vera", adjustments.IN_THE_BOOKS)
    assert (request.reason, operation.cause) == ("the parcel came late", f"adjustment:{request.pk}")
    # Spendable points expire by the policy: twelve months, end of that month.
    assert Lot.objects.get().expires_at == datetime(2027, 4, 1, tzinfo=MOSCOW)
    entry = JournalEntry.objects.get(action="adjustment.post")
    assert (entry.contact_id, entry.reason) == (contact, "the parcel came late")
    assert entry.details == {"account": "Spendable", "amount": "1000.00", "maker": "staff:vera"}
    assert spendable(contact) == 1000
    books.assert_laws_hold()


def test_one_above_the_limit_waits_for_a_second_person(contact: int) -> None:
    request = ask(contact, "1000.01")
    assert (request.status, spendable(contact)) == ("requested", 0)
    assert not AdjustmentUse.objects.exists()
    done = adjustments.approve(OLGA, request.pk, "seen the parcel")
    assert (done.status, done.checker, done.note) == ("posted", "staff:olga", "seen the parcel")
    assert Operation.objects.get(pk=done.operation_id).actor == "staff:olga"
    assert spendable(contact) == Decimal("1000.01")
    actions = JournalEntry.objects.filter(action__startswith="adjustment").order_by("id")
    assert list(actions.values_list("action", "actor")) == [
        ("adjustment.request", "staff:vera"), ("adjustment.approve", "staff:olga"),
    ]  # fmt: skip


def test_giving_and_taking_count_together_against_the_day_of_the_person(contact: int, story_clock: MovingClock) -> None:
    Program.objects.update(adjustment_alone=300, adjustment_alone_daily=700)
    other = StandingFactory().contact_id
    assert [ask(contact, 300).status, ask(contact, -300).status] == ["posted", "posted"]
    assert ask(other, "100.01").status == "requested"
    assert ask(other, 100).status == "posted"
    assert ask(contact, "0.01").status == "requested"
    assert ask(contact, 300, ROOT).status == "posted"
    assert AdjustmentUse.objects.get(person="staff:vera").amount == 700
    # Midnight in Moscow, not in Greenwich.
    story_clock.set(datetime(2026, 3, 2, 23, 59, tzinfo=MOSCOW))
    assert ask(contact, 1).status == "requested"
    story_clock.set(datetime(2026, 3, 3, 0, 0, tzinfo=MOSCOW))
    assert ask(contact, 1).status == "posted"


def test_what_a_second_person_approves_counts_against_nobodys_day(contact: int) -> None:
    for _ in range(7):
        adjustments.approve(OLGA, ask(contact, 1001).pk)
    assert not AdjustmentUse.objects.exists()
    assert ask(contact, 1000).status == "posted"


def test_a_refusal_leaves_the_day_untouched(contact: int) -> None:
    with pytest.raises(InsufficientPoints):
        ask(contact, -1)
    assert not AdjustmentUse.objects.exists()
    assert not AdjustmentRequest.objects.exists()


def test_nobody_decides_their_own_request(contact: int) -> None:
    request = ask(contact, 5000, OLGA)
    for decide in (adjustments.approve, adjustments.refuse):
        with pytest.raises(OwnAdjustment):
            decide(OLGA, request.pk, "it is fine")
    with pytest.raises(IntegrityError, match="adjustment_checked_by_another"), transaction.atomic():
        AdjustmentRequest.objects.filter(pk=request.pk).update(
            status="refused", checker="staff:olga", decided_at=clock.now()
        )


@pytest.mark.parametrize(
    "change",
    [
        {"status": "posted", "decided_at": datetime(2026, 3, 2, tzinfo=MOSCOW), "checker": "staff:x"},
        {"status": "refused", "decided_at": datetime(2026, 3, 2, tzinfo=MOSCOW)},
        {"status": "withdrawn", "decided_at": None},
        {"operation_id": 7},
    ],
)
def test_a_decision_is_whole(contact: int, change: dict[str, Any]) -> None:
    request = ask(contact, 5000)
    with pytest.raises(IntegrityError, match="adjustment_decision"), transaction.atomic():
        AdjustmentRequest.objects.filter(pk=request.pk).update(**change)


def test_a_request_is_decided_once_and_never_deleted(contact: int) -> None:
    first, second, third = (ask(contact, 5000) for _ in range(3))
    adjustments.refuse(OLGA, first.pk, "no")
    adjustments.withdraw(VERA, second.pk, "a mistake")
    adjustments.approve(OLGA, third.pk)
    for request in (first, second, third):
        for decide in (adjustments.approve, adjustments.refuse):
            with pytest.raises(AdjustmentDecided):
                decide(ROOT, request.pk, "so")
        with pytest.raises(AdjustmentDecided):
            adjustments.withdraw(VERA, request.pk, "so")
    assert spendable(contact) == 5000
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        first.delete()
    statuses = dict(AdjustmentRequest.objects.values_list("pk", "status"))
    assert statuses == {first.pk: "refused", second.pk: "withdrawn", third.pk: "posted"}


def test_only_its_maker_withdraws_a_request(contact: int) -> None:
    request = ask(contact, 5000)
    with pytest.raises(PermissionRefused):
        adjustments.withdraw(ROOT, request.pk, "so")


def test_a_request_whose_points_were_spent_meanwhile_is_refused_in_clear_words_and_still_waits(contact: int) -> None:
    books.adjust(contact, 2000)
    request = ask(contact, -1500)
    books.spend(contact, 600)
    with pytest.raises(InsufficientPoints) as refused:
        adjustments.approve(OLGA, request.pk)
    assert refused.value.data == {"available": 1400}
    assert AdjustmentRequest.objects.get().status == "requested"
    assert spendable(contact) == 1400


def test_what_cannot_be_taken_is_not_even_asked_for(contact: int) -> None:
    books.adjust(contact, 2000)
    books.hold(contact, 600)
    with pytest.raises(InsufficientPoints) as refused:
        ask(contact, -1500)
    assert refused.value.data == {"available": 1400}
    with pytest.raises(InsufficientPoints):
        ask(contact, -1500, account=Account.QUALIFYING)


def test_a_debt_is_left_by_an_administrator_only(contact: int) -> None:
    with pytest.raises(PermissionRefused):
        ask(contact, -10, may_owe=True)
    with pytest.raises(PermissionRefused):
        ask(contact, -10, OLGA, may_owe=True)
    assert ask(contact, -10, ROOT, may_owe=True).status == "posted"
    request = ask(contact, -2000, ROOT, may_owe=True)
    adjustments.approve(OLGA, request.pk)
    assert spendable(contact) == -2010
    assert ask(contact, 10).status == "posted"
    assert spendable(contact) == -2000
    books.assert_laws_hold()


def test_qualifying_points_lift_the_tier_at_once_and_what_was_due_counts(
    contact: int, story_clock: MovingClock
) -> None:
    books.earn(contact, 0, qualifying=1500)
    story_clock.forward(days=31)
    request = ask(contact, 500, account=Account.QUALIFYING)
    standing = Contact.objects.get(pk=contact).standings.get(left_at=None)
    assert (standing.tier.name, standing.entered_at) == ("Silver", clock.now())
    assert books.booked(contact).qualifying == 2000
    assert request.status == "posted"
    # Taken back, the tier stays until its normal assessment.
    ask(contact, -500, account=Account.QUALIFYING)
    assert Contact.objects.get(pk=contact).standings.get(left_at=None).tier.name == "Silver"


def test_whoever_gets_points_first_by_hand_is_enrolled(story_clock: MovingClock) -> None:
    newcomer = ContactFactory(new=True)
    ask(newcomer.pk, 5)
    newcomer = Contact.objects.get(pk=newcomer.pk)
    assert newcomer.status == ContactStatus.ACTIVE
    assert newcomer.standings.get().tier.name == "Base"


def test_a_button_pressed_twice_asks_once(contact: int) -> None:
    form = wanted(contact, 10)
    first, again = adjustments.ask(VERA, form), adjustments.ask(VERA, form)
    assert (first.pk, spendable(contact)) == (again.pk, 10)
    with pytest.raises(OperationConflict):
        adjustments.ask(VERA, replace(form, amount=Decimal(11)))
    big = wanted(contact, 5000)
    assert adjustments.ask(VERA, big).pk == adjustments.ask(VERA, big).pk


@pytest.mark.parametrize(
    ("amount", "given", "error"),
    [
        (0, {}, InvalidParameter),
        ("0.001", {}, InvalidParameter),
        ("10000000000", {}, InvalidParameter),
        (1, {"reason": "  "}, InvalidParameter),
        (1, {"account": Account.SPENDABLE_ESCROW}, InvalidParameter),
        (1, {"account": Account.BURNED}, InvalidParameter),
        (1, {"may_owe": True}, InvalidParameter),
        (-1, {"may_owe": True, "account": Account.QUALIFYING}, InvalidParameter),
    ],
)
def test_what_makes_no_sense_is_refused(contact: int, amount: Any, given: dict[str, Any], error: type) -> None:
    with pytest.raises(error):
        ask(contact, amount, ROOT, **given)
    assert not AdjustmentRequest.objects.exists()


def test_holds_and_expired_points_are_left_alone(contact: int, story_clock: MovingClock) -> None:
    books.adjust(contact, 100, expires_at=story_clock.moment.replace(month=4))
    books.adjust(contact, 40)
    story_clock.forward(days=60)
    books.hold(contact, 30)
    with pytest.raises(InsufficientPoints) as refused:
        ask(contact, -11, ROOT, may_owe=True)
    assert refused.value.data == {"available": 10}
    ask(contact, -10)
    assert balances.read(contact, clock.now()).burned == 100
    books.assert_laws_hold()


def test_the_counter_takes_one_statement(contact: int, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        adjustments._count_alone("staff:x", clock.now().date(), Decimal(5), Decimal(5))
    with connection.cursor() as cursor:
        cursor.execute("SELECT amount FROM loyalty_adjustmentuse")
        assert cursor.fetchall() == [(Decimal("5.00"),)]
