"""People who act upon other people, and what a person is made of."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from cards.models import Card
from loyalty.core import actors, clock
from loyalty.core.roles import Role
from loyalty.ledger import invariants
from loyalty.models import Merge
from loyalty.services import merging, purchases, unmerging
from loyalty.services.purchases import Sale
from promos.basket import Line

MOSCOW = ZoneInfo("Europe/Moscow")
TILL = actors.client("till-1", "till", "cash_desk")
BOSS = actors.staff("olga", "administrator")
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


@pytest.fixture(autouse=True)
def _clock(story_clock: object, db: None) -> None:
    """Everything here happens from Monday, 2 March 2026 on."""
