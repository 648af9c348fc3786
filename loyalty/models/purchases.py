"""Purchases at the till and their lines (specs/cash_desk.md, Purchases)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from cards.models import Card
from customers.models import Contact
from loyalty.models.stores import Store


class PurchaseStatus(models.TextChoices):
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    REFUNDED = "refunded", "Refunded in full"


class Purchase(models.Model):
    """One receipt. `purchase_id` is the till's own id; `answer` is the first answer, repeated byte for byte.

    `terms` keeps what the accrual was computed from (earn rate, tier multiplier), so that a later
    return is computed under the terms of the day of purchase. `to_match`: somebody had scanned what may be this
    sale's fiscal receipt, and the worker still has to see which one is (`loyalty/services/matching.py`).
    """

    purchase_id = models.CharField(max_length=80, unique=True)
    fingerprint = models.CharField(max_length=64)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="purchases", db_index=False)
    card = models.ForeignKey(Card, models.PROTECT, related_name="purchases", db_index=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="purchases", db_index=False)
    till = models.CharField(max_length=40, blank=True, db_default="")
    cashier = models.CharField(max_length=80, blank=True, db_default="")
    purchased_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    offline = models.BooleanField(default=False)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    paid = models.DecimalField("paid with bonuses", max_digits=14, decimal_places=2)
    accrued = models.DecimalField(max_digits=14, decimal_places=2)
    qualifying = models.DecimalField("tier-qualifying", max_digits=14, decimal_places=2)
    returned = models.DecimalField("amount returned", max_digits=14, decimal_places=2, default=0, db_default=0)
    unearned = models.DecimalField("points no longer earned", max_digits=14, decimal_places=2, default=0, db_default=0)
    unqualified = models.DecimalField(
        "tier-qualifying no longer earned", max_digits=14, decimal_places=2, default=0, db_default=0
    )
    restored = models.DecimalField("bonuses restored", max_digits=14, decimal_places=2, default=0, db_default=0)
    status = FSMField(choices=PurchaseStatus.choices, default=PurchaseStatus.COMPLETED, protected=True)
    terms = models.JSONField(default=dict)
    answer = models.JSONField(default=dict)
    accrual_id = models.BigIntegerField(null=True, blank=True)
    redemption_id = models.BigIntegerField(null=True, blank=True)
    to_match = models.BooleanField("receipt to be matched", default=False, db_default=False)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=PurchaseStatus.values), name="purchase_status_known"),
            models.CheckConstraint(
                condition=Q(amount__gte=0, paid__gte=0, accrued__gte=0, qualifying__gte=0),
                name="purchase_amounts_not_negative",
            ),
            models.CheckConstraint(condition=Q(paid__lte=models.F("amount")), name="purchase_paid_within_amount"),
            models.CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=models.F("amount"))
                & Q(unearned__gte=0, unearned__lte=models.F("accrued"))
                & Q(unqualified__gte=0, unqualified__lte=models.F("qualifying"))
                & Q(restored__gte=0, restored__lte=models.F("paid")),
                name="purchase_never_returns_more",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("contact", "-purchased_at"), name="purchase_of_contact"),
            models.Index(fields=("card", "-id"), name="purchase_of_card"),
            # A scanned receipt looks for its purchase by sum and time: some tills print the sum before bonuses paid,
            # some after.
            models.Index(fields=("amount", "purchased_at"), name="purchase_of_sum"),
            models.Index(
                models.F("amount") - models.F("paid"),
                "purchased_at",
                name="purchase_of_sum_in_money",
                condition=Q(paid__gt=0),
            ),
            models.Index(fields=("id",), name="purchase_to_match", condition=Q(to_match=True)),
            # Serves audiences: who bought lately, and where, without a look at the receipts themselves.
            models.Index(
                fields=("purchased_at",),
                include=("contact", "store"),
                name="purchase_completed",
                condition=Q(status=PurchaseStatus.COMPLETED),
            ),
        ]

    def __str__(self) -> str:
        return self.purchase_id

    @transition(field=status, source=PurchaseStatus.COMPLETED, target=PurchaseStatus.CANCELLED)
    def cancel(self) -> None:
        """The sale did not happen."""

    @transition(field=status, source=PurchaseStatus.COMPLETED, target=PurchaseStatus.REFUNDED)
    def refund_in_full(self) -> None:
        """Everything came back."""


class PurchaseLine(models.Model):
    """One line of a receipt. `amount` is after discounts; `paid` is its part of the bonuses that paid the basket."""

    purchase = models.ForeignKey(Purchase, models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    sku = models.CharField(max_length=80, blank=True, db_default="")
    name = models.CharField(max_length=200, blank=True, db_default="")
    category = models.CharField(max_length=80, blank=True, db_default="")
    quantity = models.DecimalField(max_digits=14, decimal_places=3)
    price = models.DecimalField(max_digits=14, decimal_places=2)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    paid = models.DecimalField(max_digits=14, decimal_places=2)
    accrued = models.DecimalField(max_digits=14, decimal_places=2)
    returned = models.DecimalField("amount returned", max_digits=14, decimal_places=2, default=0, db_default=0)
    returned_quantity = models.DecimalField(max_digits=14, decimal_places=3, default=0, db_default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=models.F("amount"))
                & Q(returned_quantity__gte=0, returned_quantity__lte=models.F("quantity")),
                name="purchase_line_never_returns_more",
            ),
            models.UniqueConstraint(fields=("purchase", "position"), name="purchase_line_once"),
            models.CheckConstraint(
                condition=Q(amount__gte=0, paid__gte=0, accrued__gte=0, quantity__gt=0),
                name="purchase_line_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purchase_id}/{self.position}"
