"""The journal: every act by a person or client, append-only."""

from typing import ClassVar

from django.db import models

from loyalty.ledger.models import append_only


class JournalEntry(models.Model):
    """Who did what to which thing, when and why. `details` never holds secrets; personal data are masked."""

    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    role = models.CharField(max_length=40, blank=True, db_default="")
    channel = models.CharField(max_length=40, blank=True, db_default="")
    address = models.CharField(max_length=45, blank=True, db_default="")
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=120, blank=True, db_default="")
    contact_id = models.BigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, db_default="")
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        triggers = append_only(typed="reason")
        verbose_name_plural = "journal"
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=("contact_id", "-id"), name="journal_of_contact"),
            models.Index(fields=("target", "-id"), name="journal_of_target"),
            models.Index(fields=("actor", "-id"), name="journal_of_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"
