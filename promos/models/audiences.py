"""Audiences: conditions that choose contacts, and segments, which are lists of them (specs/koshelek.md, call 9)."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from customers.models import Contact


class Segment(models.Model):
    """A named list of contacts: uploaded by a marketer, or an audience frozen at a moment."""

    name = models.CharField(max_length=80, unique=True)
    note = models.CharField(max_length=300, blank=True, db_default="")
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ("name",)
        triggers: ClassVar = [
            # Conditions of audiences name segments by id, where no foreign key can hold them.
            pgtrigger.Protect(name="segment_stays", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """A contact in a segment."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="members", db_index=False)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="+", db_index=False)
    added_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("contact", "segment"), name="segment_member_once"),
        ]
        indexes: ClassVar = [models.Index(fields=("segment", "contact"), name="member_of_segment")]

    def __str__(self) -> str:
        return f"{self.segment_id}: {self.contact_id}"


class Audience(models.Model):
    """Whom something is for: `conditions` as `promos.audiences` reads them; all of them must hold; none: everybody."""

    name = models.CharField(max_length=80, unique=True)
    conditions = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ("name",)
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="conditions_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("conditions"),
                condition=pgtrigger.AnyChange("conditions"),
                func="IF EXISTS (SELECT FROM promos_promotion WHERE audience_id = OLD.id AND status <> 'draft') THEN"
                " RAISE EXCEPTION 'the audience of a promotion that has been live keeps its conditions'"
                " USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentMode(models.TextChoices):
    ADD = "add", "Add to the segment"
    REMOVE = "remove", "Take out of the segment"
    REPLACE = "replace", "Replace the whole segment"


class SegmentChangeStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"


class SegmentChange(models.Model):
    """An order to change a segment: by an uploaded table, or by an audience as it stands then. The row is the work.

    `content` is the file until the work is done, then empty: its phones are kept no longer than needed. `done` of
    `lines` tells how far a worker has come. `problems` holds [line, what stood there masked, why] of the first
    lines that named nobody; `problem_count` counts all of them.
    """

    segment = models.ForeignKey(Segment, models.PROTECT, related_name="changes")
    mode = models.CharField(max_length=8, choices=SegmentMode.choices)
    audience = models.ForeignKey(Audience, models.PROTECT, null=True, blank=True, related_name="+")
    file_name = models.CharField(max_length=120, blank=True, db_default="")
    content = models.BinaryField(blank=True, default=b"")
    lines = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    problem_count = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, blank=True)
    status = FSMField(choices=SegmentChangeStatus.choices, default=SegmentChangeStatus.WAITING, protected=True)
    actor = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=SegmentChangeStatus.values), name="segment_change_status_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=SegmentMode.values), name="segment_change_mode_known"),
            models.CheckConstraint(condition=Q(done__lte=F("lines")), name="segment_change_done"),
            models.CheckConstraint(
                condition=Q(status=SegmentChangeStatus.DONE, finished_at__isnull=False, content=b"")
                | (~Q(status=SegmentChangeStatus.DONE) & Q(finished_at__isnull=True)),
                name="segment_change_ends_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("id",), name="segment_change_open", condition=~Q(status=SegmentChangeStatus.DONE)),
        ]

    def __str__(self) -> str:
        return f"{self.segment_id}: {self.mode} {self.done}/{self.lines}"

    @transition(
        field=status,
        source=[SegmentChangeStatus.WAITING, SegmentChangeStatus.RUNNING],
        target=SegmentChangeStatus.RUNNING,
    )
    def start(self) -> None:
        """Begin, or go on after a worker was killed."""

    @transition(field=status, source=SegmentChangeStatus.RUNNING, target=SegmentChangeStatus.DONE)
    def finish(self) -> None:
        """The segment is as it was ordered."""
