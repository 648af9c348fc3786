"""Promotions, the periods in which they were live, and what they have granted (specs/cash_desk.md, Purchases)."""

import uuid
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from customers.models import Contact
from promos.models.audiences import Audience
from promos.models.images import OfferImage


class PromotionStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    LIVE = "live", "Live"
    PAUSED = "paused", "Paused"
    ENDED = "ended", "Ended"


class PromotionTrigger(models.TextChoices):
    """What makes a promotion give: a purchase at the till, a scanned receipt, a code; an announcement only tells."""

    PURCHASE = "purchase", "Purchase at the till"
    RECEIPT = "receipt", "Scanned receipt"
    CODE = "code", "Promo code"
    ANNOUNCEMENT = "announcement", "Announcement only"


COUNTED = (PromotionTrigger.RECEIPT, PromotionTrigger.CODE)
"""Triggers whose promotions may be limited by how often they give."""


class PromotionKind(models.TextChoices):
    """What a promotion awards; `value` is percent, times the base, or points."""

    PERCENT = "percent", "Percent of the money paid"
    MULTIPLIER = "multiplier", "Times the base points"
    FIXED = "fixed", "Fixed points for the basket"


TERMS = (
    "name",
    "trigger",
    "audience",
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
    "customer_count",
    "total_count",
    "escrow_days",
)
"""What a marketer writes. Late uploads and returns count under the terms of the day: a promotion keeps them."""


class Promotion(models.Model):
    """A rule that marketers switch on: empty lists mean "any". Its terms do not change once it has been live.

    `granted` is what it has given so far, counted only against a `budget`, the most it may give in all;
    `customer_cap` is the most it may give to one customer (CustomerGrant counts). Receipts and codes are also
    limited by how often: `total_count` in all, counted in `used`, `customer_count` for one customer.
    `escrow_days`: until points of a receipt or code may be spent; None as for purchases. `audience` None: everybody.

    A promotion with a `title` is an offer: the wallet shows it (specs/koshelek.md, call 9). What it shows is no
    term: a misprint may be mended while it is live.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80, unique=True)
    status = FSMField(choices=PromotionStatus.choices, default=PromotionStatus.DRAFT, protected=True)
    trigger = models.CharField(
        max_length=12,
        choices=PromotionTrigger.choices,
        default=PromotionTrigger.PURCHASE,
        db_default=PromotionTrigger.PURCHASE,
    )
    audience = models.ForeignKey(Audience, models.PROTECT, null=True, blank=True, related_name="promotions")
    kind = models.CharField(max_length=12, choices=PromotionKind.choices, blank=True)
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
    customer_count = models.PositiveIntegerField(null=True, blank=True)
    total_count = models.PositiveIntegerField(null=True, blank=True)
    used = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    escrow_days = models.PositiveSmallIntegerField(null=True, blank=True)
    title = models.CharField(max_length=120, blank=True, db_default="")
    description = models.TextField(max_length=2000, blank=True, db_default="")
    conditions = models.TextField(max_length=4000, blank=True, db_default="")
    image = models.ForeignKey(OfferImage, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=PromotionStatus.values), name="promotion_status_known"),
            models.CheckConstraint(condition=Q(trigger__in=PromotionTrigger.values), name="promotion_trigger_known"),
            models.CheckConstraint(
                condition=Q(trigger=PromotionTrigger.PURCHASE, kind__in=PromotionKind.values)
                | Q(trigger=PromotionTrigger.RECEIPT, kind__in=(PromotionKind.PERCENT, PromotionKind.FIXED))
                | Q(trigger=PromotionTrigger.CODE, kind=PromotionKind.FIXED)
                | Q(trigger=PromotionTrigger.ANNOUNCEMENT, kind=""),
                name="promotion_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(trigger=PromotionTrigger.ANNOUNCEMENT, value=0)
                | (~Q(trigger=PromotionTrigger.ANNOUNCEMENT) & Q(value__gt=0))
                & (~Q(kind=PromotionKind.MULTIPLIER) | Q(value__gt=1)),
                name="promotion_value",
            ),
            models.CheckConstraint(
                condition=Q(trigger__in=COUNTED) | Q(customer_count__isnull=True, total_count__isnull=True),
                name="promotion_counts_of_trigger",
            ),
            models.CheckConstraint(
                condition=(Q(customer_count__isnull=True) | Q(customer_count__gt=0))
                & (Q(total_count__isnull=True) | Q(total_count__gt=0, used__lte=F("total_count"))),
                name="promotion_within_counts",
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
                operation=pgtrigger.UpdateOf(*("audience_id" if each == "audience" else each for each in TERMS)),
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
    """What a promotion has given to one customer, kept for promotions with a limit per customer.

    `cap` (points) and `most` (times) repeat the promotion's, which never change once it has been live, so that the
    database can hold to them; None: no such limit.
    """

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="+")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="+", db_index=False)
    granted = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    cap = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    count = models.PositiveIntegerField(default=0, db_default=0)
    most = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("contact", "promotion"), name="customer_grant_once"),
            models.CheckConstraint(condition=Q(granted__gte=0), name="customer_grant_not_negative"),
            models.CheckConstraint(condition=Q(granted__lte=F("cap")), name="customer_grant_within_cap"),
            models.CheckConstraint(condition=Q(count__lte=F("most")), name="customer_grant_within_count"),
        ]

    def __str__(self) -> str:
        return f"{self.promotion_id}/{self.contact_id}: {self.granted}"
