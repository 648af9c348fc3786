"""Points given or taken by hand: what was asked for, by whom and why, and who decided (specs/points_and_tiers.md)."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from customers.models import Contact
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import never_removed


class AdjustmentStatus(models.TextChoices):
    REQUESTED = "requested", "Waits for a second person"
    POSTED = "posted", "Posted"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class AdjustmentRequest(models.Model):
    """One adjustment: `amount` above zero gives points, below zero takes them; decided once.

    A small one is posted by its maker alone; beyond the limits a second person posts or refuses it. `key` is of the
    form that asked, so that a button pressed twice asks once. `may_owe`: what is missing may become a debt.
    """

    key = models.CharField(max_length=80, unique=True)
    fingerprint = models.CharField(max_length=64)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="adjustments", db_index=False)
    account = models.PositiveSmallIntegerField(choices=Account.choices)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    may_owe = models.BooleanField("may leave a debt", default=False)
    reason = models.CharField(max_length=300)
    maker = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    status = FSMField(choices=AdjustmentStatus.choices, default=AdjustmentStatus.REQUESTED, protected=True)
    checker = models.CharField(max_length=80, blank=True, db_default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, db_default="")
    operation_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        # Those that wait have no time of decision: PostgreSQL puts them first.
        ordering = ("-decided_at", "-id")
        triggers = never_removed("a request for an adjustment is never deleted")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=AdjustmentStatus.values), name="adjustment_status_known"),
            models.CheckConstraint(
                condition=Q(account__in=(Account.SPENDABLE, Account.QUALIFYING)) & ~Q(amount=0),
                name="adjustment_of_landed_points",
            ),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(maker=""), name="adjustment_has_a_reason"),
            models.CheckConstraint(
                condition=Q(may_owe=False) | Q(account=Account.SPENDABLE, amount__lt=0),
                name="adjustment_owes_spendable",
            ),
            models.CheckConstraint(condition=~Q(checker=F("maker")), name="adjustment_checked_by_another"),
            models.CheckConstraint(
                condition=Q(status=AdjustmentStatus.REQUESTED, decided_at=None, operation_id=None, checker="")
                | Q(status=AdjustmentStatus.POSTED, decided_at__isnull=False, operation_id__isnull=False)
                | (Q(status=AdjustmentStatus.REFUSED, decided_at__isnull=False, operation_id=None) & ~Q(checker=""))
                | Q(status=AdjustmentStatus.WITHDRAWN, decided_at__isnull=False, operation_id=None, checker=""),
                name="adjustment_decision",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("-decided_at", "-id"), name="adjustment_waiting_first"),
            models.Index(fields=("contact", "-id"), name="adjustment_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.amount:+} of {self.contact_id}"

    @transition(field=status, source=AdjustmentStatus.REQUESTED, target=AdjustmentStatus.POSTED)
    def post(self) -> None:
        """The points have moved."""

    @transition(field=status, source=AdjustmentStatus.REQUESTED, target=AdjustmentStatus.REFUSED)
    def refuse(self) -> None:
        """A second person said no."""

    @transition(field=status, source=AdjustmentStatus.REQUESTED, target=AdjustmentStatus.WITHDRAWN)
    def withdraw(self) -> None:
        """Its maker took it back."""


class AdjustmentUse(models.Model):
    """What one person adjusted alone on one day, in the retailer's zone: given and taken points together."""

    person = models.CharField(max_length=80)
    day = models.DateField()
    amount = models.DecimalField(max_digits=20, decimal_places=2, validators=[MinValueValidator(0)])

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("person", "day"), name="adjustment_use_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="adjustment_use_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.day}"
