"""What a law of the books is (specs/points_and_tiers.md, Laws)."""

from dataclasses import dataclass

LOTS = "SELECT count(*) FROM ledger_lot"


@dataclass(frozen=True, slots=True)
class Law:
    """A law: what it says, the statement that counts what it governs, and the one that finds what breaks it (`id`)."""

    number: int
    name: str
    counted: str
    broken: str
