"""The words of these tests: a campaign for scanned receipts, a scan, the worker that decides."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from cards.models import Card
from loyalty.core import actors, clock
from loyalty.ledger import balances, invariants
from loyalty.models import FiscalDrive, Purchase, Store
from loyalty.services import fiscal_drives, fiscal_receipts, purchases
from loyalty.services.purchases import Credited, Sale
from promos.models import FiscalReceipt, Promotion
from tests.conftest import MOSCOW
from tests.promos.marketing import live

APP = actors.client("wallet-app", "", "koshelek")
TILL = actors.client("till-1", "till", "cash_desk")
WORKER = actors.system("receipts")
DRIVE = "9282000100072197"
SALES = [
    ("0001", "0001", "1000.00", 5, True),
    ("0001", "0002", "1000.00", 0, False),
    ("", "0002", "1000.00", 0, True),
    ("0001", "0001", "1000.01", 0, False),
    ("0001", "0001", "1000.00", 6, False),
]
"""Where a drive stands ("": nobody knows), the till's store, sum and minutes before the receipt of 1000.00; whether the
two are one sale."""
_documents, _sales = count(1), count(1)


def campaign(**terms: Any) -> Promotion:
    """A promotion for scanned receipts, live for two days: 10 % of the sum for everybody, unless told otherwise."""
    since = clock.now() - timedelta(days=2)
    made = live(**({"trigger": "receipt", "starts_at": since} | terms))
    made.live_periods.update(began_at=since)
    return made


def qr(amount: str = "1000.00", *, at: datetime | None = None, drive: str = DRIVE, **changed: str) -> str:
    """The text of a receipt's code, of another document each time."""
    local = (at or clock.now()).astimezone(MOSCOW)
    parts = {"t": f"{local:%Y%m%dT%H%M}", "s": amount, "fn": drive, "i": str(next(_documents)), "fp": "42", "n": "1"}
    return "&".join(f"{key}={value}" for key, value in (parts | changed).items())


def scan(card: Card, amount: str = "1000.00", *, code: str = "", **given: Any) -> FiscalReceipt:
    """The wallet sends a receipt of the card's holder."""
    text = code or qr(amount, **given)
    return receipt(fiscal_receipts.accept(APP, phone="", number=card.number, code=text))


def receipt(pk: int) -> FiscalReceipt:
    return FiscalReceipt.objects.get(pk=pk)


def decided(card: Card, amount: str = "1000.00", **given: Any) -> FiscalReceipt:
    """A receipt is sent, and the worker decides it."""
    sent = scan(card, amount, **given)
    assert fiscal_receipts.decide(WORKER, sent.pk)
    return receipt(sent.pk)


def outcome(found: FiscalReceipt) -> tuple[str, str, Decimal]:
    return found.status, found.reason, found.points


def sell(card: Card, amount: str = "1000.00", *, at: datetime | None = None, store: str = "0001", **given: Any) -> Sale:
    """A sale as a till would send it."""
    name = given.pop("purchase_id", f"P-{next(_sales)}")
    return Sale(name, card.number, "", at or clock.now(), store, Decimal(amount), **given)


def add(sale: Sale) -> Credited:
    return purchases.add_purchase(TILL, sale)


def purchase(sale: Sale) -> Purchase:
    return Purchase.objects.get(purchase_id=sale.purchase_id)


def drive_at(store: str, number: str = DRIVE) -> FiscalDrive:
    shop, _ = Store.objects.get_or_create(code=store, defaults={"created_at": clock.now()})
    fiscal_drives.add_drives(actors.system("test"), shop.pk, [number], "the shop opens")
    return FiscalDrive.objects.get(number=number)


def points(card: Card) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Spendable, its escrow, tier-qualifying, its escrow; every law of the books is checked as well."""
    for law in invariants.check():
        assert not law.broken, law
    assert card.contact_id is not None
    read = balances.read(card.contact_id, clock.now())
    return read.spendable, read.spendable_escrow, read.qualifying, read.qualifying_escrow
