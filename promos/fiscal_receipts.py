"""Scanned receipts as rows: accepted once, decided once. Called by loyalty.services inside its transaction only."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from promos.fiscal_qr import ScannedReceipt
from promos.models import FiscalReceipt, ReceiptReason

# What was claimed by another call that has not committed yet is waited for: of two at once one is refused.
_ACCEPT = """
INSERT INTO promos_fiscalreceipt (fiscal_drive, document_number, fiscal_sign, purchased_at, amount, contact_id, card_id,
    actor, received_at, status, awards)
VALUES (%(fiscal_drive)s, %(document_number)s, %(fiscal_sign)s, %(purchased_at)s, %(amount)s, %(contact)s, %(card)s,
    %(actor)s, %(now)s, 'accepted', '{}')
ON CONFLICT (fiscal_drive, document_number, fiscal_sign) DO NOTHING
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a receipt: the customer, the card it has now, and the client on whose behalf."""

    contact_id: int
    card_id: int
    actor: str


def accept(scanned: ScannedReceipt, sender: Sender, now: datetime) -> int | None:
    """Store a receipt that waits for its decision; None when it was sent before, by whomever (1 statement)."""
    parameters: dict[str, Any] = {
        "fiscal_drive": scanned.fiscal_drive,
        "document_number": scanned.document_number,
        "fiscal_sign": scanned.fiscal_sign,
        "purchased_at": scanned.purchased_at,
        "amount": scanned.amount,
        "contact": sender.contact_id,
        "card": sender.card_id,
        "actor": sender.actor,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPT, parameters)
        row = cursor.fetchone()
    return row[0] if row else None


def credit(receipt: FiscalReceipt, awards: dict[int, Decimal], operation_id: int, now: datetime) -> None:
    """Keep what promotions gave for a locked receipt, and the first operation that booked it."""
    receipt.credit()
    receipt.awards = {str(each): str(points) for each, points in awards.items()}
    receipt.points = sum(awards.values(), Decimal(0))
    receipt.operation_id = operation_id
    receipt.decided_at = now
    receipt.save(update_fields=["status", "store", "awards", "points", "operation_id", "decided_at"])


def reject(receipt: FiscalReceipt, reason: ReceiptReason, now: datetime, purchase_id: str = "") -> None:
    """Keep why a locked receipt gives nothing, and the purchase at the till that it was recognised as."""
    receipt.reject()
    receipt.reason, receipt.purchase_id, receipt.decided_at = reason.value, purchase_id, now
    receipt.save(update_fields=["status", "store", "reason", "purchase_id", "decided_at"])


def reverse(receipt: FiscalReceipt, reason: ReceiptReason, purchase_id: str, taken_back: Decimal) -> None:
    """Keep that a locked receipt's points were taken back: as many as could be."""
    receipt.reverse()
    receipt.reason, receipt.purchase_id, receipt.taken_back = reason.value, purchase_id, taken_back
    receipt.save(update_fields=["status", "reason", "purchase_id", "taken_back"])
