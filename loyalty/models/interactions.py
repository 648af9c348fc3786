"""The interaction log: what systems asked of us and what we answered (specs/cash_desk.md, Logging)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from loyalty.models.api_clients import Surface


class Interaction(models.Model):
    """One call of an API, or one refused item of a batch. Personal data and secrets are masked before it is made.

    `request_body` and `response_body` are kept only where full logging is switched on for the client. Rows are
    diagnostics, not books: they are deleted after the days the retailer chose.
    """

    recorded_at = models.DateTimeField()
    surface = models.CharField(max_length=16, choices=Surface.choices, blank=True, db_default="")
    login = models.CharField(max_length=40, blank=True, db_default="")
    role = models.CharField(max_length=20, blank=True, db_default="")
    address = models.CharField(max_length=45, blank=True, db_default="")
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    status = models.PositiveSmallIntegerField("HTTP status")
    failed = models.BooleanField()
    key = models.CharField(max_length=60, blank=True, db_default="")
    text = models.CharField(max_length=300, blank=True, db_default="")
    duration_ms = models.DecimalField(max_digits=10, decimal_places=1)
    card_number = models.CharField(max_length=40, blank=True, db_default="")
    till = models.CharField(max_length=40, blank=True, db_default="")
    purchase_id = models.CharField(max_length=80, blank=True, db_default="")
    correlation_id = models.CharField(max_length=64)
    request_body = models.TextField(blank=True, db_default="")
    response_body = models.TextField(blank=True, db_default="")

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=("recorded_at",), name="interaction_by_time"),
            models.Index(fields=("login", "-id"), name="interaction_of_client"),
            models.Index(fields=("key", "-id"), condition=Q(failed=True), name="interaction_of_key"),
            models.Index(fields=("card_number", "-id"), condition=~Q(card_number=""), name="interaction_of_card"),
            models.Index(fields=("till", "-id"), condition=~Q(till=""), name="interaction_of_till"),
            models.Index(fields=("purchase_id", "-id"), condition=~Q(purchase_id=""), name="interaction_of_purchase"),
            models.Index(fields=("correlation_id",), name="interaction_by_correlation"),
            # An erasure reads all calls of partners who name no card: few among those of tills.
            models.Index(fields=("id",), condition=Q(surface=Surface.LOYALTY_DATA), name="interaction_of_loyalty_data"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key or self.status}"
