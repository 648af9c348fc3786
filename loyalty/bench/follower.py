"""`python -m loyalty.bench.follower PARENT COMMAND...`: become a command that ends when its parent does."""

import ctypes
import os
import signal
import sys

_PARENT_DEATH_SIGNAL = 1


def follow(parent: int, command: list[str]) -> None:
    """Ask Linux for SIGTERM when the parent is killed, then become `command`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:
        # It died before we asked.
        raise SystemExit(1)
    os.execvp(command[0], command)  # noqa: S606 - a list, no shell


if __name__ == "__main__":
    follow(int(sys.argv[1]), sys.argv[2:])
