"""How long one wait for the database goes on before somebody asks whether the server lives at all.

A server that was stopped, or whose machine hangs, keeps its sockets open: no timeout of the network or of the server
ends a wait for it. A statement may rightly take minutes, so not its length decides: while it goes on, a second
connection is tried now and then, and only where that gets no answer either, the wait is ended.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.abc import PQGen

PATIENCE_SECONDS = 2.0
"""After how long a wait asks for the first time; then it asks after twice as long, and so on."""
LONGEST_PATIENCE_SECONDS = 60.0
"""At most so long between two times: a report of minutes opens few connections."""
PROBE_SECONDS = 4
"""How long the second connection is waited for: a machine that stumbles for a moment is not silent."""
REFUSING_SECONDS = 3.0
"""How long new connections are refused at once when the server was found silent, so that calls do not queue up."""


class ServerSilent(psycopg.OperationalError):
    """The server accepts connections and answers nothing."""


class Watch:
    """What this process knows about the server; `probe` tries a connection and raises when it gets none."""

    def __init__(self, probe: Callable[[], Any]) -> None:
        self._probe = probe
        self._silent_until = 0.0

    def require_answering(self) -> None:
        """Raise ServerSilent while the server was found silent a moment ago."""
        if time.monotonic() < self._silent_until:
            raise ServerSilent("the database does not answer")

    def ask(self) -> None:
        """Raise ServerSilent when a new connection gets no answer. One that is refused was answered."""
        self.require_answering()
        try:
            self._probe()
        except psycopg.errors.ConnectionTimeout as error:
            self._silent_until = time.monotonic() + REFUSING_SECONDS
            raise ServerSilent("the database does not answer") from error
        except psycopg.Error:
            return


_own = threading.local()


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Ask after so many seconds inside the block, in this thread: for who must answer soon."""
    before, _own.seconds = getattr(_own, "seconds", PATIENCE_SECONDS), seconds
    try:
        yield
    finally:
        _own.seconds = before


def connection_class(watch: Watch) -> type[psycopg.Connection[Any]]:
    """Return a class of connections whose waits end when `watch` finds the server silent."""

    class Patient(psycopg.Connection[Any]):
        def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
            if timeout is not None:
                return super().wait(gen, interval, timeout)
            pause = getattr(_own, "seconds", PATIENCE_SECONDS)
            while True:
                try:
                    return super().wait(gen, interval, pause)
                except psycopg.errors._WaitTimeout:
                    self._ask()
                    pause = min(2 * pause, LONGEST_PATIENCE_SECONDS)

        def _ask(self) -> None:
            try:
                watch.ask()
            except ServerSilent:
                # Nobody knows what became of the statement: this connection ends here.
                self.pgconn.finish()
                raise

    return Patient
