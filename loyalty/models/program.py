"""The retailer's settings: one row, edited in the back office (specs/points_and_tiers.md, Defaults)."""

import uuid
import zoneinfo
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from promos.models import Audience
from tiers import remembered

SUFFICIENCY_FIELDS = (
    "first_name",
    "surname",
    "patronymic",
    "sex",
    "birth_date",
    "phone",
    "email",
    "country_code",
    "locality",
)
"""Personal data that the retailer may ask for before a card becomes Active."""


class ReturnPolicy(models.TextChoices):
    ONLY_PENDING = "only_pending", "Only points still in escrow"
    WITHIN_BALANCE = "within_balance", "Within the balance"
    ALLOW_NEGATIVE = "allow_negative", "May leave a debt"


class PointsExpiry(models.TextChoices):
    NEVER = "never", "Never"
    MONTHS = "months", "Some months after maturing"
    INACTIVITY = "inactivity", "Some months after the last purchase"


class ExpiryRounding(models.TextChoices):
    MONTH = "month", "End of that month"
    QUARTER = "quarter", "End of that quarter"
    YEAR = "year", "End of that year"


def default_sufficiency() -> list[str]:
    """Return the personal data that suffice for a fresh retailer."""
    return ["first_name", "surname", "birth_date", "phone"]


def validate_zone(name: str) -> None:
    """Refuse a time zone that this machine does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name} is not a time zone. Write it like Europe/Moscow.")


def validate_sufficiency(names: list[str]) -> None:
    """Refuse unknown names of personal data."""
    if not isinstance(names, list) or set(names) - set(SUFFICIENCY_FIELDS):
        raise ValidationError(f"Choose from: {', '.join(SUFFICIENCY_FIELDS)}.")


LONGEST_CATEGORY = 80
MOST_CATEGORIES = 1000


def validate_categories(names: list[str]) -> None:
    """Refuse anything but a list of category names as tills write them."""
    known = isinstance(names, list) and all(isinstance(name, str) and name.strip() for name in names)
    if not known or len(names) > MOST_CATEGORIES or any(len(name) > LONGEST_CATEGORY for name in names):
        raise ValidationError(f"Write categories of at most {LONGEST_CATEGORY} characters, {MOST_CATEGORIES} at most.")


class Program(models.Model):
    """The settings of the one retailer. Points are worth `point_value` of the currency when spent."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    retailer = models.CharField("retailer's name", max_length=80, default="ACME")
    zone = models.CharField("time zone", max_length=60, default="Europe/Moscow", validators=[validate_zone])
    currency = models.CharField(max_length=3, default="RUB")
    earn_rate = models.DecimalField(
        max_digits=8,
        decimal_places=4,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1000))],
        help_text="Points for 1.00 spent, after discounts; bonuses paid do not count.",
    )
    # Kept by `change_earn_rate`: a receipt that comes late earns by the rate of its own day.
    earn_rate_since = models.DateTimeField(null=True, blank=True, editable=False)
    former_earn_rates = models.JSONField(default=list, blank=True, editable=False)
    excluded_categories = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_categories],
        help_text="Goods of these categories earn nothing, neither by the base rule nor by promotions.",
    )
    escrow_days = models.PositiveSmallIntegerField(
        default=30,
        validators=[MaxValueValidator(365)],
        help_text="Days from the purchase until points can be spent.",
    )
    spending_share = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=Decimal(50),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
        help_text="The most of a basket that bonuses may pay, in percent.",
    )
    points_expiry = models.CharField(max_length=10, choices=PointsExpiry.choices, default=PointsExpiry.MONTHS)
    expiry_months = models.PositiveSmallIntegerField(
        default=12, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    expiry_rounding = models.CharField(max_length=10, choices=ExpiryRounding.choices, default=ExpiryRounding.MONTH)
    return_policy = models.CharField(max_length=16, choices=ReturnPolicy.choices, default=ReturnPolicy.ALLOW_NEGATIVE)
    restore_grace_days = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(365)],
        help_text="Days to spend bonuses that a return restores after they expired; 0: they burn again.",
    )
    hold_minutes = models.PositiveSmallIntegerField(
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text="How long a till may hold bonuses before it captures them.",
    )
    adjustment_alone = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        default=Decimal(1000),
        db_default=Decimal(1000),
        validators=[MinValueValidator(Decimal(0))],
        help_text="The most points that one person may give or take alone in one act.",
    )
    adjustment_alone_daily = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        default=Decimal(5000),
        db_default=Decimal(5000),
        validators=[MinValueValidator(Decimal(0))],
        help_text="The most points that one person may give and take alone in a day.",
    )
    sufficiency = models.JSONField(
        "sufficient personal data", default=default_sufficiency, validators=[validate_sufficiency]
    )
    activate_on_bind = models.BooleanField(
        default=True, help_text="A card becomes Active when it is bound to a contact whose data suffice."
    )
    reservation_minutes = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(1)], help_text="How long a wallet may hold a free number."
    )
    unknown_stores = models.BooleanField(
        default=True, help_text="A purchase from a store not seen before creates the store."
    )
    oldest_purchase_days = models.PositiveSmallIntegerField(
        default=366, help_text="Purchases older than this are refused."
    )
    interaction_days = models.PositiveSmallIntegerField(
        default=30,
        db_default=30,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="How long the interaction log is kept.",
    )
    wallet_audience = models.ForeignKey(
        Audience,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose phones the wallet app's lists give (getAllUsers); nobody's while it is empty.",
    )
    available_with_escrow = models.BooleanField(
        default=False, db_default=False, help_text="Partners read points in escrow as available, too (loyalty data)."
    )
    low_pool_alert = models.PositiveIntegerField(
        default=100,
        db_default=100,
        validators=[MaxValueValidator(100_000)],
        help_text="Fewer free virtual numbers than this raise an alert; 0: never.",
    )
    # The state of that alert: since when it is raised.
    pool_low_since = models.DateTimeField(null=True, blank=True, editable=False)
    # Kept by the use case that changes limits: a purchase learns here, in a row it reads anyway, that none is set.
    limits_on = models.BooleanField(default=False, db_default=False, editable=False)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "retailer settings"
        verbose_name_plural = "retailer settings"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="program_is_one_row"),
            models.CheckConstraint(condition=Q(earn_rate__gte=0), name="program_earn_rate"),
            models.CheckConstraint(
                condition=Q(spending_share__gte=0, spending_share__lte=100), name="program_spending_share"
            ),
            models.CheckConstraint(
                condition=Q(adjustment_alone__gte=0, adjustment_alone_daily__gte=0), name="program_adjustments_alone"
            ),
            models.CheckConstraint(condition=Q(points_expiry__in=PointsExpiry.values), name="program_points_expiry"),
        ]

    def __str__(self) -> str:
        return self.retailer

    def earn_rate_at(self, moment: datetime) -> Decimal:
        """Return the points for 1.00 that a purchase of that moment earns."""
        stands, former = remembered.stood_at(moment, self.earn_rate_since, self.former_earn_rates)
        return self.earn_rate if stands or former is None else Decimal(former)

    def change_earn_rate(self, rate: Decimal, now: datetime) -> None:
        """Let another rate count for purchases from `now` on."""
        self.former_earn_rates = remembered.with_another(
            self.former_earn_rates, self.earn_rate_since, str(self.earn_rate)
        )
        self.earn_rate, self.earn_rate_since = rate, now

    @property
    def tzinfo(self) -> zoneinfo.ZoneInfo:
        """The zone that decides days and years."""
        return zoneinfo.ZoneInfo(self.zone)
