"""Any history of the shop: every law holds, and a clerk with a pencil agrees.

The suite plays the same histories every time. For new ones, and many more of them, by hand:

    HYPOTHESIS_PROFILE=search BOOKS_HISTORIES=1000 pytest tests/properties/test_books.py

The profile `thorough` makes a failure small before it tells it, which takes its time.
"""

import os

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import Books

HISTORIES = os.environ.get("BOOKS_HISTORIES")


@pytest.mark.django_db
def test_any_history_agrees_with_the_pencil_and_breaks_no_law() -> None:
    profile = settings()
    tries = int(HISTORIES) if HISTORIES else profile.max_examples // 3
    run_state_machine_as_test(Books, settings=settings(profile, max_examples=tries))
