"""What is asked of a simulation, and the share of its members that one process plays."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """How many members, how many days, the seed of all chance, whether things go wrong."""

    members: int
    days: int
    seed: int
    faults: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """One of several equal shares of the members, counted from 0."""

    number: int = 0
    of: int = 1

    def serials(self, members: int) -> range:
        """Return the numbers of the members in this share."""
        return range(self.number, members, self.of)
