"""The WSGI application; it refuses to start with unsafe production settings."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")
django.setup(set_prefix=False)

from config.checks import refuse_unsafe_start  # noqa: E402
from config.handlers import Doors  # noqa: E402

application = Doors()
refuse_unsafe_start()
