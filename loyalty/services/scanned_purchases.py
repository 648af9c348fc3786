"""A till uploads a purchase whose receipt was credited before: the receipt's award is taken back, with the purchase.

So nothing is credited twice, whichever comes first (specs/koshelek.md, call 12). Inside the purchase's transaction.
"""

from decimal import Decimal
from zoneinfo import ZoneInfo

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.ledger import posting, returns
from loyalty.ledger.accounts import Account, OperationKind
from loyalty.ledger.models import Lot, Operation
from loyalty.ledger.posting import Fact
from loyalty.ledger.returns import Reach
from loyalty.ledger.rounding import ZERO
from loyalty.models import Program, ReturnPolicy
from loyalty.selectors import scanned_receipts
from loyalty.services import journal, locks, points
from loyalty.services.fiscal_receipts import cause_of, name_of
from loyalty.services.receipts import Receipt
from promos import fiscal_receipts as rows
from promos import services as promos
from promos.models import FiscalReceipt, Promotion, ReceiptReason


def lock_scanned(purchase: Receipt, zone: ZoneInfo) -> FiscalReceipt | None:
    """Lock and return the credited receipt that is this sale, None when there is none; and the limits it counts on.

    The caller holds the card and no balance yet. Of several the one at the very store comes first, then the nearest
    in time: a sale has one receipt.
    """
    sale, contact_id = purchase.sale, purchase.holder.contact_id
    around = scanned_receipts.windows(sale.purchased_at, zone)
    found = locks.lock_credited_receipts(contact_id, around, (sale.amount, sale.amount - purchase.paid), sale.store)
    if not found:
        return None
    receipt = min(found, key=lambda each: (not each.store, abs(each.purchased_at - sale.purchased_at), each.pk))
    lock_limits(receipt)
    return receipt


def lock_limits(receipt: FiscalReceipt) -> None:
    """Lock the limits that a receipt's award counts on: before the balances."""
    promos.lock_counted(receipt.contact_id, Promotion.objects.filter(pk__in=[int(each) for each in receipt.awards]))


def take_back(
    actor: Actor, receipt: FiscalReceipt, purchase_id: str, settings: Program, *, may_owe: bool = True
) -> None:
    """Take a locked receipt's award back and keep why; counts are free again when every point came back.

    Beyond what is left of the award other points pay, and a debt is left only where the return policy allows one.
    `may_owe`: False for who was erased, and could not pay it.
    """
    points.settle_fully(receipt.contact_id, actor, settings.tzinfo)
    debt = may_owe and settings.return_policy == ReturnPolicy.ALLOW_NEGATIVE
    taken = ZERO
    for operation_id, spendable, qualifying in _booked(receipt):
        taken += returns.take_back(
            _fact(actor, receipt, operation_id, purchase_id),
            accrual_id=operation_id,
            spendable=spendable,
            qualifying=qualifying,
            reach=Reach(landed=True, others=True, debt=debt),
        ).spendable
    if taken == receipt.points:
        promos.release(
            receipt.contact_id, {int(each): Decimal(given) for each, given in receipt.awards.items()}, times=1
        )
    rows.reverse(receipt, ReceiptReason.CREDITED_AT_TILL, purchase_id, taken)
    journal.record(
        actor, "receipt.reverse", name_of(receipt), contact_id=receipt.contact_id, purchase=purchase_id,
        points=str(receipt.points), taken_back=str(taken),
    )  # fmt: skip


def _booked(receipt: FiscalReceipt) -> list[tuple[int, Decimal, Decimal]]:
    """Return (operation, spendable, qualifying) of each accrual of the receipt, at whom it was booked: a merge may have
    made the receipt another customer's since."""
    if receipt.operation_id is None:
        return []
    credited = Operation.objects.get(pk=receipt.operation_id).contact_id
    accruals = Operation.objects.filter(
        contact_id=credited,
        effective_at=receipt.purchased_at,
        cause=cause_of(receipt),
        kind=OperationKind.ACCRUAL,
    ).values_list("pk", flat=True)
    earned: dict[int, dict[int, Decimal]] = {}
    lots = Lot.objects.filter(contact_id=credited, operation_id__in=list(accruals))
    for operation_id, account, amount in lots.values_list("operation_id", "account", "earned"):
        earned.setdefault(operation_id, {})[account] = amount
    return [
        (each, accounts.get(Account.SPENDABLE, ZERO), accounts.get(Account.QUALIFYING, ZERO))
        for each, accounts in sorted(earned.items())
    ]


def _fact(actor: Actor, receipt: FiscalReceipt, operation_id: int, purchase_id: str) -> Fact:
    now = clock.now()
    return Fact(
        contact_id=receipt.contact_id,
        key=f"{cause_of(receipt)}:return:{operation_id}",
        fingerprint=posting.fingerprint(purchase_id),
        effective_at=now,
        recorded_at=now,
        actor=str(actor),
        cause=cause_of(receipt),
        corrects_id=operation_id,
    )
