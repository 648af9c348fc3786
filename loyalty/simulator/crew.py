"""Towns in processes of their own: a day is over when it is over in all of them.

A process is of one core, and waits for the database much of its time; a share of the members each keeps a machine busy.
Shoppers touch nothing of each other's, so that the shares may go through a day side by side and nobody sees it.
"""

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any

from loyalty.simulator.order import Order, Share

if TYPE_CHECKING:
    from loyalty.simulator.town import Happened

Lived = Callable[[int], None]
_KILLED = "a process of the simulation was killed"
_OFTEN = 20
"""After how many events a process tells how far it is."""


class ShareFailed(Exception):
    """A process that plays a share of the members ended; the text is what it said."""


class Crew:
    """The processes, as one town."""

    def __init__(self, pipes: list[Any]) -> None:
        self._pipes = pipes
        self.expected = sum(self._ask_all("expected", lambda _events: None))

    def live_through(self, day: int, lived: Lived) -> None:
        """Let all shares live through a day; `lived` hears of events as they are over."""
        self._ask_all(day, lived)

    def end(self) -> "list[Happened]":
        """Let all shares end, and return what happened in each."""
        return self._ask_all("end", lambda _events: None)

    def _ask_all(self, what: str | int, lived: Lived) -> list[Any]:
        for pipe in self._pipes:
            try:
                pipe.send(what)
            except ConnectionError as error:
                raise ShareFailed(_KILLED) from error
        answers: dict[int, Any] = {}
        while len(answers) < len(self._pipes):
            waiting = {pipe: number for number, pipe in enumerate(self._pipes) if number not in answers}
            for pipe in wait(waiting):
                kind, value = _received(pipe)
                if kind == "lived":
                    lived(value)
                else:
                    answers[waiting[pipe]] = value
        return [answers[number] for number in range(len(self._pipes))]


@contextmanager
def at_work(order: Order, processes: int, database: str) -> Iterator[Crew]:
    """Start so many processes that work in a database of Django's present server, and end them whatever happens."""
    context = multiprocessing.get_context("spawn")
    pipes: list[Any] = []
    started: list[SpawnProcess] = []
    # Inherited: Ctrl-C reaches the whole group, and the one who waits for the others decides how they end.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for number in range(processes):
            ours, theirs = context.Pipe()
            share = Share(number, processes)
            process = context.Process(target=_play, args=(theirs, order, share, database), daemon=True)
            process.start()
            theirs.close()
            pipes.append(ours)
            started.append(process)
        signal.signal(signal.SIGINT, before)
        yield Crew(pipes)
    finally:
        signal.signal(signal.SIGINT, before)
        for pipe in pipes:
            pipe.close()
        for process in started:
            process.terminate()
            process.join()


def _received(pipe: Any) -> Any:
    try:
        kind, value = pipe.recv()
    except (EOFError, ConnectionError) as error:
        raise ShareFailed(_KILLED) from error
    if kind == "failed":
        raise ShareFailed(value)
    return kind, value


def _play(pipe: "Connection[Any, Any]", order: Order, share: Share, database: str) -> None:
    """Play a share, as the other end of the pipe says, until that end is closed."""
    import django
    from django.db import connection

    django.setup()
    connection.settings_dict["NAME"] = database
    # Models are there only now.
    from loyalty.simulator.town import Town

    try:
        _answer(pipe, Town(order, share))
    except (EOFError, ConnectionError):
        return
    except Exception:
        pipe.send(("failed", traceback.format_exc()))


def _answer(pipe: "Connection[Any, Any]", town: Any) -> None:
    events = 0

    def lived() -> None:
        nonlocal events
        events += 1
        if events == _OFTEN:
            pipe.send(("lived", events))
            events = 0

    while True:
        what = pipe.recv()
        if what == "expected":
            pipe.send(("done", town.expected))
        elif what == "end":
            pipe.send(("done", town.end()))
        else:
            town.live_through(what, lived)
            pipe.send(("done", None))
