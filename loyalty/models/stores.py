"""Stores: where purchases happen."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Store(models.Model):
    """A shop, known to the tills by its code."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120, blank=True, db_default="")
    region = models.CharField(max_length=80, blank=True, db_default="")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name or self.code


class FiscalDrive(models.Model):
    """A fiscal drive of a till: it tells the store of a scanned receipt (specs/koshelek.md, call 12)."""

    number = models.CharField(max_length=16, unique=True)
    store = models.ForeignKey(Store, models.PROTECT, related_name="fiscal_drives")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(number__regex=r"^[0-9]{16}$"), name="fiscal_drive_digits"),
        ]

    def __str__(self) -> str:
        return self.number
