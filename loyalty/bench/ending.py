"""Ctrl-C, SIGTERM and the end of its time end a long run in order: what it has made is removed on the way out."""

import signal
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN_SECONDS = 0.05
_REASONS = {signal.SIGTERM: "terminated", signal.SIGALRM: "out of time", signal.SIGINT: "interrupted"}


@contextmanager
def ending_in_order(seconds: float | None = None) -> Iterator[None]:
    """Raise KeyboardInterrupt in the block on Ctrl-C, SIGTERM, and after `seconds` unless that is None."""
    asked: list[str] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        asked.append(_REASONS[signal.Signals(number)])
        if _is_lost_in(frame):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
            return
        raise KeyboardInterrupt(asked[0])

    former = {number: signal.signal(number, interrupt) for number in _REASONS}
    if seconds is not None:
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 1.0))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in former.items():
            signal.signal(number, handler)


def _is_lost_in(frame: FrameType | None) -> bool:
    """Tell whether a finalizer runs: an exception out of one is printed and forgotten, and the run would go on."""
    while frame is not None:
        if frame.f_code.co_name == "__del__" or frame.f_code is weakref.finalize.__call__.__code__:
            return True
        frame = frame.f_back
    return False
