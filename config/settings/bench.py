"""Settings of the web server that `manage.py bench` starts on a database of its own."""

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import MIDDLEWARE, REDIS_URL

ROOT_URLCONF = "loyalty.bench.urls"
# A wake-up must not reach the worker of a live service: the rows it names are not there.
CELERY_BROKER_URL = "memory://"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "bench",
    }
}
ALLOWED_HOSTS = ["127.0.0.1"]
SECURE_SSL_REDIRECT = False
# The bare views are measured without any middleware: nothing of what the service adds is in their favour.
if env.flag("BENCH_BARE", False):
    MIDDLEWARE = []
__all__ = ["MIDDLEWARE"]
