"""Promo codes: single ones, shared ones, batches of up to a million (specs/koshelek.md, call 13)."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from customers.models import Contact
from promos.codes import GENERATED_FORM, PREFIX_FORM, READ_AS_GENERATED
from promos.models.promotions import Promotion

LARGEST_BATCH = 1_000_000


class CodeBatchStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"


class CodeBatch(models.Model):
    """An order of `count` single-use codes; `made` tells how far a worker has come. The row is the work.

    `length`: characters after the prefix, the last of them the check character.
    """

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="code_batches")
    prefix = models.CharField(max_length=8, blank=True, db_default="")
    length = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField()
    made = models.PositiveIntegerField(default=0, db_default=0)
    status = FSMField(choices=CodeBatchStatus.choices, default=CodeBatchStatus.WAITING, protected=True)
    actor = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=CodeBatchStatus.values), name="code_batch_status_known"),
            models.CheckConstraint(condition=Q(count__gte=1, count__lte=LARGEST_BATCH), name="code_batch_count"),
            models.CheckConstraint(condition=Q(made__lte=F("count")), name="code_batch_made"),
            models.CheckConstraint(condition=Q(length__gte=8, length__lte=24), name="code_batch_length"),
            models.CheckConstraint(condition=Q(prefix__regex=PREFIX_FORM), name="code_batch_prefix"),
            models.CheckConstraint(
                condition=Q(status=CodeBatchStatus.DONE, made=F("count"), finished_at__isnull=False)
                | (~Q(status=CodeBatchStatus.DONE) & Q(finished_at__isnull=True)),
                name="code_batch_done_when_made",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("id",), name="code_batch_open", condition=~Q(status=CodeBatchStatus.DONE)),
        ]

    def __str__(self) -> str:
        return f"{self.promotion_id}: {self.made}/{self.count}"

    @transition(field=status, source=[CodeBatchStatus.WAITING, CodeBatchStatus.RUNNING], target=CodeBatchStatus.RUNNING)
    def start(self) -> None:
        """Begin, or go on after a worker was killed."""

    @transition(field=status, source=CodeBatchStatus.RUNNING, target=CodeBatchStatus.DONE)
    def finish(self) -> None:
        """All codes are made."""


class PromoCode(models.Model):
    """A code in its stored form (capitals, no dashes). A single-use one is used up when `used_at` is set."""

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="codes", db_index=False)
    batch = models.ForeignKey(CodeBatch, models.PROTECT, null=True, blank=True, related_name="codes", db_index=False)
    code = models.CharField(max_length=32, unique=True)
    single_use = models.BooleanField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="used_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.code <> NEW.code OR OLD.promotion_id <> NEW.promotion_id"
                    " OR OLD.single_use <> NEW.single_use OR OLD.batch_id IS DISTINCT FROM NEW.batch_id"
                    " OR (OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at)"
                ),
                func="RAISE EXCEPTION 'a promo code stays what it is, and a single-use one is used once'"
                " USING ERRCODE = 'restrict_violation';",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9A-Z]{4,32}$"), name="promo_code_form"),
            # A shared code that could be read as a generated one would never be found by who types it.
            models.CheckConstraint(
                condition=Q(single_use=True, code__regex=GENERATED_FORM)
                | (Q(single_use=False, batch__isnull=True) & ~Q(code__regex=READ_AS_GENERATED)),
                name="promo_code_of_one_kind",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, used_by__isnull=True)
                | Q(single_use=True, used_at__isnull=False, used_by__isnull=False),
                name="promo_code_used_by_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("promotion", "id"), name="promo_code_of_promotion"),
            models.Index(fields=("batch", "id"), name="promo_code_of_batch", condition=Q(batch__isnull=False)),
            # A promotion's page finds its few shared codes among a million single-use ones.
            models.Index(fields=("promotion", "id"), name="promo_code_shared", condition=Q(single_use=False)),
        ]

    def __str__(self) -> str:
        return self.code


class CodeUse(models.Model):
    """What a code gave to a customer, once: the operation stands in the books under the use's own key."""

    code = models.ForeignKey(PromoCode, models.PROTECT, related_name="uses", db_index=False)
    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="+", db_index=False)
    points = models.DecimalField(max_digits=14, decimal_places=2)
    operation_id = models.BigIntegerField()
    actor = models.CharField(max_length=80)
    used_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(points__gt=0), name="code_use_gives_points"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("contact", "-id"), name="code_use_of_contact"),
            models.Index(fields=("promotion", "-id"), name="code_use_of_promotion"),
            models.Index(fields=("code", "-id"), name="code_use_of_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code_id} by {self.contact_id}"
