from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The platform itself: no models, but system checks that must be known to every command."""

    name = "config"
    label = "platform"

    def ready(self) -> None:
        """Register the system checks."""
        from config import checks  # noqa: F401 - registering is what importing does
