"""Finding and ending processes that an earlier start, perhaps a killed one, has left."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

_STEP_SECONDS = 0.02


def working_in(folder: Path, name: str) -> list[psutil.Process]:
    """Return the live processes called `name` whose working folder is `folder`.

    A pid file cannot tell that: after a crash its number may belong to anybody.
    """
    wanted = os.path.realpath(folder)
    found = []
    for process in psutil.process_iter(["name"]):
        if not (process.info["name"] or "").startswith(name):
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if is_alive(process) and process.cwd() == wanted:
                found.append(process)
    return found


def named_in(pid_file: Path, folder: Path, name: str) -> psutil.Process | None:
    """Return the process whose number `pid_file` starts with, when it is `name` working in `folder`."""
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        if is_alive(process) and process.name().startswith(name):
            return process if process.cwd() == os.path.realpath(folder) else None
    except (psutil.Error, OSError, ValueError):
        pass
    return None


def started_with(variable: str, value: str) -> list[psutil.Process]:
    """Return the live processes, other than this one, that have `variable` = `value` in their environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(variable) == value and is_alive(process):
                found.append(process)
    return found


def is_alive(process: psutil.Process) -> bool:
    """Return whether the process runs; one that only waits to be buried by its parent does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_gone(found: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until all have ended, and return those that still live after `seconds`."""
    deadline = time.monotonic() + seconds
    left = [process for process in found if is_alive(process)]
    while left and time.monotonic() < deadline:
        time.sleep(_STEP_SECONDS)
        left = [process for process in left if is_alive(process)]
    return left


def end(found: Iterable[psutil.Process], *steps: tuple[signal.Signals, float]) -> None:
    """Send each signal in turn to those still alive, waiting its seconds; SIGKILL comes last."""
    left = [process for process in found if is_alive(process)]
    for number, seconds in (*steps, (signal.SIGKILL, 3.0)):
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)
        left = wait_gone(left, seconds)
