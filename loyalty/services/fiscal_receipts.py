"""Receipts that customers scan: accepted now, decided in the background (specs/koshelek.md, call 12).

The row is the work; a wake-up and a sweep find it. Each decision is a transaction of its own, taken once, whoever
comes, however late. Order of locks: receipt, cards, contact, promotions, balances.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import IntegrityError

from cards import locks as card_locks
from cards import selectors as cards
from cards.models import Card
from customers import locks as customer_locks
from customers.models import Contact, ContactStatus
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy
from loyalty.core.wake import wake
from loyalty.ledger import posting
from loyalty.models import Program
from loyalty.selectors import scanned_receipts
from loyalty.services import awarding, journal, locks, program, receipt_verdicts, wallet_holder
from loyalty.services.awarding import Cause, Gift
from loyalty.services.receipt_verdicts import Verdict
from loyalty.services.sales import FUTURE_TOLERANCE
from loyalty.services.unit_of_work import unit_of_work
from promos import fiscal_qr
from promos import fiscal_receipts as rows
from promos import services as promos
from promos.errors import ReceiptFromFuture, ReceiptSentBefore, ReceiptTooOld
from promos.fiscal_qr import ScannedReceipt
from promos.fiscal_receipts import Sender
from promos.models import FiscalReceipt, ReceiptReason

log = structlog.get_logger(__name__)

DECIDE = "loyalty.tasks.decide_fiscal_receipt"
AT_ONCE = 200


def accept(actor: Actor, *, phone: str, number: str, code: str) -> int:
    """Take a scanned receipt of the customer with a phone (E.164), a card number, or both; return its id.

    Raises ReceiptQrInvalid, ReceiptKindRefused, ReceiptFromFuture, ReceiptTooOld, ReceiptSentBefore (by whomever),
    ContactNotFound (also when phone and number do not belong together), CardNumberInvalid, CardNotFound, CardUnbound,
    ContactWithoutCard, OnlyBlockedCard.
    """
    settings = program.settings()
    scanned = fiscal_qr.read(code, settings.tzinfo)
    _require_time(scanned, settings)
    contact_id = wallet_holder.find(phone, number)
    sender = Sender(contact_id, wallet_holder.usable_card(contact_id).pk, str(actor))
    with unit_of_work():
        receipt_id = rows.accept(scanned, sender, clock.now())
        if receipt_id is None:
            raise ReceiptSentBefore()
        journal.record(actor, "receipt.accept", name_of(scanned), contact_id=contact_id)
        wake(DECIDE, receipt_id)
    return receipt_id


def decide(actor: Actor, receipt_id: int) -> bool:
    """Credit or reject an accepted receipt; False when it was decided already or another worker is at it, and when it
    has to go over first to the customer that its own was merged into: then the sweep decides.

    Raises Busy when a row stays locked: the sweep comes again.
    """
    with one_receipt_a_purchase(), unit_of_work():
        receipt = locks.lock_receipt(receipt_id)
        return receipt is not None and _decide(actor, receipt, program.settings())


@contextmanager
def one_receipt_a_purchase() -> Iterator[None]:
    """Where two receipts were found to be one purchase at the same time, answer the second Busy: it looks again."""
    try:
        yield
    except IntegrityError as error:
        if "fiscal_receipt_of_one_purchase" not in str(error):
            raise
        raise Busy() from error


def decide_waiting(actor: Actor) -> int:
    """Decide every receipt that waits, the oldest first; return how many. One that fails does not hold up others."""
    done, after = 0, 0
    while found := list(scanned_receipts.waiting(after, AT_ONCE)):
        for receipt_id in found:
            done += _decide_or_log(actor, receipt_id)
        after = found[-1]
    return done


def name_of(receipt: ScannedReceipt | FiscalReceipt) -> str:
    """Return what names a receipt for the tax service: fiscal drive, document, fiscal sign."""
    return f"{receipt.fiscal_drive}/{receipt.document_number}/{receipt.fiscal_sign}"


def cause_of(receipt: FiscalReceipt) -> str:
    """Return the cause of a receipt's operations in the books."""
    return f"fiscal_receipt:{receipt.pk}"


def _require_time(scanned: ScannedReceipt, settings: Program) -> None:
    now = clock.now()
    if scanned.purchased_at > now + FUTURE_TOLERANCE:
        raise ReceiptFromFuture()
    if scanned.purchased_at < now - timedelta(days=settings.oldest_purchase_days):
        raise ReceiptTooOld()


def _decide_or_log(actor: Actor, receipt_id: int) -> bool:
    try:
        return decide(actor, receipt_id)
    except Busy:
        log.info("receipt_busy", receipt=receipt_id)
    except Exception:
        log.exception("receipt_undecided", receipt=receipt_id)
    return False


def _decide(actor: Actor, receipt: FiscalReceipt, settings: Program) -> bool:
    card, contact = _lock_holder(receipt.contact_id)
    if contact.merged_into_id is not None:
        # It was sent in the moment of the merge, which did not see it.
        receipt.contact_id = contact.merged_into_id
        receipt.save(update_fields=["contact"])
        return False
    # From here on no till adds a purchase of this customer: what it added before is seen, what comes later sees this.
    drive, now = scanned_receipts.drive_of(receipt), clock.now()
    receipt.store = drive.store.code if drive else ""
    same = scanned_receipts.same_sale(receipt, drive.store_id if drive else None, settings.tzinfo)
    if same is not None:
        rows.reject(receipt, ReceiptReason.ALREADY_CREDITED, now, same.purchase_id)
    elif card is None or contact.status == ContactStatus.BLOCKED:
        rows.reject(receipt, ReceiptReason.CARD_BLOCKED, now)
    else:
        verdict = receipt_verdicts.judge(receipt, contact, settings)
        if verdict.given:
            _credit(actor, receipt, contact, verdict, settings)
        else:
            rows.reject(receipt, verdict.reason, now)
    return True


def _lock_holder(contact_id: int) -> tuple[Card | None, Contact]:
    """Lock every card of the customer, then the contact; return the card that is usable now, None without one.

    The customer may have been merged or erased since: the first has no card any more, the second none that is usable.
    """
    held = card_locks.lock_all_of(contact_id)
    contact = customer_locks.lock_contacts([contact_id])[contact_id]
    # Binding takes the contact: a card that came between the two locks is not ours yet.
    if {card.pk for card in cards.of_contact(contact_id)} != {card.pk for card in held}:
        raise Busy()
    return next((card for card in held if card.status in cards.USABLE), None), contact


def _credit(actor: Actor, receipt: FiscalReceipt, contact: Contact, verdict: Verdict, settings: Program) -> None:
    promos.count_uses(contact.pk, verdict.given)
    gifts = [Gift(points, each.promotion.qualifies, each.promotion.escrow_days) for each, points in verdict.given]
    fingerprint = posting.fingerprint(name_of(receipt), receipt.purchased_at.isoformat(), receipt.amount)
    cause = Cause(cause_of(receipt), fingerprint, receipt.purchased_at)
    operations = awarding.give(actor, contact, gifts, cause, settings)
    rows.credit(receipt, verdict.awards, operations[0], clock.now())
