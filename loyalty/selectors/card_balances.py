"""A card as a door shows it: two plain statements, because a queue waits for them (design.md, Choices, hot paths)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from cards import numbers
from cards import selectors as cards
from cards.errors import CardNotFound
from cards.models import CardStatus
from customers import identifiers
from customers.errors import ContactNotFound
from loyalty.core import clock
from loyalty.ledger import balances
from loyalty.ledger.balances import Balance
from loyalty.ledger.rounding import ZERO
from tiers import rules

_CARD = """
SELECT card.number, card.status, card.category, card.card_type, series.barcode, contact.id, contact.phone, contact.code,
    contact.surname, contact.first_name, contact.patronymic, program.zone, contact.status = 'blocked'
FROM {source} JOIN cards_cardseries series ON series.id = card.series_id, loyalty_program program
WHERE {where} AND program.id = 1
"""
_BY_NUMBER = _CARD.format(
    source="cards_card card LEFT JOIN customers_contact contact ON contact.id = card.contact_id",
    where="card.number = %(value)s AND contact.erased_at IS NULL",
)
# Of several cards the one not blocked, else the newest (specs/cash_desk.md, Methods).
_OF_CONTACT = _CARD + f"ORDER BY card.status = {CardStatus.BLOCKED.value}, card.bound_at DESC, card.id DESC LIMIT 1"
_HELD = "cards_card card JOIN customers_contact contact ON contact.id = card.contact_id"
# Who was merged is found as the contact he is now, who was erased not at all.
_NAMED = """contact.id = (
    SELECT coalesce(merged_into_id, id) FROM customers_contact WHERE {name} = %(value)s AND erased_at IS NULL)"""
_BY_PHONE = _OF_CONTACT.format(source=_HELD, where=_NAMED.format(name="phone"))
_BY_CODE = _OF_CONTACT.format(source=_HELD, where=_NAMED.format(name="code"))
_FROZEN = f"""
SELECT contact.status = 'blocked' OR NOT EXISTS (
    SELECT 1 FROM cards_card card WHERE card.contact_id = contact.id AND card.status <> {CardStatus.BLOCKED.value})
FROM customers_contact contact WHERE contact.id = %(value)s
"""


@dataclass(frozen=True, slots=True)
class CardBalance:
    """A card, its holder and the holder's points; while it belongs to nobody, no contact and no points."""

    number: str
    status: int
    category: int
    card_type: int
    barcode: str
    contact_id: int | None
    phone: str
    code: str
    name: str
    zone: ZoneInfo
    holder_blocked: bool
    points: Balance | None

    @property
    def frozen(self) -> bool:
        """Whether spendable points are frozen because the card is blocked, or the person."""
        return self.status == CardStatus.BLOCKED or self.holder_blocked


def by_number(text: str) -> CardBalance:
    """Return the card with a number. Raises CardNumberInvalid, CardNotFound."""
    number = text.strip()
    row = _read(_BY_NUMBER, number) if numbers.may_be_number(number) else None
    if row is None:
        # What a card may look like is asked only when none was found.
        numbers.read_number(number, cards.number_formats())
        raise CardNotFound()
    return _with_points(row)


def by_phone(text: str) -> CardBalance:
    """Return the card of the contact with a phone. Raises PhoneInvalid, ContactNotFound."""
    return _of_contact(_read(_BY_PHONE, identifiers.read_phone(text)), "phone")


def by_code(text: str) -> CardBalance:
    """Return the card of the contact with a code. Raises ContactCodeInvalid, ContactNotFound."""
    return _of_contact(_read(_BY_CODE, identifiers.read_code(text)), "code")


def spendable_now(contact_id: int) -> Decimal:
    """Return what a contact may spend at this moment: nothing while the card or the person is blocked (2 statements).

    What a till hears as `Balance` after a return or a hold (specs/cash_desk.md, Settled points).
    """
    [frozen] = _read(_FROZEN, contact_id)
    return ZERO if frozen else balances.read(contact_id, clock.now()).available


def _of_contact(row: Any, by: str) -> CardBalance:
    if row is None:
        raise ContactNotFound(by=by)
    return _with_points(row)


def _read(sql: str, value: str | int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"value": value})
        return cursor.fetchone()


def _with_points(row: Any) -> CardBalance:
    number, status, category, card_type, barcode, contact_id, phone, code, *names, zone_name, blocked = row
    zone, now = ZoneInfo(zone_name), clock.now()
    points = balances.read(contact_id, now, since=rules.year_began(now, zone)) if contact_id else None
    name = " ".join(part for part in names if part)
    return CardBalance(
        number,
        status,
        category,
        card_type,
        barcode,
        contact_id,
        phone or "",
        code or "",
        name,
        zone,
        bool(blocked),
        points,
    )
