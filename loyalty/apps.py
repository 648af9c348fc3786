from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LoyaltyConfig(AppConfig):
    """The programme on top of the domains: purchases, settings, API clients, the journal."""

    name = "loyalty"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Loyalty programme"

    def ready(self) -> None:
        """Install the defaults after every migrate (and after a test emptied its database)."""
        post_migrate.connect(_install_defaults, sender=self)


def _install_defaults(**_kwargs: Any) -> None:
    from loyalty.services.program import install_defaults

    install_defaults()
