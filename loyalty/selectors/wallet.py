"""What the wallet app sees: the customer's card, the points by date, the purchases (specs/koshelek.md, 1, 3, 5)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from cards import selectors as card_selectors
from cards.errors import CardUnbound, OnlyBlockedCard
from cards.models import Card, CardStatus
from customers import selectors as customers
from customers.errors import BirthDateFitsNone, SeveralContacts
from customers.models import Contact
from loyalty.core import clock
from loyalty.ledger import balances, expiry
from loyalty.ledger.rounding import ZERO
from loyalty.models import Program, PurchaseLine, PurchaseStatus
from loyalty.selectors import card_balances, cards, scanned_receipts
from loyalty.selectors.card_balances import CardBalance
from loyalty.selectors.returned_lines import ReturnedLine, returned_lines
from loyalty.selectors.scanned_receipts import Credited

HISTORY_LINES = 5000
NOBODY = 0
"""The id of no contact."""

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Search:
    """Whom to look for: an E.164 phone and an e-mail address ("" when not given), a birth date to choose by."""

    phone: str
    email: str
    birth_date: date | None


@dataclass(frozen=True, slots=True)
class DatedPoints:
    """Points that share a day in the retailer's zone: the last valid one (None: no end), for escrow its end."""

    amount: Decimal
    mature: bool
    day: date | None


@dataclass(frozen=True, slots=True)
class CardPoints:
    """A card with its holder's points: all of them, those that can be spent now, and by date."""

    card: CardBalance
    total: Decimal
    available: Decimal
    dated: list[DatedPoints]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of a receipt: `amount` after discounts and before bonuses paid, `earned` the points it brought.

    Of goods that came back `amount`, `quantity` and `earned` are negative, and `moment` is that of the return.
    A scanned receipt that was credited is one line: what lay in the basket is not known, `location` may be "".
    """

    moment: datetime
    day: date
    item: str
    amount: Decimal
    quantity: Decimal
    location: str
    earned: Decimal


def find_card(search: Search) -> Card | None:
    """Return the card of the customer who fits, None when nobody with a card does.

    One statement for each of phone, e-mail and cards; one more when a birth date chooses among several owners of an
    e-mail address. The contact with the phone decides alone; a birth date finds nobody.
    Raises SeveralContacts, BirthDateFitsNone, OnlyBlockedCard.
    """
    contact_id = customers.id_by_phone(search.phone) if search.phone else None
    owners = customers.by_email(search.email) if search.email else []
    if contact_id is None:
        owner = _owner(owners, search)
        contact_id = owner.pk if owner else NOBODY
    # Asked also for nobody: who has no card is answered like nobody, and the time must not tell them apart.
    held = card_selectors.of_contact(contact_id)
    if not held:
        return None
    if held[0].status == CardStatus.BLOCKED:
        raise OnlyBlockedCard()
    return held[0]


def card_points(number: str) -> CardPoints:
    """Return a card and its holder's points (3 statements). Raises CardNumberInvalid, CardNotFound, CardUnbound."""
    card = card_balances.by_number(number)
    if card.contact_id is None or card.points is None:
        raise CardUnbound()
    portions = balances.portions(card.contact_id, clock.now())
    return CardPoints(
        card=card,
        total=card.points.spendable + card.points.spendable_escrow,
        available=ZERO if card.frozen else card.points.available,
        dated=_by_day(portions, card.zone),
    )


def history(number: str, start: date, end: date | None) -> list[HistoryLine]:
    """Return the lines of the holder's purchases, returns and scanned receipts, newest first, at most HISTORY_LINES.

    5 statements, one more when a scanned receipt was credited.

    Takes days in the retailer's zone, both included; `end` None is today. Raises CardNumberInvalid,
    CardNotFound, CardUnbound.
    """
    card = cards.card_by_number(number)
    if card.contact_id is None:
        raise CardUnbound()
    zone = _zone()
    since, until = _midnight(start, zone), _midnight((end or clock.today(zone)), zone, days=1)
    bought = [_line(line, zone) for line in _bought(card.contact_id, since, until)]
    returned = [_returned(line, zone) for line in returned_lines(card.contact_id, since, until, HISTORY_LINES)]
    credited = scanned_receipts.credited(card.contact_id, since, until, HISTORY_LINES)
    scanned = [_scanned(receipt, zone) for receipt in credited]
    # Each is sorted; what was bought at the same moment keeps its order.
    return sorted(returned + bought + scanned, key=lambda line: line.moment, reverse=True)[:HISTORY_LINES]


def _bought(contact_id: int, since: datetime, until: datetime) -> QuerySet[PurchaseLine]:
    lines = (
        PurchaseLine.objects.filter(
            purchase__contact_id=contact_id, purchase__purchased_at__gte=since, purchase__purchased_at__lt=until
        )
        .exclude(purchase__status=PurchaseStatus.CANCELLED)
        .select_related("purchase__store")
        .only(
            *("name", "sku", "amount", "quantity", "accrued"),
            *("purchase__purchased_at", "purchase__store__name", "purchase__store__code"),
        )
        .order_by("-purchase__purchased_at", "-purchase_id", "position")
    )
    return lines[:HISTORY_LINES]


def _owner(owners: list[Contact], search: Search) -> Contact | None:
    if len(owners) > 1 and search.birth_date is not None:
        owners = customers.by_email(search.email, birth_date=search.birth_date)
        if not owners:
            raise BirthDateFitsNone()
    if len(owners) > 1:
        raise SeveralContacts()
    return owners[0] if owners else None


def _by_day(portions: list[balances.Portion], zone: ZoneInfo) -> list[DatedPoints]:
    sums: dict[tuple[bool, date | None], Decimal] = defaultdict(lambda: ZERO)
    for portion in portions:
        sums[portion.mature, _day(portion, zone)] += portion.amount
    merged = [DatedPoints(amount, mature, day) for (mature, day), amount in sums.items()]
    return sorted(merged, key=lambda points: (not points.mature, points.day or LAST_DAY))


def _day(portion: balances.Portion, zone: ZoneInfo) -> date | None:
    if portion.date is None:
        return None
    return expiry.last_day(portion.date, zone) if portion.mature else portion.date.astimezone(zone).date()


def _line(line: PurchaseLine, zone: ZoneInfo) -> HistoryLine:
    purchase = line.purchase
    return HistoryLine(
        moment=purchase.purchased_at,
        day=purchase.purchased_at.astimezone(zone).date(),
        item=line.name or line.sku,
        amount=line.amount,
        quantity=line.quantity,
        location=purchase.store.name or purchase.store.code,
        earned=line.accrued,
    )


def _returned(line: ReturnedLine, zone: ZoneInfo) -> HistoryLine:
    return HistoryLine(
        moment=line.moment,
        day=line.moment.astimezone(zone).date(),
        item=line.item,
        amount=ZERO - line.amount,
        quantity=ZERO - line.quantity,
        location=line.location,
        earned=ZERO - line.taken_back,
    )


def _scanned(credited: Credited, zone: ZoneInfo) -> HistoryLine:
    receipt = credited.receipt
    return HistoryLine(
        moment=receipt.purchased_at,
        day=receipt.purchased_at.astimezone(zone).date(),
        item=", ".join(credited.titles) or f"Receipt {receipt.document_number}",
        amount=receipt.amount,
        quantity=Decimal(1),
        location=credited.location,
        earned=receipt.points,
    )


def _midnight(day: date, zone: ZoneInfo, days: int = 0) -> datetime:
    # Held within the years that every zone and the database can count; no purchase lies beyond.
    held = min(max(day, FIRST_DAY), LAST_DAY)
    return datetime.combine(held + timedelta(days=days), time(), zone)


def _zone() -> ZoneInfo:
    return Program.objects.only("zone").get(pk=1).tzinfo
