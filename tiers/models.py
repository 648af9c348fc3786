"""Tier systems, tiers and the standings of contacts (specs/points_and_tiers.md, Tiers)."""

import uuid
from typing import ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q

from customers.models import Contact


class ExpiryPolicy(models.TextChoices):
    NONE = "none", "Does not expire"
    NEXT_YEAR_END = "next_year_end", "End of the following calendar year"
    DAYS = "days", "A number of days from entry"


class StandingReason(models.TextChoices):
    ENROLLED = "enrolled", "Enrolled"
    UPGRADED = "upgraded", "Upgraded"
    ASSESSED = "assessed", "Assessed at expiry"
    LEFT = "left", "Left the programme"
    MERGED = "merged", "Merged with another customer"


class TierSystem(models.Model):
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)

    class Meta:
        verbose_name = "tier system"

    def __str__(self) -> str:
        return self.name


class Tier(models.Model):
    """A level. `target`: qualifying points of the running year that reach it; `multiplier`: of the base rate.

    The target is the tier's rule; its ids are those that partners read (specs/loyalty_data.md).
    """

    system = models.ForeignKey(TierSystem, models.PROTECT, related_name="tiers")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField()
    target = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    multiplier = models.DecimalField(max_digits=5, decimal_places=2, default=1)
    expiry_policy = models.CharField(max_length=16, choices=ExpiryPolicy.choices, default=ExpiryPolicy.NONE)
    expiry_days = models.PositiveIntegerField(null=True, blank=True)
    rule_tree_id = models.UUIDField(db_default=RandomUUID(), editable=False)
    rule_node_id = models.UUIDField(db_default=RandomUUID(), editable=False)
    rule_id = models.UUIDField(db_default=RandomUUID(), editable=False)
    rule_constraint_id = models.UUIDField(db_default=RandomUUID(), editable=False)

    class Meta:
        ordering = ("system", "rank")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("system", "rank"), name="tier_rank_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(fields=("system", "name"), name="tier_name_once"),
            models.CheckConstraint(
                condition=Q(rank__lte=1, target__isnull=True) | Q(rank__gt=1, target__gt=0),
                name="tier_target_above_base",
            ),
            models.CheckConstraint(condition=Q(multiplier__gt=0), name="tier_multiplier_positive"),
            models.CheckConstraint(
                condition=Q(expiry_policy=ExpiryPolicy.DAYS, expiry_days__gt=0)
                | (~Q(expiry_policy=ExpiryPolicy.DAYS) & Q(expiry_days__isnull=True)),
                name="tier_expiry_days",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Standing(models.Model):
    """A contact in a tier, from `entered_at` until `left_at` (open while it lasts); `ends_at` is when it expires.

    Periods of a contact never overlap: an exclusion constraint of migration 0002.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="standings", db_index=False)
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="+", db_index=False)
    entered_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=16, choices=StandingReason.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("contact",), condition=Q(left_at__isnull=True), name="one_current_standing"
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("entered_at")), name="standing_period"
            ),
            models.CheckConstraint(condition=Q(reason__in=StandingReason.values), name="standing_reason_known"),
        ]
        indexes: ClassVar = [models.Index(fields=("contact", "-entered_at"), name="standing_of_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.tier_id}"
