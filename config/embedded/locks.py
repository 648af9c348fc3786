"""Locks between processes: files under DATA_DIR, locked with flock, which vanish with their holder."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from config.embedded.faults import CannotStart

_STEP_SECONDS = 0.02


class FileLock:
    """One lock file. It is kept open while the lock is held and is never removed: removing it would race."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def try_exclusive(self) -> bool:
        """Take the lock alone, or return False at once; a shared lock that was held is lost then."""
        return self._try(fcntl.LOCK_EX)

    def share(self, seconds: float) -> None:
        """Hold the lock together with others; `CannotStart` when somebody keeps it alone for `seconds`."""
        self._wait(fcntl.LOCK_SH, seconds)

    def exclude(self, seconds: float) -> None:
        """Hold the lock alone; `CannotStart` when others keep it for `seconds`."""
        self._wait(fcntl.LOCK_EX, seconds)

    def release(self) -> None:
        """Let go of the lock and of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def write(self, text: str) -> None:
        """Leave a note for those who find the lock taken."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def _wait(self, kind: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._try(kind):
            if time.monotonic() > deadline:
                raise CannotStart(f"{self.path} was held by another command for {seconds:.0f} seconds")
            time.sleep(_STEP_SECONDS)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def alone(path: Path, seconds: float = 60) -> Iterator[None]:
    """Run the body while no other process runs its own under the same `path`."""
    lock = FileLock(path)
    try:
        lock.exclude(seconds)
        yield
    finally:
        lock.release()
