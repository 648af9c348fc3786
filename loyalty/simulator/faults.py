"""What goes wrong: tills that send twice and go offline, jobs that come late, run twice, or die in the middle.

Faults have chances of their own, one for each shopper and one for the jobs, so that with and without them, and however
the shoppers are shared out, the same shoppers do the same things: whatever goes wrong, the books have to end the same.
"""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from django.db import connection

Answer = TypeVar("Answer")
_RETRIES, _OFFLINE, _LONGEST_OFFLINE = 0.08, 0.05, 6
_SKIPPED, _TWICE, _DIES, _LONG_ABSENCE, _LONGEST_ABSENCE = 0.15, 0.1, 0.15, 0.004, 40
_LAST_STATEMENT = 14
"""A job dies before one of its first statements: most of them stand inside a transaction, which dies with it."""


class Died(Exception):
    """A job's process ended in the middle of its work."""


class AnswerChanged(Exception):
    """A till that repeated a call heard something else than the first time."""


@dataclass(slots=True)
class Counts:
    """How often things went wrong."""

    retried: int = 0
    offline: int = 0
    skipped: int = 0
    twice: int = 0
    died: int = 0

    def add(self, other: "Counts") -> None:
        """Count what went wrong elsewhere, too."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


class Faults:
    """Decides what goes wrong with one shopper's calls or with the jobs; with `on` False nothing does."""

    def __init__(self, source: str, counts: Counts, *, on: bool) -> None:
        self._counts = counts
        self._chance = random.Random(f"{source}:faults") if on else None  # noqa: S311 - a story, not a secret
        self._absent_until = -1

    def send(self, call: Callable[[], Answer]) -> Answer:
        """Return the answer to a till's call, which it may send again; the second answer has to be the first."""
        answer = call()
        if self._happens(_RETRIES):
            self._counts.retried += 1
            again = call()
            if again != answer:
                raise AnswerChanged(f"{answer} and then {again}")
        return answer

    def days_offline(self) -> int:
        """Return after how many days a till sends a receipt: 0 is at once."""
        if self._chance is None or not self._happens(_OFFLINE):
            return 0
        self._counts.offline += 1
        return self._chance.randint(1, _LONGEST_OFFLINE)

    def run_job(self, day: int, job: Callable[[], object]) -> None:
        """Run a nightly job - or not at all, twice, or until it dies in the middle."""
        if self._is_absent(day):
            self._counts.skipped += 1
            return
        if self._chance is not None and self._happens(_DIES):
            self._die(job, self._chance.randint(1, _LAST_STATEMENT))
            return
        job()
        if self._happens(_TWICE):
            self._counts.twice += 1
            job()

    def _is_absent(self, day: int) -> bool:
        if self._chance is not None and self._happens(_LONG_ABSENCE):
            self._absent_until = day + self._chance.randint(5, _LONGEST_ABSENCE)
        return day <= self._absent_until or self._happens(_SKIPPED)

    def _die(self, job: Callable[[], object], before: int) -> None:
        """Let a job die before a statement; one that needs fewer is done."""
        left = before

        def statement(execute: Callable[..., Any], *arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if not left:
                raise Died
            return execute(*arguments)

        with ExitStack() as stack:
            stack.enter_context(connection.execute_wrapper(statement))
            try:
                job()
            except Died:
                self._counts.died += 1

    def _happens(self, probability: float) -> bool:
        return self._chance is not None and self._chance.random() < probability
