"""Stores: where purchases happen."""

from django.db import models


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
