"""A till uploads a sale whose receipt somebody else had scanned: the purchase stays, the receipt's award is taken back.

The till's word tells whose sale it was. Its own transaction touches nobody else's rows: it marks the purchase, and a
worker does the rest, each purchase in a transaction of its own, in the order of locks: purchase, cards, contact,
receipt, promotions, balances (docs/decisions/scanned-sales.md).
"""

import structlog

from cards import locks as card_locks
from customers import locks as customer_locks
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy
from loyalty.models import Program, Purchase
from loyalty.selectors import scanned_receipts
from loyalty.services import locks, program, scanned_purchases
from loyalty.services.fiscal_receipts import AT_ONCE, one_receipt_a_purchase
from loyalty.services.unit_of_work import unit_of_work
from promos.models import FiscalReceipt, FiscalReceiptStatus

log = structlog.get_logger(__name__)

MATCH = "loyalty.tasks.match_scanned_purchases"


def match_waiting(actor: Actor) -> int:
    """Match every marked purchase, the oldest first; return how many. One that fails does not hold up others."""
    done, after = 0, 0
    while found := scanned_receipts.to_match(after, AT_ONCE):
        for purchase_id in found:
            done += _match_or_log(actor, purchase_id)
        after = found[-1]
    return done


def match(actor: Actor, purchase_id: int) -> bool:
    """Take back what was credited for the receipt of a marked purchase, and unmark it; False when that was done
    already, another worker is at it, or a receipt that may be this sale waits for its own decision, which comes first.

    Raises Busy when a row stays locked: the sweep comes again.
    """
    with one_receipt_a_purchase(), unit_of_work():
        purchase = locks.lock_to_match(purchase_id)
        return purchase is not None and _match(actor, purchase, program.settings())


def _match_or_log(actor: Actor, purchase_id: int) -> bool:
    try:
        return match(actor, purchase_id)
    except Busy:
        log.info("purchase_busy", purchase=purchase_id)
    except Exception:
        log.exception("purchase_unmatched", purchase=purchase_id)
    return False


def _match(actor: Actor, purchase: Purchase, settings: Program) -> bool:
    # A receipt that was decided meanwhile may have been told this purchase's: then all others are other sales.
    found = [] if scanned_receipts.has_receipt(purchase) else scanned_receipts.of_sale(purchase, settings.tzinfo)
    if any(each.status == FiscalReceiptStatus.ACCEPTED for each in found):
        return False
    if found:
        _take_back(actor, found[0], purchase, settings)
    purchase.to_match = False
    purchase.save(update_fields=["to_match"])
    return True


def _take_back(actor: Actor, found: FiscalReceipt, purchase: Purchase, settings: Program) -> None:
    card_locks.lock_all_of(found.contact_id)
    contact = customer_locks.lock_contacts([found.contact_id])[found.contact_id]
    receipt = locks.lock_credited_receipt(found.pk)
    if receipt is None or receipt.contact_id != contact.pk:
        # Another purchase was told it in this moment, or a merge hands it over: look again.
        raise Busy()
    scanned_purchases.lock_limits(receipt)
    may_owe = contact.erased_at is None
    scanned_purchases.take_back(actor, receipt, purchase.purchase_id, settings, may_owe=may_owe)
