"""A run that is asked to end does end, wherever the signal meets it."""

import os
import signal
import time
import weakref
from collections.abc import Callable

import pytest

from loyalty.bench.ending import ending_in_order

LONGEST = 10


def wait(act: Callable[[], object] = lambda: None) -> None:
    """Act, and then go on until somebody ends us."""
    act()
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        time.sleep(0.01)


class Thing:
    pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_block_and_the_former_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ending_in_order():
        wait(lambda: os.kill(os.getpid(), number))
    assert signal.getsignal(number) is before


def test_the_end_of_the_time_ends_the_block() -> None:
    with pytest.raises(KeyboardInterrupt, match="out of time"), ending_in_order(1):
        wait()


def test_a_signal_inside_a_finalizer_is_not_lost() -> None:
    things = [Thing()]
    weakref.finalize(things[0], os.kill, os.getpid(), signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt, match="terminated"), ending_in_order():
        wait(things.clear)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
