"""Promotions, the periods in which they were live, and what they have granted (specs/cash_desk.md, Purchases)."""

import uuid
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from customers.models import Contact


class PromotionStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    LIVE = "live", "Live"
    PAUSED = "paused", "Paused"
    ENDED = "ended", "Ended"


class PromotionKind(models.TextChoices):
    """What a promotion awards; `value` is percent, times the base, or points."""

    PERCENT = "percent", "Percent of the money paid"
    MULTIPLIER = "multiplier", "Times the base points"
    FIXED = "fixed", "Fixed points for the basket"


TERMS = (
    "name",
    "kind",
    "value",
    "starts_at",
    "ends_at",
    "minimum_basket",
    "categories",
    "skus",
    "stores",
    "weekdays",
    "hour_from",
    "hour_until",
    "first_purchase",
    "birthday_days",
    "stacks",
    "qualifies",
    "customer_cap",
    "budget",
)
"""What a marketer writes. Late uploads and returns count under the terms of the day: a promotion keeps them."""


class Promotion(models.Model):
    """A rule that marketers switch on: empty lists mean "any". Its terms do not change once it has been live.

    `granted` is what it has given so far, counted only against a `budget`, the most it may give in all;
    `customer_cap` is the most it may give to one customer (CustomerGrant counts).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80, unique=True)
    status = FSMField(choices=PromotionStatus.choices, default=PromotionStatus.DRAFT, protected=True)
    kind = models.CharField(max_length=12, choices=PromotionKind.choices)
    value = models.DecimalField(max_digits=10, decimal_places=2)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    minimum_basket = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    categories = models.JSONField(default=list, blank=True)
    skus = models.JSONField(default=list, blank=True)
    stores = models.JSONField(default=list, blank=True)
    weekdays = models.JSONField(default=list, blank=True, help_text="1 Monday to 7 Sunday.")
    hour_from = models.PositiveSmallIntegerField(default=0)
    hour_until = models.PositiveSmallIntegerField(default=24)
    first_purchase = models.BooleanField(default=False)
    birthday_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days before and after the birthday; 0 is the day itself."
    )
    stacks = models.BooleanField(default=True, help_text="Added to other promotions; if not, only the best counts.")
    qualifies = models.BooleanField(default=False, help_text="Its points count for the tier, too.")
    customer_cap = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    budget = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    granted = models.DecimalField(max_digits=14, decimal_places=2, default=0, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=PromotionStatus.values), name="promotion_status_known"),
            models.CheckConstraint(condition=Q(kind__in=PromotionKind.values), name="promotion_kind_known"),
            models.CheckConstraint(
                condition=Q(value__gt=0) & (~Q(kind=PromotionKind.MULTIPLIER) | Q(value__gt=1)), name="promotion_value"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="promotion_dates"
            ),
            models.CheckConstraint(
                condition=Q(hour_from__lt=F("hour_until"), hour_until__lte=24), name="promotion_hours"
            ),
            models.CheckConstraint(
                condition=Q(granted__gte=0) & (Q(budget__isnull=True) | Q(granted__lte=F("budget"))),
                name="promotion_within_budget",
            ),
            models.CheckConstraint(
                condition=Q(minimum_basket__gte=0)
                & (Q(budget__isnull=True) | Q(budget__gt=0))
                & (Q(customer_cap__isnull=True) | Q(customer_cap__gt=0)),
                name="promotion_limits",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="terms_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf(*TERMS),
                condition=pgtrigger.AnyChange(*TERMS),
                func="IF OLD.status <> 'draft' THEN"
                " RAISE EXCEPTION 'the terms of a promotion that has been live do not change'"
                " USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @transition(field=status, source=[PromotionStatus.DRAFT, PromotionStatus.PAUSED], target=PromotionStatus.LIVE)
    def go_live(self) -> None:
        """Start, or go on."""

    @transition(field=status, source=PromotionStatus.LIVE, target=PromotionStatus.PAUSED)
    def pause(self) -> None:
        """Stop for a while."""

    @transition(
        field=status,
        source=[PromotionStatus.DRAFT, PromotionStatus.LIVE, PromotionStatus.PAUSED],
        target=PromotionStatus.ENDED,
    )
    def end(self) -> None:
        """Stop for good."""


class LivePeriod(models.Model):
    """From when until when a promotion was live: a late upload earns what its own moment earned."""

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="live_periods")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("promotion",), condition=Q(ended_at__isnull=True), name="one_open_live_period"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")), name="live_period_dates"
            ),
        ]
        # A till asks for the periods that are open or ended after its moment: few, however many there have been.
        indexes: ClassVar = [models.Index(fields=("ended_at",), name="live_period_end")]

    def __str__(self) -> str:
        return f"{self.promotion_id} from {self.began_at:%Y-%m-%d %H:%M}"


class CustomerGrant(models.Model):
    """What a promotion has given to one customer, kept for promotions with a cap per customer.

    `cap` repeats the promotion's, which never changes once it has been live, so that the database can hold to it.
    """

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="+")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="+", db_index=False)
    granted = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    cap = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("contact", "promotion"), name="customer_grant_once"),
            models.CheckConstraint(condition=Q(granted__gte=0), name="customer_grant_not_negative"),
            models.CheckConstraint(condition=Q(granted__lte=F("cap")), name="customer_grant_within_cap"),
        ]

    def __str__(self) -> str:
        return f"{self.promotion_id}/{self.contact_id}: {self.granted}"
