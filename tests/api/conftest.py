"""What the tests of every surface share."""

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections


@pytest.fixture
def connection_of_the_test() -> Iterator[None]:
    """Requests leave the connection open, as with Django's own test client: it holds the test's transaction.

    Name it last: each call of Django's test client connects the signals again.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
