"""Tier systems, tiers and the standings of contacts (specs/points_and_tiers.md, Tiers)."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from customers.models import Contact

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
    """The ladder as a whole. `assessment`: how a standing is judged at its end; `ladder_changed_at`: a tier was added
    or a target lowered then, and not everyone has been assessed anew yet."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    assessment = models.CharField(
        max_length=16,
        choices=AssessmentPolicy.choices,
        default=AssessmentPolicy.BALANCE_BASED,
        db_default=AssessmentPolicy.BALANCE_BASED,
    )
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


class Tier(models.Model):
    """A level. `target`: qualifying points of the running year that reach it; `multiplier`: of the base rate.

    `target_since`: since when the target stands, None if it always did; `former_targets`: those before it, as pairs of
    since when and target, the oldest first. A late job judges by the target of the day (years-of-qualification.md).
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
        if self.target_since is None or self.target_since <= moment:
            return self.target
        for since, target in reversed(self.former_targets):
            if since is None or datetime.fromisoformat(since) <= moment:
                return Decimal(target)
        return None

    def retarget(self, target: Decimal, now: datetime) -> None:
        """Let another target count from `now` on, and remember the one that stood until then."""
        since = self.target_since.isoformat() if self.target_since else None
        self.former_targets = [*self.former_targets, [since, str(self.target)]]
        self.target, self.target_since = target, now

    def target_changes(self) -> list[datetime]:
        """Return the moments at which a target was set or changed."""
        former = [datetime.fromisoformat(since) for since, _ in self.former_targets if since is not None]
        return [*former, self.target_since] if self.target_since else former


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
