"""Limits of spends and accruals a day, per card, till and operator, and what was used of them."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q


class LimitScope(models.TextChoices):
    CARD = "card", "Card"
    CASHIER = "cashier", "Cashier"
    TILL = "till", "Till"


class LimitedAct(models.TextChoices):
    ACCRUALS = "accruals", "Accruals"
    SPENDS = "spends", "Spends"


class LimitMeasure(models.TextChoices):
    COUNT = "count", "Number a day"
    AMOUNT = "amount", "Amount a day"


class Limit(models.Model):
    """One of the twelve limits; without bounds it is off. A bound is the most that is allowed, itself included.

    Beyond `soft` the journal gets an alert, beyond `hard` the purchase is refused. A number is a bound without
    a fraction; an amount is in points.
    """

    scope = models.CharField(max_length=10, choices=LimitScope.choices)
    what = models.CharField(max_length=10, choices=LimitedAct.choices)
    measure = models.CharField(max_length=10, choices=LimitMeasure.choices)
    soft = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    hard = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ("scope", "what", "measure")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("scope", "what", "measure"), name="limit_once"),
            models.CheckConstraint(
                condition=Q(scope__in=LimitScope.values, what__in=LimitedAct.values, measure__in=LimitMeasure.values),
                name="limit_known",
            ),
            models.CheckConstraint(
                condition=(Q(soft=None) | Q(soft__gte=0)) & (Q(hard=None) | Q(hard__gte=0)),
                name="limit_bounds_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(soft=None) | Q(hard=None) | Q(soft__lte=F("hard")), name="limit_soft_before_hard"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.what} {self.measure}"

    @property
    def on(self) -> bool:
        """Whether the limit has a bound."""
        return self.soft is not None or self.hard is not None


class LimitUse(models.Model):
    """What one subject did in one day: the counter that purchases add to in their own transaction.

    `subject` is the id of a card, or `login/text` of a till or a cashier: the text is a till's own, so it
    means something only together with the credential. `day` is a day in the retailer's zone.
    """

    scope = models.CharField(max_length=10, choices=LimitScope.choices)
    subject = models.CharField(max_length=130)
    what = models.CharField(max_length=10, choices=LimitedAct.choices)
    day = models.DateField()
    count = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=20, decimal_places=2)
    count_alerted = models.BooleanField(default=False, db_default=False)
    amount_alerted = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("scope", "subject", "what", "day"), name="limit_use_once"),
            models.CheckConstraint(condition=Q(count__gte=0, amount__gte=0), name="limit_use_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=("day",), name="limit_use_by_day")]

    def __str__(self) -> str:
        return f"{self.scope} {self.subject} {self.what} {self.day}"
