"""Tier systems, tiers and the standings of contacts (specs/points_and_tiers.md, Tiers)."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from customers.models import Contact
from tiers import remembered

LONGEST_DAYS = 36_500
"""The most days that a tier lasts: more would lead out of the calendar, and with it every job that books the tier."""


class ExpiryPolicy(models.TextChoices):
    NONE = "none", "Does not expire"
    NEXT_YEAR_END = "next_year_end", "End of the following calendar year"
    DAYS = "days", "A number of days from entry"


class AssessmentPolicy(models.TextChoices):
    BALANCE_BASED = "balance_based", "The highest tier that the closing year earned"
    ONE_DOWN = "one_down", "At most one tier lower"


class StandingReason(models.TextChoices):
    ENROLLED = "enrolled", "Enrolled"
    UPGRADED = "upgraded", "Upgraded"
    EXTENDED = "extended", "Extended by qualifying again"
    ASSESSED = "assessed", "Assessed at expiry"
    LEFT = "left", "Left the programme"
    MERGED = "merged", "Merged with another customer"


class TierSystem(models.Model):
    """The ladder as a whole. `assessment`: how a standing is judged at its end, remembered as the values of a tier are;
    `ladder_changed_at`: a tier was added or a target lowered then, and not everyone has been assessed anew yet."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    assessment = models.CharField(
        max_length=16,
        choices=AssessmentPolicy.choices,
        default=AssessmentPolicy.BALANCE_BASED,
        db_default=AssessmentPolicy.BALANCE_BASED,
    )
    assessment_since = models.DateTimeField(null=True, blank=True, editable=False)
    former_assessments = models.JSONField(default=list, blank=True, editable=False)
    ladder_changed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "tier system"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(assessment__in=AssessmentPolicy.values), name="tier_system_assessment_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def assessment_at(self, moment: datetime) -> str:
        """Return the policy by which a standing that ends at a moment is judged."""
        stands, former = remembered.stood_at(moment, self.assessment_since, self.former_assessments)
        return self.assessment if stands else former

    def assessment_changes(self) -> list[datetime]:
        """Return the moments at which the policy was changed."""
        return remembered.changes(self.assessment_since, self.former_assessments)

    def assess_by(self, policy: str, now: datetime) -> None:
        """Let another policy judge what ends from `now` on."""
        self.former_assessments = remembered.with_another(
            self.former_assessments, self.assessment_since, self.assessment
        )
        self.assessment, self.assessment_since = policy, now


class Tier(models.Model):
    """A level. `target`: qualifying points of the running year that reach it; `multiplier`: of the base rate.

    Target, expiry and multiplier are remembered with the moments of their changes (`remembered`): `_since`, `former_`.
    A late job judges by what stood that day, and a receipt that comes late earns by it (years-of-qualification.md).
    The target is the tier's rule; its ids are those that partners read (specs/loyalty_data.md).
    """

    system = models.ForeignKey(TierSystem, models.PROTECT, related_name="tiers")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField()
    target = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    target_since = models.DateTimeField(null=True, blank=True, editable=False)
    former_targets = models.JSONField(default=list, blank=True, editable=False)
    multiplier = models.DecimalField(max_digits=5, decimal_places=2, default=1)
    expiry_policy = models.CharField(max_length=16, choices=ExpiryPolicy.choices, default=ExpiryPolicy.NONE)
    expiry_days = models.PositiveIntegerField(null=True, blank=True, validators=[MaxValueValidator(LONGEST_DAYS)])
    multiplier_since = models.DateTimeField(null=True, blank=True, editable=False)
    former_multipliers = models.JSONField(default=list, blank=True, editable=False)
    expiry_since = models.DateTimeField(null=True, blank=True, editable=False)
    former_expiries = models.JSONField(default=list, blank=True, editable=False)
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
                # A comparison with NULL breaks no CHECK, so what must be there is asked for.
                condition=Q(rank__lte=1, target__isnull=True) | Q(rank__gt=1, target__isnull=False, target__gt=0),
                name="tier_target_above_base",
            ),
            models.CheckConstraint(condition=Q(multiplier__gt=0), name="tier_multiplier_positive"),
            models.CheckConstraint(
                condition=Q(rank__gt=1) | Q(expiry_policy=ExpiryPolicy.NONE), name="tier_base_never_expires"
            ),
            models.CheckConstraint(
                condition=Q(
                    expiry_policy=ExpiryPolicy.DAYS,
                    expiry_days__isnull=False,
                    expiry_days__gt=0,
                    expiry_days__lte=LONGEST_DAYS,
                )
                | (~Q(expiry_policy=ExpiryPolicy.DAYS) & Q(expiry_days__isnull=True)),
                name="tier_expiry_days",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def target_at(self, moment: datetime) -> Decimal | None:
        """Return the target that stood at a moment, None where none did: nobody reached the tier then."""
        stands, former = remembered.stood_at(moment, self.target_since, self.former_targets)
        if stands:
            return self.target
        return None if former is None else Decimal(former)

    def expiry_at(self, moment: datetime) -> tuple[str, int | None]:
        """Return the policy, and its days, by which who entered at a moment was given an end."""
        stands, former = remembered.stood_at(moment, self.expiry_since, self.former_expiries)
        if stands or former is None:
            return self.expiry_policy, self.expiry_days
        policy, days = former
        return policy, days

    def expiry_changes(self) -> list[datetime]:
        """Return the moments at which the expiry was changed."""
        return remembered.changes(self.expiry_since, self.former_expiries)

    def multiplier_at(self, moment: datetime) -> Decimal:
        """Return the multiplier by which a purchase of that moment earns."""
        stands, former = remembered.stood_at(moment, self.multiplier_since, self.former_multipliers)
        return self.multiplier if stands or former is None else Decimal(former)

    def change(self, values: Mapping[str, Any], now: datetime) -> None:
        """Set new values from `now` on, and remember those that stood until then."""
        if "target" in values and self.target is not None:
            self.former_targets = remembered.with_another(self.former_targets, self.target_since, str(self.target))
            self.target_since = now
        if "multiplier" in values:
            self.former_multipliers = remembered.with_another(
                self.former_multipliers, self.multiplier_since, str(self.multiplier)
            )
            self.multiplier_since = now
        if "expiry_policy" in values or "expiry_days" in values:
            self.former_expiries = remembered.with_another(
                self.former_expiries, self.expiry_since, [self.expiry_policy, self.expiry_days]
            )
            self.expiry_since = now
        for name, value in values.items():
            setattr(self, name, value)

    def target_changes(self) -> list[datetime]:
        """Return the moments at which a target was set or changed."""
        return remembered.changes(self.target_since, self.former_targets)


class Standing(models.Model):
    """A contact in a tier, from `entered_at` until `left_at` (open while it lasts); `ends_at` is when it expires.

    Periods of a contact never overlap: an exclusion constraint of migration 0006. Staying in a tier beyond an end, or
    qualifying for it again, is a new period; then `joined_at` keeps the beginning of the first of them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="standings", db_index=False)
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="+", db_index=False)
    entered_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)
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
        indexes: ClassVar = [
            models.Index(fields=("contact", "-entered_at"), name="standing_of_contact"),
            # Serves finding the standings that have ended, however many last.
            models.Index(
                fields=("ends_at", "contact"),
                name="standing_ending",
                condition=Q(left_at__isnull=True, ends_at__isnull=False),
            ),
            # Serves audiences and lists: who has left is in none of them.
            models.Index(
                fields=("contact",),
                name="standing_of_who_left",
                condition=Q(left_at__isnull=True, reason="left"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.tier_id}"

    @property
    def in_tier_since(self) -> datetime:
        """When the contact came into this tier, without a break since."""
        return self.joined_at or self.entered_at
