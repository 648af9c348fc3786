"""Audiences: conditions that choose contacts, and segments, which are lists of them (specs/koshelek.md, call 9)."""

from typing import ClassVar

from django.db import models

from customers.models import Contact


class Segment(models.Model):
    """A named list of contacts: uploaded by a marketer, or an audience frozen at a moment."""

    name = models.CharField(max_length=80, unique=True)
    note = models.CharField(max_length=300, blank=True, db_default="")
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ("name",)

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

    def __str__(self) -> str:
        return self.name
