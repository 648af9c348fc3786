"""Scanned receipts beside purchases at the till: which of them are the same sale (specs/koshelek.md, call 12)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from loyalty.models import FiscalDrive, Purchase, Store
from promos import fiscal_qr
from promos.models import FiscalReceipt, FiscalReceiptStatus, Promotion

AROUND = timedelta(minutes=5)
"""How far a till's Date and the time in the QR code may lie apart (OWN): codes often tell whole minutes only, and
the till's clock and its fiscal drive's differ a little."""

Window = tuple[datetime, datetime]

# Tills that take bonuses as a discount print the sum without them, others the whole sum.
_SAME_SALE = """
SELECT purchase.purchase_id, purchase.contact_id
FROM unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) AS around (since, until)
JOIN loyalty_purchase purchase ON purchase.purchased_at BETWEEN around.since AND around.until
    AND (purchase.amount = %(amount)s OR (purchase.paid > 0 AND purchase.amount - purchase.paid = %(amount)s))
WHERE (%(store)s::bigint IS NULL OR purchase.store_id = %(store)s) AND NOT EXISTS (
    SELECT FROM promos_fiscalreceipt other WHERE other.purchase_id = purchase.purchase_id AND other.purchase_id <> '')
ORDER BY purchase.contact_id <> %(contact)s, greatest(purchase.purchased_at, %(moment)s)
    - least(purchase.purchased_at, %(moment)s), purchase.id
LIMIT 1
"""

_WAITING = """
SELECT id FROM promos_fiscalreceipt WHERE status = 'accepted' AND id > %(after)s ORDER BY id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Match:
    """A purchase at the till that is the same sale as a receipt: the till's id, and whose it is."""

    purchase_id: str
    contact_id: int


@dataclass(frozen=True, slots=True)
class Credited:
    """A credited receipt, the store ("" when it is not known), and what the promotions behind it are called."""

    receipt: FiscalReceipt
    location: str
    titles: list[str]


def windows(moment: datetime, zone: ZoneInfo) -> list[Window]:
    """Return the times at which the same sale may stand; in the hour that comes twice, both readings of the clock."""
    return [(each - AROUND, each + AROUND) for each in fiscal_qr.readings(moment, zone)]


def drive_of(receipt: FiscalReceipt) -> FiscalDrive | None:
    """Return the fiscal drive of a receipt with its store, None when it is not known."""
    return FiscalDrive.objects.select_related("store").filter(number=receipt.fiscal_drive).first()


def same_sale(receipt: FiscalReceipt, store_id: int | None, zone: ZoneInfo) -> Match | None:
    """Return the purchase that the till recorded of the receipt's sale, None when there is none (1 statement).

    The same sum, about the same time, at the store of the fiscal drive (`store_id` None: at any). A purchase of the
    receipt's own customer comes before one of anybody else; one that has its receipt already is no other's. What was
    cancelled or refunded counts as well: points for it were given and taken back.
    """
    since, until = zip(*windows(receipt.purchased_at, zone), strict=True)
    parameters: dict[str, Any] = {
        "since": list(since),
        "until": list(until),
        "amount": receipt.amount,
        "store": store_id,
        "contact": receipt.contact_id,
        "moment": receipt.purchased_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SAME_SALE, parameters)
        row = cursor.fetchone()
    return Match(*row) if row else None


def of_sale(purchase: Purchase, zone: ZoneInfo) -> list[FiscalReceipt]:
    """Return the receipts that may be of the sale of a purchase and are not known to be of none: those that wait for
    their decision or were credited, to whomever (1 statement; 2 while the store is not loaded).

    Best first: its own customer's, then one at the very store, then the nearest in time.
    """
    around = Q()
    for since, until in windows(purchase.purchased_at, zone):
        around |= Q(purchased_at__gte=since, purchased_at__lte=until)
    found = FiscalReceipt.objects.filter(
        around,
        status__in=(FiscalReceiptStatus.ACCEPTED, FiscalReceiptStatus.CREDITED),
        amount__in={purchase.amount, purchase.amount - purchase.paid},
        store__in={"", purchase.store.code},
    )

    def distance(each: FiscalReceipt) -> tuple[bool, bool, timedelta, int]:
        away = abs(each.purchased_at - purchase.purchased_at)
        return each.contact_id != purchase.contact_id, not each.store, away, each.pk

    return sorted(found, key=distance)


def has_receipt(purchase: Purchase) -> bool:
    """Tell whether a receipt is known to be this purchase's."""
    return FiscalReceipt.objects.filter(purchase_id=purchase.purchase_id).exclude(purchase_id="").exists()


def to_match(after: int, most: int) -> list[int]:
    """Return the ids of purchases that wait for their receipt to be found, the oldest beyond `after` first."""
    found = Purchase.objects.filter(to_match=True, pk__gt=after).order_by("pk")
    return list(found.values_list("pk", flat=True)[:most])


def waiting(after: int, most: int) -> Iterable[int]:
    """Return the ids of receipts that wait for their decision, the oldest beyond `after` first."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"after": after, "most": most})
        return [row[0] for row in cursor.fetchall()]


def bought_before(contact_id: int, moment: datetime) -> bool:
    """Tell whether a receipt of the contact from `moment` or before was credited: then this is no first purchase."""
    earlier = FiscalReceipt.objects.filter(
        contact_id=contact_id, purchased_at__lte=moment, status=FiscalReceiptStatus.CREDITED
    )
    return earlier.exists()


def credited(contact_id: int, since: datetime, until: datetime, most: int) -> list[Credited]:
    """Return a contact's credited receipts of a time, newest first (1 statement, 2 when there are any).

    What a promotion is called for customers is its title; one without a title is not named.
    """
    shop = Store.objects.filter(code=OuterRef("store")).values(called=Coalesce(NullIf("name", Value("")), F("code")))
    found = list(
        FiscalReceipt.objects.filter(
            contact_id=contact_id,
            status=FiscalReceiptStatus.CREDITED,
            purchased_at__gte=since,
            purchased_at__lt=until,
        )
        .annotate(location=Subquery(shop[:1]))
        .order_by("-purchased_at", "-id")[:most]
    )
    titles = _titles(found)
    return [
        Credited(
            each,
            each.location or "",
            [titles[promotion] for promotion in map(int, each.awards) if titles.get(promotion)],
        )
        for each in found
    ]


def _titles(found: Sequence[FiscalReceipt]) -> dict[int, str]:
    promotions = {int(promotion) for each in found for promotion in each.awards}
    return dict(Promotion.objects.filter(pk__in=promotions).values_list("pk", "title")) if promotions else {}
