"""What a law of the books is made of; `invariants` lists and checks them all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Law:
    """A law: what it says, the statement that counts what it governs, and the one that finds what breaks it (`id`)."""

    number: int
    name: str
    counted: str
    broken: str
