"""The WSGI application; it refuses to start with unsafe production settings."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")
application = get_wsgi_application()

from config.checks import refuse_unsafe_start  # noqa: E402

refuse_unsafe_start()
