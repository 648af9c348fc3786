"""Settings for tests: the same engines, a database of the run's own, no connection pool between threads."""

import os

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASE_URL, DATABASES, REDIS_URL

DATABASES["default"]["OPTIONS"].pop("pool", None)
DATABASES["default"]["TEST"] = {"NAME": f"test_loyalty_{os.environ.get('TEST_DATABASE_SUFFIX', '0')}"}
SECRET_KEY = "only-for-tests-and-only-there-0123456789-abcdefgh"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}",
    }
}
API_CREDENTIAL_CACHE_SECONDS = 0
INTERACTION_LOG_THREAD = False
__all__ = ["DATABASE_URL"]
