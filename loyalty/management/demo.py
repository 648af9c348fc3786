"""A demo retailer: shoppers with three months of history and campaigns, made through the real use cases."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from cards.blocking import BlockReason
from cards.models import CardCategory
from customers.models import Contact
from customers.services import PersonalData
from loyalty.core import actors, clock
from loyalty.core.roles import Role
from loyalty.management import demo_campaigns
from loyalty.models import Store
from loyalty.selectors import cards as card_reads
from loyalty.services import blocking, cards, points, purchases, wallet
from loyalty.services.purchases import Sale
from promos.basket import Line

SHOPPERS = 60
LOST = 7
"""Whose card was lost: the phone ends on it."""
DAYS = 90
FIRST_NAMES = ("Anna", "Ivan", "Maria", "Pyotr", "Olga", "Sergei", "Elena", "Dmitri", "Irina", "Alexei")
SURNAMES = ("Orlov", "Petrov", "Sokolov", "Volkov", "Morozov", "Lebedev", "Kozlov", "Novikov")
STORES = (
    ("0001", "Arbat", "Moscow"),
    ("0002", "Nevsky", "Saint Petersburg"),
    ("0003", "Kremlin street", "Kazan"),
)
GOODS = (
    ("4600001", "Coffee beans, 1 kg", "grocery", "1290.00"),
    ("4600002", "Dark chocolate", "grocery", "149.90"),
    ("4600003", "Running shoes", "sport", "6990.00"),
    ("4600004", "Thermos", "home", "1850.00"),
    ("4600005", "Green tea", "grocery", "320.50"),
    ("4600006", "Desk lamp", "home", "2490.00"),
)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Shopper:
    """A shopper of the demo: the card, and how often it buys."""

    number: str
    appetite: float


def is_empty() -> bool:
    """Tell whether nobody has been registered yet."""
    return not Contact.objects.exists()


def seed(progress: Progress) -> None:
    """Fill an empty database with stores, a pool of numbers, shoppers, their purchases up to now, and campaigns."""
    chance = random.Random(7)  # noqa: S311 - a story, not a secret
    actor = actors.system("seed_demo")
    present = clock.now()
    _open_stores(present)
    cards.create_card_pool(actor, count=200, category=CardCategory.VIRTUAL)
    cards.create_card_pool(actor, count=50, category=CardCategory.PLASTIC)
    with clock.at(present - timedelta(days=DAYS)):
        shoppers = [_register(chance, serial) for serial in range(SHOPPERS)]
    for day in range(DAYS, -1, -1):
        _live_a_day(chance, shoppers, present - timedelta(days=day))
        progress(DAYS - day + 1, DAYS + 1)
    demo_campaigns.launch(actor, present)
    blocking.block_card(actor, Role.ADMINISTRATOR, number=shoppers[LOST].number, reason_code=BlockReason.LOSS)


def _open_stores(now: datetime) -> None:
    for code, name, region in STORES:
        Store.objects.update_or_create(
            code=code, defaults={"name": name, "region": region}, create_defaults={
                "name": name, "region": region, "created_at": now,
            },
        )  # fmt: skip


def _register(chance: random.Random, serial: int) -> Shopper:
    person = PersonalData(
        phone=f"+7900{serial:07d}",
        email=f"shopper{serial}@example.com",
        first_name=chance.choice(FIRST_NAMES),
        surname=chance.choice(SURNAMES),
        # Some have told too little: their cards are Issued, they earn and cannot spend.
        birth_date=None if serial % 12 == 11 else date(1960 + serial % 45, 1 + serial % 12, 1 + serial % 28),
        sex=chance.choice("mf"),
        country_code="RU",
    )
    app = actors.client("demo-wallet", "", "koshelek")
    card = wallet.issue_virtual(app, person)
    wallet.set_channels(app, card.number, allow=["email", "push"], deny=["call"])
    return Shopper(card.number, chance.random() ** 3 * 0.4 + 0.02)


def _live_a_day(chance: random.Random, shoppers: list[Shopper], moment: datetime) -> None:
    till = actors.client("demo-till", "till", "cash_desk")
    with clock.at(moment):
        points.roll_over_escrow(actors.system(points.ROLLOVER))
        for serial, shopper in enumerate(shoppers):
            if chance.random() < shopper.appetite:
                purchases.add_purchase(till, _sale(chance, shopper, f"DEMO-{moment:%Y%m%d}-{serial:03d}"))


def _sale(chance: random.Random, shopper: Shopper, purchase_id: str) -> Sale:
    lines = tuple(_line(chance) for _ in range(chance.randint(1, 4)))
    amount = sum((line.amount for line in lines), Decimal(0))
    read = card_reads.by_number(shopper.number)
    spends = read.card.get_status_display() == "Active" and read.balance is not None and chance.random() < 0.3
    most = min(read.balance.available, amount / 2) if spends and read.balance else Decimal(0)
    return Sale(
        purchase_id=purchase_id,
        number=shopper.number,
        phone="",
        purchased_at=clock.now(),
        store=chance.choice(STORES)[0],
        till="1",
        cashier="Demo",
        amount=amount,
        lines=lines,
        bonuses_to_pay=Decimal(int(most)),
    )


def _line(chance: random.Random) -> Line:
    sku, name, category, price = chance.choice(GOODS)
    quantity = Decimal(chance.randint(1, 2))
    return Line(
        amount=Decimal(price) * quantity,
        sku=sku,
        name=name,
        category=category,
        quantity=quantity,
        price=Decimal(price),
    )
