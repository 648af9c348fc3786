"""Merges of two contacts, with what is needed to undo them (docs/decisions/merging.md)."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from customers.models import Contact
from loyalty.ledger.guards import never_removed


class Merge(models.Model):
    """One contact became another. `move_id` is the movement of points in the books; `undone_move_id` the way back.

    `former` keeps what was where - cards, purchases, standings, grants - and what happened to the tiers. `personal`
    keeps what the survivor took of the other's personal data; it is emptied when the merge is undone or the data are
    erased.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    survivor = models.ForeignKey(Contact, models.PROTECT, related_name="+", db_index=False)
    absorbed = models.ForeignKey(Contact, models.PROTECT, related_name="+", db_index=False)
    actor = models.CharField(max_length=80)
    reason = models.CharField(max_length=300)
    merged_at = models.DateTimeField()
    move_id = models.BigIntegerField(unique=True)
    former = models.JSONField(default=dict)
    personal = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=80, blank=True, db_default="")
    undone_reason = models.CharField(max_length=300, blank=True, db_default="")
    undone_move_id = models.BigIntegerField(null=True, blank=True, unique=True)

    class Meta:
        triggers = never_removed("a merge is undone, not deleted")
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(survivor=F("absorbed")), name="merge_of_two_contacts"),
            models.UniqueConstraint(
                fields=("absorbed",), condition=Q(undone_at__isnull=True), name="merged_into_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by="", undone_reason="", undone_move_id__isnull=True)
                | (Q(undone_at__isnull=False, undone_move_id__isnull=False, personal={}) & ~Q(undone_by="")),
                name="merge_undone_in_full",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("survivor", "-id"), name="merge_of_survivor"),
            models.Index(fields=("absorbed", "-id"), name="merge_of_absorbed"),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.survivor_id}"
