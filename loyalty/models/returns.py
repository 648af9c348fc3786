"""What came back of a purchase, and the answers of two-phase calls (specs/cash_desk.md, Purchases)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from loyalty.ledger.models import append_only
from loyalty.models.purchases import Purchase


class ReturnKind(models.TextChoices):
    CANCEL = "cancel", "Cancelled"
    REFUND = "refund", "Refund"


class PurchaseReturn(models.Model):
    """One cancel or refund: goods that came back, points taken back, bonuses restored. Append-only.

    `return_id` is the till's RefundId; a cancel has none. `lines` are the goods by position; `balance` completes
    the answer, which a repeat hears again.
    """

    purchase = models.ForeignKey(Purchase, models.PROTECT, related_name="returns")
    kind = models.CharField(max_length=8, choices=ReturnKind.choices)
    return_id = models.CharField(max_length=80, null=True, blank=True, unique=True)
    fingerprint = models.CharField(max_length=64)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    lines = models.JSONField(default=list)
    taken_back = models.DecimalField(max_digits=14, decimal_places=2)
    qualifying_taken_back = models.DecimalField(max_digits=14, decimal_places=2)
    restored = models.DecimalField(max_digits=14, decimal_places=2)
    balance = models.DecimalField(max_digits=16, decimal_places=2)
    take_back_id = models.BigIntegerField(null=True, blank=True)
    restoration_id = models.BigIntegerField(null=True, blank=True)
    actor = models.CharField(max_length=80)
    recorded_at = models.DateTimeField()

    class Meta:
        triggers = append_only()
        ordering = ("id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind=ReturnKind.CANCEL, return_id__isnull=True)
                | Q(kind=ReturnKind.REFUND, return_id__isnull=False),
                name="return_has_its_id",
            ),
            models.UniqueConstraint(
                fields=("purchase",), condition=Q(kind=ReturnKind.CANCEL), name="purchase_cancelled_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, taken_back__gte=0, qualifying_taken_back__gte=0, restored__gte=0),
                name="return_amounts_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.purchase_id}"


class TillAnswer(models.Model):
    """The first answer to a hold, capture or void, kept under the call's own key: a repeat hears it again."""

    key = models.CharField(max_length=200, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    contact_id = models.BigIntegerField()
    answer = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return self.key
