"""Two ways of doing the same work, measured in turns: what disturbs the machine disturbs both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

ROUND_SECONDS = 0.5
_WARM_UP = 20

Work = Callable[[], None]


@dataclass(slots=True)
class Comparison:
    """Rates a second of ours and of the bare work, a pair a round; `aim` is the ratio we want, None if none."""

    name: str
    aim: float | None = None
    unit: str = "/s"
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """The median over the rounds of ours divided by bare; None for work that has no bare twin."""
        if not self.bare:
            return None
        return statistics.median(ours / bare for ours, bare in zip(self.ours, self.bare, strict=True))

    def add(self, ours: float, bare: float) -> None:
        """Keep the rates of one round."""
        self.ours.append(ours)
        self.bare.append(bare)


def alternate(comparison: Comparison, ours: Work, bare: Work, seconds: float) -> Comparison:
    """Run both for `seconds` each in rounds, changing who goes first; statements are prepared before."""
    for _ in range(_WARM_UP):
        ours()
        bare()
    rounds = max(2, round(seconds / ROUND_SECONDS))
    length = seconds / rounds
    for number in range(rounds):
        if number % 2:
            bare_rate, ours_rate = _rate(bare, length), _rate(ours, length)
        else:
            ours_rate, bare_rate = _rate(ours, length), _rate(bare, length)
        comparison.add(ours_rate, bare_rate)
    return comparison


def _rate(work: Work, seconds: float) -> float:
    done = 0
    started = time.perf_counter()
    ends = started + seconds
    while (now := time.perf_counter()) < ends:
        work()
        done += 1
    return done / (now - started)
