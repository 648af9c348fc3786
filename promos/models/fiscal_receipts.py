"""Fiscal receipts that customers scan: accepted now, decided in the background (specs/koshelek.md, call 12)."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from cards.models import Card
from customers.models import Contact


class FiscalReceiptStatus(models.TextChoices):
    ACCEPTED = "accepted", "Accepted"
    CREDITED = "credited", "Credited"
    REJECTED = "rejected", "Rejected"
    REVERSED = "reversed", "Taken back"


class ReceiptReason(models.TextChoices):
    """Why a receipt gave nothing, or gives nothing any more: stable codes, kept with it.

    Those of promotions stand in the order in which a promotion asks: where several refuse, the reason of the one that
    came nearest is kept.
    """

    ALREADY_CREDITED = "already_credited", "The purchase was credited at the till"
    CARD_BLOCKED = "card_blocked", "The customer was blocked, or had no usable card"
    NO_PROMOTION = "no_promotion", "No receipt promotion was live at that moment"
    NOT_AT_THIS_TIME = "not_at_this_time", "The promotion is for other hours or weekdays"
    STORE_UNKNOWN = "store_unknown", "The promotion names stores, and the fiscal drive belongs to none known"
    OTHER_STORE = "other_store", "The promotion is for other stores"
    BELOW_MINIMUM = "below_minimum", "The sum is too small"
    NOT_FOR_YOU = "not_for_you", "The promotion is for other customers"
    CUSTOMER_COUNT_USED_UP = "customer_count_used_up", "The customer has used the promotion as often as allowed"
    CUSTOMER_CAP_USED_UP = "customer_cap_used_up", "The customer has got the most that the promotion gives to one"
    COUNT_USED_UP = "count_used_up", "The promotion was used as often as allowed in all"
    BUDGET_USED_UP = "budget_used_up", "The promotion's budget is used up"
    CREDITED_AT_TILL = "credited_at_till", "The till credited the same purchase later"


class FiscalReceipt(models.Model):
    """One receipt, known by fiscal drive, document number and fiscal sign; it is accepted once, whoever scans it.

    `reason` says why it was rejected or taken back, as a stable code; `purchase_id` is the till's id of the purchase
    that it was recognised as; `store` the code of the store that its fiscal drive told when it was decided, empty
    while the drive is unknown; `awards` keeps promotion id -> points; `taken_back` what a reversal could take of
    them. The row is the work of the background decision.
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
    reason = models.CharField(max_length=40, choices=ReceiptReason.choices, blank=True, db_default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    purchase_id = models.CharField(max_length=80, blank=True, db_default="")
    store = models.CharField(max_length=40, blank=True, db_default="")
    awards = models.JSONField(default=dict, blank=True)
    points = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    taken_back = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    operation_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("fiscal_drive", "document_number", "fiscal_sign"), name="fiscal_receipt_once"
            ),
            # One sale has one receipt, or two customers' receipts of one sum would both count as one purchase.
            models.UniqueConstraint(
                fields=("purchase_id",), name="fiscal_receipt_of_one_purchase", condition=~Q(purchase_id="")
            ),
            models.CheckConstraint(
                condition=Q(status__in=FiscalReceiptStatus.values), name="fiscal_receipt_status_known"
            ),
            models.CheckConstraint(condition=Q(fiscal_drive__regex=r"^[0-9]{16}$"), name="fiscal_receipt_drive"),
            models.CheckConstraint(condition=Q(amount__gte=0, points__gte=0), name="fiscal_receipt_amounts"),
            models.CheckConstraint(
                condition=Q(taken_back__gte=0, taken_back__lte=F("points"))
                & (Q(taken_back=0) | Q(status=FiscalReceiptStatus.REVERSED)),
                name="fiscal_receipt_taken_back",
            ),
            models.CheckConstraint(
                condition=Q(status__in=(FiscalReceiptStatus.ACCEPTED, FiscalReceiptStatus.CREDITED))
                | Q(reason__in=ReceiptReason.values),
                name="fiscal_receipt_reason_known",
            ),
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
            # A till asks whether anybody has scanned the sale that it uploads.
            models.Index(
                fields=("amount", "purchased_at"),
                name="fiscal_receipt_of_sum",
                condition=Q(status__in=(FiscalReceiptStatus.ACCEPTED, FiscalReceiptStatus.CREDITED)),
            ),
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
