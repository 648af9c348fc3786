"""What a till sends and hears: the words that quote, add, hold and return share (specs/cash_desk.md, Purchases)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from cards.errors import CardStatusRefused
from cards.models import CardStatus
from customers.models import ContactStatus
from loyalty.core import clock
from loyalty.core.errors import InsufficientPoints, InvalidParameter
from loyalty.ledger import posting, rounding
from loyalty.models import Program
from loyalty.services.holders import CLOCK_TOLERANCE, Holder
from promos import evaluation
from promos.basket import Line
from promos.evaluation import Award, Terms
from tiers import services as tiers

FUTURE_TOLERANCE = CLOCK_TOLERANCE
SPENDING_AGE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Sale:
    """A receipt as a till sends it, parsed. One of `number` and `phone` is needed; both must name one holder.

    `lines` may be empty: then the basket is one line of `amount`. Amounts have two places. `hold_id`: bonuses
    set aside before, captured with the purchase.
    """

    purchase_id: str
    number: str
    phone: str
    purchased_at: datetime
    store: str
    amount: Decimal
    lines: tuple[Line, ...] = ()
    till: str = ""
    cashier: str = ""
    bonuses_to_pay: Decimal = rounding.ZERO
    offline: bool = False
    hold_id: UUID | None = None

    @property
    def basket(self) -> list[Line]:
        """The lines, or the whole amount as one."""
        return list(self.lines) or [Line(self.amount)]

    @property
    def fingerprint(self) -> str:
        """A digest of the content, to tell a retry from another purchase with the same id."""
        return posting.fingerprint(
            self.number, self.phone, self.purchased_at.isoformat(), self.store, self.till, self.cashier,
            self.amount.normalize(), self.bonuses_to_pay.normalize(), self.offline, self.hold_id,
            *(part for line in self.lines for part in (
                line.sku, line.name, line.category, line.quantity.normalize(), line.price.normalize(),
                line.amount.normalize(),
            )),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credited:
    """The answer to a till: points accrued (in escrow), bonuses that paid, what may be spent after the call."""

    accrued: Decimal
    paid: Decimal
    balance: Decimal


def require_time(sale: Sale, settings: Program) -> None:
    """Refuse a date in the future or too old, and bonuses on a late or offline purchase (InvalidParameter)."""
    now = clock.now()
    if sale.purchased_at > now + FUTURE_TOLERANCE:
        raise InvalidParameter("The date lies in the future.", name="Date")
    if sale.purchased_at < now - timedelta(days=settings.oldest_purchase_days):
        raise InvalidParameter(f"The date is more than {settings.oldest_purchase_days} days old.", name="Date")
    late = sale.offline or sale.purchased_at < now - SPENDING_AGE
    if (sale.bonuses_to_pay or sale.hold_id) and late:
        name = "BonusesToPay" if sale.bonuses_to_pay else "HoldId"
        raise InvalidParameter("An offline or late purchase may not be paid with bonuses.", name=name)


def require_status(holder: Holder, *, spends: bool) -> None:
    """Refuse a card that may not earn, or may not spend when the purchase does (CardStatusRefused)."""
    if spends and holder.contact_status == ContactStatus.BLOCKED:
        raise CardStatusRefused(
            "The customer is blocked: no bonuses can be spent.", status=holder.status, action="purchase"
        )
    refused = _refused_status(holder, spends)
    if refused is not None:
        name = CardStatus(refused).label
        raise CardStatusRefused(
            f"A card in the status {name} does not allow this purchase.", status=refused, action="purchase"
        )


def _refused_status(holder: Holder, spends: bool) -> int | None:
    """Return the status that keeps the card from earning or spending, None when it may.

    It spends by what it is now, and earns by what it was at the sale: a block that came since takes no points of an
    honest sale, but for who has left, and wants none.
    """
    if spends and holder.status != CardStatus.ACTIVE:
        return holder.status
    if not holder.was_usable_then:
        return holder.status_then
    if holder.status == CardStatus.BLOCKED and tiers.has_left(holder.contact_id):
        return holder.status
    return None


def require_share(bonuses: Decimal, amount: Decimal, settings: Program) -> None:
    """Refuse more bonuses than the share of the basket that they may pay (InsufficientPoints)."""
    payable = evaluation.most_payable(amount, settings.spending_share)
    if bonuses > payable:
        raise InsufficientPoints(f"Bonuses may pay at most {payable} of this basket.", available=payable)


def award_of(sale: Sale, paid: Decimal, terms: Terms) -> Award:
    """Return what a sale earns; raises InvalidParameter when that is more than the books can hold."""
    award = evaluation.evaluate(sale.basket, paid, terms)
    if award.spendable > rounding.LARGEST or award.qualifying > rounding.LARGEST:
        raise InvalidParameter(f"A purchase earns at most {rounding.LARGEST} points.", name="Amount")
    return award
