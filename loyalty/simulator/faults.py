"""What goes wrong: tills that send twice and go offline, jobs that come late, run twice, or die in the middle.

Faults have their own source of chance, so that with and without them the same shoppers do the same things: whatever
goes wrong, the books have to end the same.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

Answer = TypeVar("Answer")
_RETRIES, _OFFLINE, _LONGEST_OFFLINE = 0.08, 0.05, 6
_SKIPPED, _TWICE, _DIES, _LONG_ABSENCE, _LONGEST_ABSENCE = 0.15, 0.1, 0.15, 0.004, 40


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


@dataclass(slots=True)
class Faults:
    """Decides what goes wrong; with `on` False nothing does."""

    seed: int
    on: bool
    counts: Counts = field(default_factory=Counts)
    _chance: random.Random = field(init=False)
    _absent_until: int = field(init=False, default=-1)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed}:faults")  # noqa: S311 - a story, not a secret

    def send(self, call: Callable[[], Answer]) -> Answer:
        """Return the answer to a till's call, which it may send again; the second answer has to be the first."""
        answer = call()
        if self._happens(_RETRIES):
            self.counts.retried += 1
            again = call()
            if again != answer:
                raise AnswerChanged(f"{answer} and then {again}")
        return answer

    def days_offline(self) -> int:
        """Return after how many days a till sends a receipt: 0 is at once."""
        if not self._happens(_OFFLINE):
            return 0
        self.counts.offline += 1
        return self._chance.randint(1, _LONGEST_OFFLINE)

    def run_job(self, day: int, job: Callable[[Callable[[int, int], None]], object]) -> None:
        """Run a nightly job with a progress call - or not at all, twice, or until it dies in the middle."""
        if self._is_absent(day):
            self.counts.skipped += 1
            return
        if self._happens(_DIES):
            self._die(job)
            return
        job(_silent)
        if self._happens(_TWICE):
            self.counts.twice += 1
            job(_silent)

    def _is_absent(self, day: int) -> bool:
        if self._happens(_LONG_ABSENCE):
            self._absent_until = day + self._chance.randint(5, _LONGEST_ABSENCE)
        return day <= self._absent_until or self._happens(_SKIPPED)

    def _die(self, job: Callable[[Callable[[int, int], None]], object]) -> None:
        left = self._chance.randint(1, 3)

        def progress(_done: int, _total: int) -> None:
            nonlocal left
            left -= 1
            if not left:
                raise Died

        try:
            job(progress)
        except Died:
            self.counts.died += 1

    def _happens(self, probability: float) -> bool:
        return self.on and self._chance.random() < probability


def _silent(_done: int, _total: int) -> None:
    return None
