"""Fiscal receipts that customers scan: accepted now, decided in the background (specs/koshelek.md, call 12)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from cards.models import Card
from customers.models import Contact


class FiscalReceiptStatus(models.TextChoices):
    ACCEPTED = "accepted", "Accepted"
    CREDITED = "credited", "Credited"
    REJECTED = "rejected", "Rejected"
    REVERSED = "reversed", "Taken back"


class FiscalReceipt(models.Model):
    """One receipt, known by fiscal drive, document number and fiscal sign; it is accepted once, whoever scans it.

    `reason` says why it was rejected or taken back, as a stable code; `purchase_id` is the till's id of the purchase
    that it was recognised as; `awards` keeps promotion id -> points. The row is the work of the background decision.
    """

    fiscal_drive = models.CharField(max_length=16)
    document_number = models.BigIntegerField()
    fiscal_sign = models.BigIntegerField()
    purchased_at = models.DateTimeField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="fiscal_receipts", db_index=False)
    card = models.ForeignKey(Card, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=80)
    received_at = models.DateTimeField()
    status = FSMField(choices=FiscalReceiptStatus.choices, default=FiscalReceiptStatus.ACCEPTED, protected=True)
    reason = models.CharField(max_length=40, blank=True, db_default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    purchase_id = models.CharField(max_length=80, blank=True, db_default="")
    awards = models.JSONField(default=dict, blank=True)
    points = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    operation_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("fiscal_drive", "document_number", "fiscal_sign"), name="fiscal_receipt_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=FiscalReceiptStatus.values), name="fiscal_receipt_status_known"
            ),
            models.CheckConstraint(condition=Q(fiscal_drive__regex=r"^[0-9]{16}$"), name="fiscal_receipt_drive"),
            models.CheckConstraint(condition=Q(amount__gte=0, points__gte=0), name="fiscal_receipt_amounts"),
            models.CheckConstraint(
                condition=Q(status=FiscalReceiptStatus.ACCEPTED, decided_at__isnull=True, operation_id__isnull=True)
                | Q(
                    status__in=(FiscalReceiptStatus.CREDITED, FiscalReceiptStatus.REVERSED),
                    decided_at__isnull=False,
                    operation_id__isnull=False,
                )
                | Q(status=FiscalReceiptStatus.REJECTED, decided_at__isnull=False, operation_id__isnull=True)
                & ~Q(reason=""),
                name="fiscal_receipt_decision",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=("id",), name="fiscal_receipt_to_decide", condition=Q(status=FiscalReceiptStatus.ACCEPTED)
            ),
            models.Index(fields=("contact", "-purchased_at"), name="fiscal_receipt_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.fiscal_drive}/{self.document_number}"

    @transition(field=status, source=FiscalReceiptStatus.ACCEPTED, target=FiscalReceiptStatus.CREDITED)
    def credit(self) -> None:
        """Some promotion gave points for it."""

    @transition(field=status, source=FiscalReceiptStatus.ACCEPTED, target=FiscalReceiptStatus.REJECTED)
    def reject(self) -> None:
        """No promotion gives anything for it, for a reason that is kept."""

    @transition(field=status, source=FiscalReceiptStatus.CREDITED, target=FiscalReceiptStatus.REVERSED)
    def reverse(self) -> None:
        """Its points were taken back: the till credited the same purchase later, or the goods came back."""
