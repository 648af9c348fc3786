from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The kernel: balances and points, and nobody's name."""

    name = "loyalty.ledger"
    label = "ledger"
    verbose_name = "Books"
    default_auto_field = "django.db.models.BigAutoField"
