"""Calls that wait to be written: a bounded queue in memory, emptied by one daemon thread of each web process.

Handing over costs an append under a lock that is held for nothing else. When the queue is full entries are
dropped, counted and warned about; when the bodies take too much memory they are dropped before the entries.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from multiprocessing import util as processes
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from loyalty.core.errors import Busy

if TYPE_CHECKING:
    from loyalty.api.interaction_log import Call

log = structlog.get_logger(__name__)

MOST_CALLS = 2_000
MOST_BYTES = 16 * 1024 * 1024
MOST_STRANGERS = 300
"""Calls a minute without a right credential that are kept: nobody fills the log from outside."""

BATCH = 20
PAUSE_SECONDS = 0.5
_EXIT_SECONDS = 2.5


class Backlog:
    """The queue and its thread, which starts with the first entry: a process that was forked needs its own."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._calls: deque[Call] = deque()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._bytes = 0
        self._minute, self._strangers = 0, 0
        self.dropped = 0

    def put(self, call: Call) -> None:
        """Take a call, unless there is no room for it."""
        with self._lock:
            if len(self._calls) >= MOST_CALLS or (call.stranger and not self._room_for_stranger()):
                self.dropped += 1
                return
            if self._bytes + call.size > MOST_BYTES:
                call.drop_bodies()
            self._bytes += call.size
            self._calls.append(call)
            if self._thread is None and settings.INTERACTION_LOG_THREAD:
                self._start()

    def flush(self) -> int:
        """Write what waits, in this thread; return how many calls were written. For tests and for the end."""
        written = 0
        while calls := self._take():
            if not self._write(calls):
                break
            written += len(calls)
        return written

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            self._calls.clear()
            self._bytes = self.dropped = self._strangers = 0

    def close(self) -> None:
        """Let the thread write what is left and end."""
        thread = self._thread
        if thread is not None and thread.is_alive():
            self._stop.set()
            thread.join(_EXIT_SECONDS)

    def _room_for_stranger(self) -> bool:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._strangers = minute, 0
        self._strangers += 1
        return self._strangers <= MOST_STRANGERS

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="interaction-log", daemon=True)
        self._thread.start()
        # A worker of the web server ends as a child of multiprocessing, which knows nothing of atexit.
        atexit.register(self.close)
        processes.Finalize(None, self.close, exitpriority=100)

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self._work()
        self._work()

    def _work(self) -> None:
        try:
            self._warn()
            if self._calls:
                self.flush()
        except Exception as error:
            log.warning("interactions_not_written", error=type(error).__name__)
        finally:
            # Back to the pool: the calls need it more.
            connection.close()

    def _take(self) -> list[Call]:
        with self._lock:
            calls = [self._calls.popleft() for _ in range(min(BATCH, len(self._calls)))]
            self._bytes -= sum(call.size for call in calls)
        return calls

    def _write(self, calls: list[Call]) -> bool:
        from loyalty.api import interaction_rows
        from loyalty.services import interactions

        try:
            interactions.store(interaction_rows.rows(calls, gently=self._thread is threading.current_thread()))
        except (OperationalError, InterfaceError, Busy) as error:
            # The database is away: the calls go back to the front and wait for the next round.
            log.warning("interactions_wait", error=type(error).__name__, calls=len(calls))
            with self._lock:
                self._calls.extendleft(reversed(calls))
                self._bytes += sum(call.size for call in calls)
            return False
        except Exception as error:
            log.warning("interactions_lost", error=type(error).__name__, calls=len(calls))
        return True

    def _warn(self) -> None:
        with self._lock:
            dropped, self.dropped = self.dropped, 0
        if dropped:
            log.warning("interactions_dropped", calls=dropped)


backlog = Backlog()
put = backlog.put
flush = backlog.flush
os.register_at_fork(after_in_child=backlog._reset)
