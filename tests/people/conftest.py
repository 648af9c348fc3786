"""People who act upon other people, and what a person is made of."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from cards.models import Card
from loyalty.core import actors, clock
from loyalty.core.roles import Role
from loyalty.ledger import invariants
from loyalty.models import Merge
from loyalty.services import merging, points, purchases, unmerging, year_end
from loyalty.services.purchases import Sale
from promos.basket import Line
from tiers.models import Standing

MOSCOW = ZoneInfo("Europe/Moscow")
TILL = actors.client("till-1", "till", "cash_desk")
BOSS = actors.staff("olga", "administrator")
BEAT = actors.system("beat")
SENIOR = actors.staff("petr", "senior_employee")


def merge(stays: int, goes: int, actor: actors.Actor = BOSS) -> Merge:
    merged = merging.merge_contacts(actor, Role(actor.role), stays, goes, "one person")
    assert invariants.broken() == []
    return merged


def unmerge(merged: Merge, actor: actors.Actor = BOSS) -> Merge:
    undone = unmerging.unmerge_contacts(actor, Role(actor.role), merged.pk, "two people")
    assert invariants.broken() == []
    return undone


def buy(card: Card, purchase_id: str, amount: str = "100.00", paid: str = "0.00") -> purchases.Credited:
    lines = (Line(Decimal(amount), sku="1", name="Tea"),)
    sale = Sale(purchase_id, card.number, "", clock.now(), "0001", Decimal(amount), lines, bonuses_to_pay=Decimal(paid))
    return purchases.add_purchase(TILL, sale)


def holder(card: Card) -> int:
    assert card.contact_id is not None
    return card.contact_id


def kept(card: Card) -> Card:
    return Card.objects.get(contact=card.contact_id, blocked_for_good=False)


def past(contact_id: int) -> list[tuple[str, str, str, str]]:
    """Tier, why, from when and until when it lasts, of every standing."""
    rows = Standing.objects.filter(contact=contact_id).select_related("tier").order_by("entered_at", "id")
    return [(each.tier.name, each.reason, _day(each.entered_at), _day(each.ends_at)) for each in rows]


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone(MOSCOW):%Y-%m-%d}" if moment else ""


def jobs() -> None:
    points.roll_over_escrow(BEAT)
    year_end.assess_due(BEAT)


@pytest.fixture(autouse=True)
def _clock(story_clock: object, db: None) -> None:
    """Everything here happens from Monday, 2 March 2026 on."""
