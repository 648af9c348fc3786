"""A purchase as it stands in the books, for the doors that show one."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery

from customers.models import Contact
from loyalty.core.errors import LoyaltyError
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import Draw, Lot, MovedLot, Operation
from loyalty.models import Purchase, PurchaseLine, PurchaseReturn


class PurchaseNotFound(LoyaltyError):
    code = "PurchaseNotFound"
    message = "No purchase has this id."


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Bonuses that paid, by the lot they came from: when that lot expires (None: never)."""

    amount: Decimal
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredPurchase:
    """A purchase with its card, contact and store loaded, its lines in order, and the bonuses that paid it.

    `matures_at` and `expires_at` are those of the points it earned, as they stand now; None when they do not apply.
    """

    purchase: Purchase
    lines: list[PurchaseLine]
    redeemed: list[Redeemed]
    returns: list[PurchaseReturn]
    matures_at: datetime | None
    expires_at: datetime | None


def by_id(purchase_id: str) -> StoredPurchase:
    """Return the purchase with a till's id, in 3 statements, 4 when bonuses paid. Raises PurchaseNotFound."""
    purchase = _find(purchase_id)
    if purchase is None:
        raise PurchaseNotFound()
    return StoredPurchase(
        purchase,
        list(purchase.lines.order_by("position")),
        _redeemed(purchase),
        list(purchase.returns.order_by("id")),
        _moment(purchase.terms.get("matures_at")),
        purchase.lot_expires_at or _moment(purchase.terms.get("expires_at")),
    )


def payer_of(purchase: Purchase) -> int:
    """Return the contact whose bonuses paid a purchase, as who it is now: where they were captured before the purchase
    came, it may be another than whose purchase it is (2 statements; none without bonuses).
    """
    if purchase.redemption_id is None:
        return purchase.contact_id
    spender: int = Operation.objects.values_list("contact_id", flat=True).get(pk=purchase.redemption_id)
    if spender == purchase.contact_id:
        return spender
    merged_into = Contact.objects.values_list("merged_into_id", flat=True).get(pk=spender)
    return spender if merged_into is None else merged_into


def _find(purchase_id: str) -> Any:
    # PostgreSQL refuses a NUL in a text, and no id has one.
    if "\x00" in purchase_id:
        return None
    # A later purchase may have put the expiry off. Only lots that still hold points matter, and they have an index.
    taken_over = MovedLot.objects.filter(
        contact_id=OuterRef("contact_id"), lot_id=OuterRef("pk"), accrual_id=OuterRef(OuterRef("accrual_id"))
    )
    lot = Lot.objects.filter(
        Q(operation_id=OuterRef("accrual_id")) | Exists(taken_over),
        contact_id=OuterRef("contact_id"),
        account=Account.SPENDABLE,
        remaining__gt=0,
    )
    found = Purchase.objects.select_related("card", "contact", "store").annotate(
        lot_expires_at=Subquery(lot.values("expires_at")[:1])
    )
    return found.filter(purchase_id=purchase_id.strip()).first()


def _redeemed(purchase: Purchase) -> list[Redeemed]:
    if purchase.redemption_id is None:
        return []
    # After a merge the redemption stands in the books of who spent them; the contact leads to it by the index.
    spender = Operation.objects.filter(pk=purchase.redemption_id).values("contact_id")
    draws = Draw.objects.filter(contact_id=Subquery(spender), operation_id=purchase.redemption_id)
    rows = draws.order_by("lot__expires_at", "lot_id").values_list("amount", "lot__expires_at")
    return [Redeemed(amount, expires_at) for amount, expires_at in rows]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
