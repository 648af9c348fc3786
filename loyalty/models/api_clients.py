"""Credentials of the systems that call us. The secret is shown once; a digest of it is kept."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from loyalty.core.roles import Role


class Surface(models.TextChoices):
    KOSHELEK = "koshelek", "Koshelek wallet"
    CASH_DESK = "cash_desk", "Cash desk"
    BONUS_COMMANDS = "bonus_commands", "Bonus commands"
    LOYALTY_DATA = "loyalty_data", "Loyalty data"


CashDeskRole = Role
"""Roles of a cash-desk credential (specs/cash_desk.md, Settled points)."""

LOGIN_PATTERN = r"^[A-Za-z0-9-]{1,40}$"


class ApiClient(models.Model):
    """One credential for one surface. `secret_prefix` helps people recognise it; `secret_digest` checks it."""

    surface = models.CharField(max_length=16, choices=Surface.choices)
    login = models.CharField(
        max_length=40, validators=[RegexValidator(LOGIN_PATTERN, "Letters, digits and dashes, up to 40.")]
    )
    role = models.CharField(max_length=20, choices=CashDeskRole.choices, blank=True, db_default="")
    secret_prefix = models.CharField(max_length=8, editable=False)
    secret_digest = models.CharField(max_length=64, editable=False)
    active = models.BooleanField(default=True)
    log_in_full = models.BooleanField(default=False, db_default=False)
    log_full_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = "API client"
        ordering = ("surface", "login")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("surface", "login"), name="api_client_login_once"),
            models.CheckConstraint(condition=Q(login__regex=LOGIN_PATTERN), name="api_client_login_form"),
            models.CheckConstraint(
                condition=(Q(surface=Surface.CASH_DESK) & ~Q(role="")) | (~Q(surface=Surface.CASH_DESK) & Q(role="")),
                name="api_client_role_for_cash_desk",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.surface}/{self.login}"
