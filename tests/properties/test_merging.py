"""Any two histories, merged, lived on and taken apart: each has his own, and not a point was made or lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from cards.models import Card
from customers.models import Contact
from loyalty.core import actors, clock
from loyalty.core.roles import Role
from loyalty.ledger import balances, history, invariants
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import Lot
from loyalty.models import Purchase, PurchaseStatus
from loyalty.services import expiry, membership, merging, points, purchases, refunds, unmerging, year_end
from loyalty.services.purchases import Sale
from tests.factories import CardFactory
from tests.properties.paper import MOSCOW
from tiers import rules
from tiers import selectors as tiers
from tiers.models import Standing

TILL = actors.client("till-1", "till", "cash_desk")
BOSS = actors.staff("olga", "administrator")
START = datetime(2026, 3, 2, 12, 0, tzinfo=MOSCOW)
JOBS = (points.roll_over_escrow, year_end.assess_due, expiry.expire_points)

amounts = st.integers(100, 300_000)
buys = st.tuples(st.just("buy"), amounts, st.sampled_from([0, 0, 1, 29, 30, 31, 200]))
spends = st.tuples(st.just("spend"), st.floats(0.05, 1.0), st.just(0))
returns = st.tuples(st.just("cancel"), st.integers(0, 9), st.just(0))
waits = st.tuples(st.just("wait"), st.sampled_from([0, 1, 15, 30, 31, 60, 366, 500]), st.just(0))
jobs = st.tuples(st.just("job"), st.just(0), st.just(0))
histories = st.lists(st.one_of(buys, buys, spends, returns, waits), min_size=1, max_size=6)
lives = st.lists(st.one_of(buys, spends, returns, waits, waits, jobs), max_size=7)
own_lives = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), amounts, st.just(0)),
        st.tuples(st.just("give back"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("absence"), st.integers(1, 40), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 31, 200, 366]), st.just(0)),
        st.tuples(st.just("job"), st.integers(0, 2), st.just(0)),
    ),
    max_size=9,
)


@dataclass
class World:
    """A shop with a clock of its own."""

    now: datetime = START
    receipts: int = 0

    def set(self, moment: datetime) -> None:
        self.now = moment
        clock._fixed.set(moment)

    def act(self, card: Card, kind: str, much: float, ago: int) -> None:
        card = Card.objects.get(pk=card.pk)
        assert card.contact_id is not None
        if kind == "wait":
            self.set(self.now + timedelta(days=int(much)))
        elif kind == "job":
            JOBS[int(much)](actors.system("beat"))
        elif kind == "absence":
            self.stay_away(card.contact_id, int(much))
        elif kind == "give back":
            own = Purchase.objects.filter(card=card, status=PurchaseStatus.COMPLETED).order_by("id")
            for purchase in list(own)[int(much) : int(much) + 1]:
                refunds.cancel(TILL, purchase.purchase_id)
        elif kind == "cancel":
            own = Purchase.objects.filter(contact=card.contact_id, status=PurchaseStatus.COMPLETED).order_by("id")
            chosen = list(own)[int(much) : int(much) + 1]
            for purchase in chosen:
                refunds.cancel(TILL, purchase.purchase_id)
        else:
            self.buy(card, kind, much, ago)

    def stay_away(self, contact_id: int, days: int) -> None:
        """Leave the programme, and join again after some days."""
        membership.leave_programme(BOSS, Role.ADMINISTRATOR, contact_id, "enough of it")
        self.set(self.now + timedelta(days=days))
        membership.enrol_contact(BOSS, Role.ADMINISTRATOR, contact_id, "back again")

    def buy(self, card: Card, kind: str, much: float, ago: int) -> None:
        paid = Decimal(0)
        amount = Decimal(int(much)).scaleb(-2)
        if kind == "spend":
            available = balances.read(card.contact_id or 0, self.now).available
            paid = (available * Decimal(str(round(much, 2)))).quantize(Decimal("0.01"))
            amount = paid * 2 + 1
        self.receipts += 1
        moment = self.now - timedelta(days=ago)
        purchases.add_purchase(
            TILL, Sale(f"r-{self.receipts}", card.number, "", moment, "0001", amount, bonuses_to_pay=paid)
        )


def began(moment: datetime | None = None) -> datetime:
    """When the year of qualification began."""
    return rules.year_began(moment or clock.now(), MOSCOW)


def tier_of(contact_id: int) -> Any:
    """The tier, since when and until when, as the clock decides it."""
    found = tiers.standing_at(contact_id, clock.now(), MOSCOW)
    return found and (found.tier.name, found.entered_at, found.ends_at, found.reason)


def everything(contact_id: int) -> Any:
    """All that can be said of a contact."""
    now = clock.now()
    points.roll_over_escrow(actors.system("beat"))
    with transaction.atomic():
        points.settle_fully(contact_id, actors.system("beat"), MOSCOW)
    read = balances.read(contact_id, now, since=began())
    lots = Lot.objects.filter(contact_id=contact_id, remaining__gt=0).order_by("id")
    return (
        tier_of(contact_id), read.burned, read.expiring,
        [(each.account, each.amount, each.lifetime) for each in read.accounts],
        balances.portions(contact_id, now),
        [(lot.pk, lot.remaining, lot.expires_at, lot.landed is None) for lot in lots],
        list(Card.objects.filter(contact=contact_id).order_by("id").values("id", "status", "blocked_for_good")),
        list(Purchase.objects.filter(contact=contact_id).order_by("id").values("id", "status", "returned")),
        list(Contact.objects.filter(pk=contact_id).values("phone", "status", "email", "surname", "merged_into")),
    )  # fmt: skip


def standing(contact_id: int) -> Any:
    return list(Standing.objects.filter(contact=contact_id).order_by("id").values("tier", "entered_at", "ends_at"))


def sums(*contacts: int) -> tuple[Decimal, Decimal]:
    """Spendable points wherever they are, burned ones too, and tier-qualifying ones."""
    reads = [balances.read(each, clock.now(), since=began()) for each in contacts]
    return (
        sum((each.spendable + each.spendable_escrow + each.burned for each in reads), Decimal(0)),
        sum((each.qualifying + each.qualifying_escrow for each in reads), Decimal(0)),
    )


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside did not happen."""
    block = transaction.atomic()
    block._from_testcase = True
    block.__enter__()
    fixed = clock._fixed.get()
    try:
        yield
    finally:
        transaction.set_rollback(True)
        block.__exit__(None, None, None)
        clock._fixed.set(fixed)


@pytest.mark.django_db
@given(first=histories, second=histories, since=lives)
@settings(max_examples=settings().max_examples // 3)
def test_whoever_went_comes_back_as_the_clock_says(first: list[Any], second: list[Any], since: list[Any]) -> None:
    with undone():
        live(first, second, since)


def live(first: list[Any], second: list[Any], since: list[Any]) -> None:
    world = World()
    world.set(START)
    stays, goes = CardFactory(), CardFactory()
    for acts, card in ((first, stays), (second, goes)):
        for each in acts:
            world.act(card, *each)
    survivor, absorbed = stays.contact_id, goes.contact_id
    own = set(Purchase.objects.filter(contact=absorbed).values_list("pk", flat=True))
    days = sum(int(much) for kind, much, _ in since if kind == "wait")
    with undone():
        world_before, later = world.now, world.now + timedelta(days=days)
        world.set(later)
        alone = everything(absorbed)
        world.set(world_before)
    before = sums(survivor, absorbed)

    merged = merging.merge_contacts(BOSS, Role.ADMINISTRATOR, survivor, absorbed, "same person")
    assert invariants.broken() == []
    assert sums(survivor, absorbed) == before
    at_once_undone(merged.pk, survivor, absorbed)

    card = Card.objects.get(contact=survivor, blocked_for_good=False)
    for each in since:
        world.act(card, *each)
    earlier = world.now - timedelta(seconds=1)
    then = [history.as_of(each, earlier, since=began(earlier)) for each in (survivor, absorbed)]
    touched = Purchase.objects.filter(pk__in=own).exclude(pk__in=untouched(alone)).exists()
    together = sums(survivor, absorbed)
    unmerging.unmerge_contacts(BOSS, Role.ADMINISTRATOR, merged.pk, "two people")
    assert invariants.broken() == []
    assert sums(survivor, absorbed) == together
    # What was told of a moment before is told of it still, and what is told of this one is what everybody reads.
    assert [history.as_of(each, earlier, since=began(earlier)) for each in (survivor, absorbed)] == then
    for each in (survivor, absorbed):
        read = balances.read(each, clock.now(), since=began())
        told = history.as_of(each, clock.now(), since=began())
        assert (told.spendable, told.spendable_escrow) == (read.spendable, read.spendable_escrow)
        assert (told.qualifying, told.qualifying_escrow) == (read.qualifying, read.qualifying_escrow)
    if not touched:
        assert everything(absorbed) == alone


@pytest.mark.django_db
@given(first=histories, second=histories, since=own_lives)
@settings(max_examples=settings().max_examples // 3)
def test_whoever_stayed_is_what_he_would_be_alone(first: list[Any], second: list[Any], since: list[Any]) -> None:
    with undone():
        live_on(first, second, since)


def live_on(first: list[Any], second: list[Any], since: list[Any]) -> None:
    """The same life once with the other one's points, tier and year ends, and once without them."""
    world = World()
    world.set(START)
    # Of two cards the newer one is kept.
    goes, stays = CardFactory(), CardFactory()
    for acts, card in ((first, stays), (second, goes)):
        for each in acts:
            world.act(card, *each)
    survivor = stays.contact_id
    with undone():
        before, receipts = world.now, world.receipts
        live_through(world, stays, since)
        alone = whole(survivor, since)
        world.set(before)
        world.receipts = receipts
    merged = merging.merge_contacts(BOSS, Role.ADMINISTRATOR, survivor, goes.contact_id, "same person")
    live_through(world, stays, since)
    unmerging.unmerge_contacts(BOSS, Role.ADMINISTRATOR, merged.pk, "two people")
    assert invariants.broken() == []
    assert whole(survivor, since) == alone


def live_through(world: World, card: Card, acts: list[Any]) -> None:
    for each in acts:
        world.act(card, *each)


def whole(contact_id: int, since: list[Any]) -> Any:
    """The standings with their past and what counts for the tier; the points lot by lot, unless goods came back or
    points were given up meanwhile: of those the other one's may have paid, whatever the own ones were needed for later.

    Who was away has standings whose ids are nobody's but chance's.
    """
    kinds = {kind for kind, _, _ in since}
    told = everything(contact_id)
    names = ["tier", "entered_at", "left_at", "ends_at", "joined_at", "reason"]
    names += [] if "absence" in kinds else ["public_id"]
    past = Standing.objects.filter(contact=contact_id).order_by("entered_at", "id").values_list(*names)
    accounts = {account: (amount, ever) for account, amount, ever in told[3]}
    if kinds & {"give back", "absence"}:
        return list(past), accounts[Account.QUALIFYING], accounts[Account.QUALIFYING_ESCROW]
    lots = sorted((remaining, str(ends), escrow) for _, remaining, ends, escrow in told[5])
    return list(past), accounts, told[1], told[2], lots


def untouched(alone: Any) -> list[int]:
    """The purchases that stand as they would have stood."""
    kept = {each["id"]: each["status"] for each in alone[7]}
    now = Purchase.objects.filter(pk__in=kept).values_list("pk", "status")
    return [pk for pk, status in now if kept[pk] == status]


def at_once_undone(merge_id: int, survivor: int, absorbed: int) -> None:
    with undone():
        unmerging.unmerge_contacts(BOSS, Role.ADMINISTRATOR, merge_id, "a mistake")
        apart = everything(survivor), everything(absorbed), standing(survivor), standing(absorbed)
        again = merging.merge_contacts(BOSS, Role.ADMINISTRATOR, survivor, absorbed, "same person")
        unmerging.unmerge_contacts(BOSS, Role.ADMINISTRATOR, again.pk, "a mistake again")
        assert (everything(survivor), everything(absorbed), standing(survivor), standing(absorbed)) == apart
        assert invariants.broken() == []
