from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The platform itself: no models, but system checks and the queue, which every process must know."""

    name = "config"
    label = "platform"

    def ready(self) -> None:
        """Register the system checks, and make our Celery the one that wake-up calls are sent through."""
        from config import celery, checks  # noqa: F401 - registering is what importing does
