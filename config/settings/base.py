"""Settings. Every one that a retailer may change is an environment variable, listed once in the README."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from config import env, logs, web
from config.connections import celery_broker, database
from config.settings import unfold

BASE_DIR = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = env.choice("ENVIRONMENT", "local", ("local", "production"))
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.flag("DEBUG", False)
DEFAULT_SECRET_KEY = "not-a-secret"  # noqa: S105 - refused in production by check loyalty.E001
SECRET_KEY = env.text("SECRET_KEY", DEFAULT_SECRET_KEY)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", () if PRODUCTION else ("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var")))
CLOCK_OFFSET: timedelta = env.duration("CLOCK_OFFSET", timedelta())

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "config.apps.PlatformConfig",
    "loyalty.ledger",
    "customers",
    "cards",
    "tiers",
    "promos",
    "loyalty",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.test_clock.TestClockBanner",
    "axes.middleware.AxesMiddleware",
]
# What surrounds an API call instead: nothing for browsers (config.handlers).
API_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
API_PATHS = ("/v1/", "/api/", "/priv/", "/offers/")
API_PAGES = ("/api/docs/", "/api/schema/")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
WEB_SERVER_FLAGS = web.FLAGS
APPEND_SLASH = True
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before the applications' own: the back office words some of Unfold's templates anew.
        "DIRS": [BASE_DIR / "loyalty" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASE_URL = env.text("DATABASE_URL", "postgresql:///loyalty")
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
DATABASES = {
    "default": database(
        DATABASE_URL,
        pool_size=env.integer("DATABASE_POOL", 4, minimum=1, maximum=100),
        lock_timeout_ms=env.integer("LOCK_TIMEOUT_MS", 5000, minimum=100),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# A cache that stands still costs a call seconds, not its life: whatever counts there goes on without it.
_CACHE_PATIENCE = {"socket_timeout": 1, "socket_connect_timeout": 1, "retry": Retry(NoBackoff(), 0)}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": _CACHE_PATIENCE,
    }
}

CELERY_BROKER_URL = celery_broker(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A killed worker's tasks come back within seconds, not after the default hour.
    "visibility_timeout": 60,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    # A wake-up may be lost, the row stays: without these a stopped broker would hold a till for six seconds.
    # Workers and beat have their own patience (CELERY_BROKER_CONNECTION_...).
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "socket_connect_timeout": 2,
    "socket_timeout": 2,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# A whole office shares one address: a lock-out is per log-in and address together, never per address alone.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "loyalty.core.addresses.address_of"
AXES_FAILURE_LIMIT = env.integer("LOGIN_FAILURE_LIMIT", 10, minimum=1)
AXES_COOLOFF_TIME = timedelta(minutes=env.integer("LOGIN_LOCKOUT_MINUTES", 15, minimum=1))
AXES_RESET_ON_SUCCESS = True
# Who tries again too early does not wait longer for it.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "config.error_pages.locked_out"
CSRF_FAILURE_VIEW = "config.error_pages.form_expired"
AXES_VERBOSE = False
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
TWO_FACTOR = env.flag("TWO_FACTOR", False)
API_FAILURE_LIMIT = env.integer("API_FAILURE_LIMIT", 10, minimum=1)
API_LOCKOUT_SECONDS = env.integer("API_LOCKOUT_SECONDS", 60, minimum=1)
API_CREDENTIAL_CACHE_SECONDS = env.integer("API_CREDENTIAL_CACHE_SECONDS", 30, minimum=0)
PROMO_CODE_FAILURE_LIMIT = env.integer("PROMO_CODE_FAILURE_LIMIT", 10, minimum=1)
PROMO_CODE_LOCKOUT_SECONDS = env.integer("PROMO_CODE_LOCKOUT_SECONDS", 900, minimum=1)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["loyalty.core.permissions.Denied"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Loyalty platform",
    "DESCRIPTION": "Wallet app, cash desk and staff doors into one set of books.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "loyalty.api.openapi.add_tags",
    ],
}

ROLLOVER_LOTS_PER_RANGE = env.integer("ROLLOVER_LOTS_PER_RANGE", 200, minimum=1, maximum=20000)
YEAR_END_ROWS_PER_RANGE = env.integer("YEAR_END_ROWS_PER_RANGE", 1000, minimum=1, maximum=20000)
EXPIRY_LOTS_PER_RANGE = env.integer("EXPIRY_LOTS_PER_RANGE", 200, minimum=1, maximum=20000)
PROMO_CODES_PER_CHUNK = env.integer("PROMO_CODES_PER_CHUNK", 20_000, minimum=1, maximum=100_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer("MAX_BODY_BYTES", 2_097_152, minimum=1024)
FILE_UPLOAD_HANDLERS = [
    "config.uploads.LimitedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# A file of a million card numbers has 21 MB at most; the form itself refuses more than 32.
MAX_UPLOAD_BYTES = env.integer("MAX_UPLOAD_BYTES", 41_943_040, minimum=1024)
# 500 purchases of some eighty lines each.
BATCH_MAX_MEMORY_SIZE = env.integer("MAX_BATCH_BYTES", 8_388_608, minimum=1024)

# Off only in tests, which write the interaction log themselves.
INTERACTION_LOG_THREAD = True

LANGUAGE_CODE = env.text("LANGUAGE_CODE", "en")
LANGUAGES = [("en", "English"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_PROXY", False) else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = env.flag("SSL_REDIRECT", PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000 if PRODUCTION else 0, minimum=0)
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_AGE = 12 * 60 * 60
X_FRAME_OPTIONS = "DENY"
# Where callers from outside reach this service: addresses of pictures are made of it. Empty: as the call came.
PUBLIC_BASE_URL = env.web_address("PUBLIC_BASE_URL")

LOGGING = logs.configure(env.text("LOG_LEVEL", "INFO"), json=env.flag("LOG_JSON", PRODUCTION))
PGTRIGGER_SCHEMA_EDITOR = True
UNFOLD = unfold.UNFOLD
RELEASE = os.environ.get("RELEASE", "")
